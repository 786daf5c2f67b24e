//! What Palomar does: use-cases, queries, queue, delivery, mail, configuration, telemetry.

pub mod actor;
pub mod campaigns;
pub mod config;
pub mod error;
pub mod inbox;
pub mod progress;
pub mod telemetry;

use std::sync::Arc;

pub use actor::Actor;
pub use config::Config;
pub use error::{Error, Result};

/// Everything Palomar can do, as a handle that is cheap to clone.
#[derive(Clone)]
pub struct Services(Arc<Inner>);

struct Inner {
    installation: domain::installation::Installation,
    inbox: Option<Arc<dyn inbox::Inbox>>,
}

/// Sketch.
pub struct Parts {
    /// Sketch.
    pub inbox: Option<Arc<dyn inbox::Inbox>>,
}

impl Services {
    /// Sketch.
    pub async fn start(_config: Config, parts: Parts) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            installation: domain::installation::Installation::default(),
            inbox: parts.inbox,
        })))
    }

    /// The use-cases of campaigns.
    pub fn campaigns(&self) -> campaigns::Campaigns {
        campaigns::Campaigns
    }

    /// Live progress.
    pub fn progress(&self) -> progress::Progress {
        progress::Progress
    }

    /// The messages the built-in catcher received; none where mail really leaves.
    pub fn inbox(&self) -> Option<&dyn inbox::Inbox> {
        self.0.inbox.as_deref()
    }

    /// How this installation is set up, as far as the page may know.
    pub fn installation(&self) -> &domain::installation::Installation {
        &self.0.installation
    }

    /// Whether it can serve now: the database answers.
    pub async fn ready(&self) -> Result<()> {
        Err(Error::Unavailable("sketch"))
    }
}
