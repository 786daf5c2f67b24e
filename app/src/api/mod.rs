//! Typed server functions under `/ui`, for the pages' reads and writes. Each is one call into the
//! service, taken from the context, and one way back; rules live there, not here.
//!
//! | module | answers |
//! |---|---|
//! | [`campaigns`] | create, list, get, overview, recipients, reasons, content |
//! | [`caught`] | list, get |
//! | [`composer`] | a fresh form, or the one that was refused |
//! | [`installation`] | how this installation is set up |
//! | [`error`] | what a call says when it fails |
//!
//! To add one: an `async fn` with `#[server(prefix = "/ui", endpoint = "area/verb", input = Json)]`
//! in its area's file. Arguments are JSON: a list of a million addresses grows by its quotes only.

#![cfg_attr(
    feature = "ssr",
    expect(
        clippy::unused_async,
        reason = "a server function is async by its nature"
    )
)]

pub(crate) mod campaigns;
pub(crate) mod caught;
pub(crate) mod composer;
#[cfg(feature = "ssr")]
mod context;
pub(crate) mod error;
pub(crate) mod installation;

/// Gives the page being rendered the status of `error`. Does nothing in the browser.
pub(crate) fn set_page_status(code: domain::ErrorCode) {
    #[cfg(feature = "ssr")]
    context::set_page_status(code);
    #[cfg(not(feature = "ssr"))]
    let _ = code;
}
