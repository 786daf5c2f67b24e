//! `/healthz` and `/readyz`, for whoever watches the process.

use axum::extract::State;
use service::Services;

use crate::Problem;

/// `GET /healthz`: the process is alive.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: it can serve; 503 says what is away.
pub async fn ready(State(services): State<Services>) -> Result<&'static str, Problem> {
    services.ready().await?;
    Ok("ready\n")
}
