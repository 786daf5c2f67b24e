//! Caught mail.

use domain::{
    caught::{CaughtList, CaughtMessage, CaughtSummary},
    page::Page,
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use super::context::{fail, services};
use super::error::CallError;
#[cfg(feature = "ssr")]
use domain::{ApiError, ErrorCode};

/// Caught messages, newest first.
#[server(prefix = "/ui", endpoint = "caught/list", input = Json)]
pub(crate) async fn list_caught(request: CaughtList) -> Result<Page<CaughtSummary>, CallError> {
    let services = services()?;
    let inbox = services.inbox().ok_or_else(no_catcher)?;
    Ok(inbox.list(&request))
}

/// One caught message.
#[server(prefix = "/ui", endpoint = "caught/get", input = Json)]
pub(crate) async fn get_caught(id: u64) -> Result<CaughtMessage, CallError> {
    let services = services()?;
    let inbox = services.inbox().ok_or_else(no_catcher)?;
    inbox.find(id).ok_or_else(|| {
        fail(ApiError::new(
            ErrorCode::NotFound,
            "This message is not kept, or was never caught. Only the last ones are.",
        ))
    })
}

#[cfg(feature = "ssr")]
fn no_catcher() -> CallError {
    fail(ApiError::new(
        ErrorCode::NotFound,
        "Nothing is caught here: messages go to a real mail server.",
    ))
}
