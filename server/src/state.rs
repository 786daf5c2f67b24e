//! What every handler may use.

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use service::Services;
use tokio_util::sync::CancellationToken;

use crate::pages::Bundle;

/// What every handler may use; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Everything Palomar can do.
    pub services: Services,
    /// The browser's half of the pages.
    pub bundle: Bundle,
    /// The largest body of a request, in octets.
    pub body_limit: usize,
    /// The largest list of an import, in octets.
    pub import_limit: usize,
    /// Cancelled when the process begins to stop: streams end then.
    pub stopping: CancellationToken,
}

impl FromRef<AppState> for Services {
    fn from_ref(state: &AppState) -> Self {
        state.services.clone()
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.bundle.options()
    }
}
