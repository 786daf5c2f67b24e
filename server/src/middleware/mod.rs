//! What happens around every handler, outermost first: one line in the log, security headers,
//! panics caught, strangers kept out, bodies limited, answers compressed.

pub mod body_limit;
pub mod local_guard;
pub mod panic;
pub mod request_log;
pub mod security_headers;

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

/// Puts them all around `routes`. Bodies may have `body_limit` octets.
pub fn around<S>(routes: Router<S>, body_limit: usize) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes
        // Leaves out event streams, images, and what is too small to gain.
        .layer(CompressionLayer::new())
        .layer(from_fn(move |request, next| {
            body_limit::apply(body_limit, request, next)
        }))
        // The limit above is the only one.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(local_guard::keep_strangers_out))
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(from_fn(security_headers::add))
        .layer(from_fn(request_log::write))
}
