//! What the server hands to a server function, and how its answer becomes HTTP.

use axum::http::{StatusCode, header::ACCEPT, request::Parts};
use domain::{ApiError, ErrorCode};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use service::{Actor, Services};

use super::error::CallError;

/// The service. The server provides it with every request.
pub(super) fn services() -> Result<Services, CallError> {
    use_context().ok_or_else(|| {
        CallError::from(ApiError::new(
            ErrorCode::Unavailable,
            "the service has not started",
        ))
    })
}

/// Who asks. Without accounts that is whoever the server let in.
pub(super) fn actor() -> Actor {
    Actor::Local
}

/// A use-case's result as the page gets it, its status set on the way.
pub(super) fn answer<T>(result: service::Result<T>) -> Result<T, CallError> {
    result.map_err(|error| fail(error.into_api()))
}

/// An error as the page gets it, its status set on the way.
pub(super) fn fail(error: ApiError) -> CallError {
    set_call_status(error.code);
    CallError::from(error)
}

/// A caller that can show a page is answered by a page or a redirect, whose status is its own;
/// every other caller gets the status of the error.
pub(super) fn set_call_status(code: ErrorCode) {
    let shows_pages = use_context::<Parts>().is_some_and(|request| {
        request
            .headers
            .get(ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"))
    });
    if !shows_pages {
        set_page_status(code);
    }
}

pub(super) fn set_page_status(code: ErrorCode) {
    if let (Some(response), Ok(status)) = (
        use_context::<ResponseOptions>(),
        StatusCode::from_u16(code.http_status()),
    ) {
        response.set_status(status);
    }
}
