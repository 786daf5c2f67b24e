//! What the built-in catcher received, as the page reads it.

use domain::{
    caught::{CaughtList, CaughtMessage, CaughtSummary},
    page::Page,
};

/// A place caught mail can be read from. The catcher lives in the server's process, which
/// hands it in; a service that knew the catcher could not be used without it.
pub trait Inbox: Send + Sync {
    /// Caught messages, newest first.
    fn list(&self, request: &CaughtList) -> Page<CaughtSummary>;

    /// One caught message, unless it was never there or is no longer kept.
    fn find(&self, id: u64) -> Option<CaughtMessage>;
}
