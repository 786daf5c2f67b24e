//! No body is longer than `BODY_LIMIT`.

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::ErrorCode;
use http_body_util::Limited;

use crate::Problem;

/// Refuses a body that says it is longer, and breaks off one that turns out to be.
pub async fn apply(limit: usize, request: Request, next: Next) -> Response {
    let announced = request.body().size_hint().lower();
    if usize::try_from(announced).is_ok_and(|announced| announced <= limit) {
        let request = request.map(|body| Body::new(Limited::new(body, limit)));
        return next.run(request).await;
    }
    Problem::new(
        ErrorCode::PayloadTooLarge,
        format!("the body has {announced} octets, and BODY_LIMIT allows {limit}"),
    )
    .into_response()
}
