//! No body is longer than `BODY_LIMIT`, but for lists that are imported.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    body::{Body, HttpBody},
    extract::{MatchedPath, Request},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::ErrorCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::Problem;

/// Where lists are imported: they have a limit of their own, and are never in memory whole.
const IMPORTS: &str = "/api/emails/{id}/recipients";

/// Answers 413 to a body that says it is longer, and to one that turns out to be, whatever its
/// reader makes of that.
pub async fn apply(limit: usize, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    if request.method() == Method::POST && path.is_some_and(|path| path.as_str() == IMPORTS) {
        return next.run(request).await;
    }
    let announced = request.body().size_hint().lower();
    if !usize::try_from(announced).is_ok_and(|announced| announced <= limit) {
        return too_large(limit);
    }
    let exceeded = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&exceeded);
    let request = request.map(|body| {
        Body::new(Limited::new(body, limit).map_err(move |error| {
            noted.fetch_or(error.is::<LengthLimitError>(), Ordering::Relaxed);
            error
        }))
    });
    let response = next.run(request).await;
    if exceeded.load(Ordering::Relaxed) {
        return too_large(limit);
    }
    response
}

fn too_large(limit: usize) -> Response {
    Problem::new(
        ErrorCode::PayloadTooLarge,
        format!("the body is larger than BODY_LIMIT, {limit} octets"),
    )
    .into_response()
}
