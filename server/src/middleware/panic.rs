//! A panic in a handler is one request's misfortune, not the process's.

use std::any::Any;

use axum::response::{IntoResponse, Response};

use crate::Problem;

/// Logs what the handler said when it panicked, and answers 500 without it.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the panic over"
)]
pub fn answer(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("(no message)");
    tracing::error!(panic = message, "a handler panicked");
    Problem::internal().into_response()
}
