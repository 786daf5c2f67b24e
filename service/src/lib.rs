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
//! | [`config`], [`telemetry`], [`signals`] | what is set, what is logged, when to stop |
//! | `coalesced` | one read of the database for all who ask the same at once |
//! | `workers` | which processes send |
//! | [`failpoints`] | where tests end the process |
//! | [`clock`], [`actor`], [`error`] | time, who asks, what can go wrong |
//!
//! To add a use-case: a method beside its kin with a line that says what it promises, its
//! statements in that folder's `queries.rs`, a scenario in `tests/it`.

pub mod actor;
pub mod campaigns;
pub mod clock;
mod coalesced;
pub mod config;
mod database;
pub mod delivery;
pub mod error;
pub mod failpoints;
mod ids;
pub mod inbox;
mod installation;
pub mod mail;
pub mod progress;
pub mod queue;
pub mod signals;
pub mod start;
pub mod telemetry;
#[cfg(test)]
mod unattended;
mod workers;

use std::{fmt, sync::Arc, time::Duration};

pub use actor::Actor;
pub use config::Config;
pub use database::OpenError;
pub use error::{Error, Result};

use self::{
    campaigns::{Campaigns, prepare::Circumstances, shared::Looks, store::DefaultSender},
    clock::Clock,
    database::Database,
    delivery::{Delivery, SliceOutcome, reconcile::Reconciler},
    mail::routes::Routes,
    progress::{Progress, rates::Rates},
    queue::{QueueEnd, SendSlice},
    workers::Workers,
};

/// How long a bell is kept that cannot be answered while an SMTP server has a rest.
const SHORTEST_REST: Duration = Duration::from_millis(200);
const LONGEST_REST: Duration = Duration::from_secs(2);

/// Everything Palomar can do, as a handle that is cheap to clone.
#[derive(Clone)]
pub struct Services(Arc<Inner>);

struct Inner {
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    sender: DefaultSender,
    routes: Routes,
    installation: domain::installation::Installation,
    inbox: Option<Arc<dyn inbox::Inbox>>,
    queue: QueueEnd,
    /// Where this process sends.
    delivery: Option<Arc<Delivery>>,
    workers: Arc<Workers>,
    reconciler: Arc<Reconciler>,
    rates: Arc<Rates>,
    looks: Looks,
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

    /// Sends one slice of a campaign, in a process that sends. Waits for that a bounded time;
    /// what takes longer is seen through without the caller. Harmless when called twice.
    ///
    /// An error is one of the infrastructure, never of a recipient; nothing was claimed then.
    pub async fn send_slice(&self, job: SendSlice) -> Result<SliceOutcome> {
        let delivery = self.0.delivery.as_ref();
        let delivery = delivery.ok_or(Error::Unavailable("delivery"))?;
        let outcome = delivery.send_slice(job).await?;
        match outcome {
            SliceOutcome::NoPlace => self.0.reconciler.unring(job).await?,
            SliceOutcome::Resting(rest) => self.unring_later(job, rest),
            _ => {}
        }
        Ok(outcome)
    }

    /// Takes a bell back that another worker may answer, but not at once: this one would hear it
    /// again and again. Where the process ends before, the bell is rung again as a lost one.
    fn unring_later(&self, job: SendSlice, rest: Duration) {
        let reconciler = Arc::clone(&self.0.reconciler);
        self.0.tasks.spawn(async move {
            tokio::time::sleep(rest.clamp(SHORTEST_REST, LONGEST_REST)).await;
            if let Err(error) = reconciler.unring(job).await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "a bell was not taken back"
                );
            }
        });
    }

    /// Stops sending: nobody is started any more, and dialogues that have begun come to their
    /// end within `DRAIN_DEADLINE`. What is cut off at the deadline becomes UNKNOWN.
    pub async fn drain(&self) {
        if let Some(delivery) = &self.0.delivery {
            delivery.drain().await;
        }
    }

    /// The queue, for the worker that listens at it.
    pub fn queue(&self) -> &QueueEnd {
        &self.0.queue
    }

    /// The messages the built-in catcher received; none where mail really leaves.
    pub fn inbox(&self) -> Option<&dyn inbox::Inbox> {
        self.0.inbox.as_deref()
    }

    /// How this installation is set up, as far as the page may know, and who sends now.
    pub fn installation(&self) -> domain::installation::Installation {
        let alive = self.0.workers.alive();
        domain::installation::Installation {
            workers: u32::try_from(alive.processes).unwrap_or(u32::MAX),
            connections: alive.connections,
            ..self.0.installation.clone()
        }
    }

    /// Whether it can serve now: the database answers, and so does the queue.
    pub async fn ready(&self) -> Result<()> {
        self.0
            .database
            .ping()
            .await
            .map_err(|_| Error::Unavailable("the database"))?;
        match &self.0.queue {
            // It is there as soon as the worker beside it listens.
            QueueEnd::InProcess(_) => Ok(()),
            QueueEnd::Redis(_) => self
                .0
                .queue
                .as_queue()
                .depth()
                .await
                .map(drop)
                .map_err(|_| Error::Unavailable("the queue")),
        }
    }

    /// Runs to its end whatever becomes of whoever asked for it: a stop waits for it.
    fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.0.tasks.see_through(work)
    }

    /// What a campaign is prepared with, now.
    fn circumstances(&self) -> Circumstances {
        Circumstances {
            now: self.clock().now(),
            routes: self.routes().clone(),
            default_sender: self.default_sender().email.clone(),
        }
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

    fn routes(&self) -> &Routes {
        &self.0.routes
    }

    fn reconciler(&self) -> &Reconciler {
        &self.0.reconciler
    }

    fn looks(&self) -> &Looks {
        &self.0.looks
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
