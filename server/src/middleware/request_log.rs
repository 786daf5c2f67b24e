//! One line in the log for every request.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

/// Tells a client which line of the log is its own.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Writes the line when the answer's head is ready: `error` for a fault of ours, `warn` for one
/// refused at the door, `debug` for what is asked for all the time, `info` for the rest. Whatever
/// is logged on the way carries the same `request.id`.
pub async fn write(request: Request, next: Next) -> Response {
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(none)", MatchedPath::as_str)
        .to_owned();
    let begun = Instant::now();

    let span = tracing::info_span!("request", request.id = id);
    let mut response = next.run(request).instrument(span).await;

    let status = response.status();
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                http.method = %method,
                http.route = route,
                http.status = status.as_u16(),
                duration_ms,
                request.id = id,
                "request"
            )
        };
    }
    if status.is_server_error() {
        line!(error);
    } else if status == StatusCode::FORBIDDEN {
        line!(warn);
    } else if is_routine(&route) {
        line!(debug);
    } else {
        line!(info);
    }
    response
        .headers_mut()
        .insert(REQUEST_ID, HeaderValue::from(id));
    response
}

fn is_routine(route: &str) -> bool {
    route == "/healthz" || route == "/readyz" || route.starts_with("/pkg")
}
