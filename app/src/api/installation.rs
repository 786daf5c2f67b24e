//! How this installation is set up.

use domain::installation::Installation;
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use super::context::services;
use super::error::CallError;

/// How this installation is set up, as far as the page may know.
#[server(prefix = "/ui", endpoint = "installation", input = Json)]
pub(crate) async fn get_installation() -> Result<Installation, CallError> {
    Ok(services()?.installation())
}
