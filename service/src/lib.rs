//! What Palomar does: use-cases, queries, queue, delivery, mail, configuration, telemetry.
//!
//! Whatever runs — a server, a worker, a test — holds a [`Services`] and calls it. Each
//! use-case takes who asks as its first argument, answers with shapes of `domain`, and fails
//! with [`Error`], which knows no HTTP.
//!
//! | module | holds |
//! |---|---|
//! | [`campaigns`] | create, get, list, and what became of whom |
//! | [`delivery`] | the engine: slices, slots, journal, reconciler |
//! | [`mail`] | the message, the SMTP server, the dialogue, the classification |
//! | [`queue`] | the bell between the rows and the workers |
//! | [`progress`] | one poller per process, fanned out to every listener |
//! | [`inbox`] | the catcher's messages, as the page reads them |
//! | [`config`], [`telemetry`] | what is set, and what is logged |
//! | [`clock`], [`actor`], [`error`] | time, who asks, what can go wrong |
//!
//! To add a use-case: a method beside its kin with a line that says what it promises, its
//! statements in that folder's `queries.rs`, a scenario in `tests/it`.

pub mod actor;
pub mod campaigns;
pub mod clock;
pub mod config;
mod database;
pub mod delivery;
pub mod error;
mod ids;
pub mod inbox;
mod installation;
pub mod mail;
pub mod progress;
pub mod queue;
pub mod start;
pub mod telemetry;

use std::{fmt, sync::Arc};

pub use actor::Actor;
pub use config::Config;
pub use database::OpenError;
pub use error::{Error, Result};

use self::{
    campaigns::{Campaigns, store::DefaultSender},
    clock::Clock,
    database::Database,
    delivery::{Delivery, reconcile::Reconciler},
    progress::{Progress, rates::Rates},
    queue::InProcessQueue,
};

/// Everything Palomar can do, as a handle that is cheap to clone.
#[derive(Clone)]
pub struct Services(Arc<Inner>);

struct Inner {
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    sender: DefaultSender,
    installation: domain::installation::Installation,
    inbox: Option<Arc<dyn inbox::Inbox>>,
    queue: InProcessQueue,
    delivery: Arc<Delivery>,
    reconciler: Arc<Reconciler>,
    rates: Arc<Rates>,
    progress: Progress,
    tasks: start::Tasks,
}

impl Services {
    /// The use-cases of campaigns.
    pub fn campaigns(&self) -> Campaigns {
        Campaigns(self.clone())
    }

    /// Live progress.
    pub fn progress(&self) -> &Progress {
        &self.0.progress
    }

    /// The engine that sends.
    pub fn delivery(&self) -> &Delivery {
        &self.0.delivery
    }

    /// The queue of the embedded size, for the worker that listens at it.
    pub fn queue(&self) -> &InProcessQueue {
        &self.0.queue
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
        self.0
            .database
            .ping()
            .await
            .map_err(|_| Error::Unavailable("the database"))
    }

    fn database(&self) -> &Database {
        &self.0.database
    }

    fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    fn default_sender(&self) -> &DefaultSender {
        &self.0.sender
    }

    fn reconciler(&self) -> &Reconciler {
        &self.0.reconciler
    }

    fn rates(&self) -> &Rates {
        &self.0.rates
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services")
            .field("installation", &self.0.installation)
            .finish_non_exhaustive()
    }
}
