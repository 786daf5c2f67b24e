//! Delivery: from sealed campaigns in the database to messages in an SMTP server's hands, and
//! every outcome back.
//!
//! | module | holds |
//! |---|---|
//! | `reconcile`, `active`, `ring` | looks at the rows and rings for whatever is due |
//! | `lease` | whose work may be taken over, by observation |
//! | `run` | a slice's way through this process |
//! | `slices` | claiming, renewing, letting go and taking over, in the database |
//! | `work`, `feed`, `fetching` | what is in hand, whose turn it is, and when more is fetched |
//! | `slot` | one connection, one dialogue at a time |
//! | `journal` | starts and outcomes, durable by group commit |
//! | `verdict` | from a dialogue's end to a recipient's fate |
//! | `outlet` | one SMTP server: who waits for it, and whether it serves |
//! | `breaker`, `budget` | a sick server is left alone, and no server gets more than its limits |
//! | `campaign`, `rollup`, `waiting` | what is said of a whole campaign |
//!
//! Two facts keep the promise that nothing is sent twice in silence. A body goes out only after
//! SENDING is durable, so a process that dies leaves a trace of every message it may have handed
//! over; and an outcome settles only the attempt it belongs to.

mod active;
mod breaker;
mod budget;
mod campaign;
mod feed;
mod fetching;
mod journal;
pub(crate) mod lease;
mod outlet;
pub(crate) mod reconcile;
mod ring;
pub(crate) mod rollup;
mod run;
pub(crate) mod slices;
mod slot;
mod verdict;
mod waiting;
mod work;

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::CampaignId;
use sea_orm::DbErr;
use secrecy::SecretString;
use tokio::{
    sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::timeout,
};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};

pub use self::run::SliceOutcome;
use self::{
    budget::Budget,
    fetching::{Fetched, Fetching},
    journal::Journal,
    outlet::{Outlet, Outlets, Rest},
    run::Runner,
    slot::{Shared, Slot},
};
use crate::{
    Error, Result,
    clock::Clock,
    config::DeliveryConfig,
    database::Database,
    mail::{
        routes::Routes,
        server::{SmtpServer, UrlError},
    },
    queue::SendSlice,
};

/// Slices in hand at once, from different campaigns in turn.
pub const SLICES_AT_ONCE: usize = 4;
/// How long a job waits for a place, until another slice of its campaign is needed, and for its
/// slice before it leaves it to the engine. All together stay far below the time after which apalis gives a silent worker up.
const JOB_WAITS_FOR_PLACE: Duration = Duration::from_secs(15);
const JOB_WAITS_TO_FETCH: Duration = Duration::from_secs(5);
const JOB_WAITS_FOR_SLICE: Duration = Duration::from_secs(1);

/// How long a stop waits until what was reserved of the limits is given back.
const GIVING_BACK: Duration = Duration::from_secs(2);

/// The engine of one process: its slots, its feed and its journal.
#[derive(Debug)]
pub struct Delivery {
    runner: Arc<Runner>,
    places: Arc<Semaphore>,
    runs: TaskTracker,
    engine: Mutex<Engine>,
    drain_deadline: Duration,
}

#[derive(Debug)]
struct Engine {
    slots: JoinSet<()>,
    /// Each tries the line to a server that was given a rest.
    probes: JoinSet<()>,
    journal: Option<tokio::task::JoinHandle<()>>,
}

/// What an engine is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The name under which this process holds slices.
    pub(crate) owner: String,
    pub(crate) database: Arc<Database>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) routes: Routes,
    pub(crate) secret: SecretString,
    /// Notified when a slice was let go: there is room for another.
    pub(crate) let_go: Arc<Notify>,
}

/// Runs a slot, and another one in its place should it panic. Its recipient is then UNKNOWN
/// once the slice is let go, since nobody can say how far it came.
async fn keep_slot(shared: Arc<Shared>, outlet: Arc<Outlet>) {
    loop {
        let slot = Slot::new(Arc::clone(&shared), Arc::clone(&outlet));
        let slot = tokio::spawn(slot.run());
        match AbortOnDropHandle::new(slot).await {
            Err(error) if error.is_panic() => tracing::error!(%error, "a slot failed"),
            Ok(()) | Err(_) => return,
        }
    }
}

/// Why an engine cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

fn outlets(parts: &Parts, concurrency: u32) -> Result<Outlets, UrlError> {
    let outlet = |config: &crate::config::SmtpConfig| {
        let server = SmtpServer::from_url(&config.url)?
            .named(&config.name)
            .with_deadlines(config.deadlines.clone());
        let budget = Budget::new(
            config.name.clone(),
            &config.limits,
            Arc::clone(&parts.database),
            Arc::clone(&parts.clock),
        );
        let outlet = Outlet::new(config, server, concurrency, budget);
        Ok::<_, UrlError>(Arc::new(outlet))
    };
    Ok(Outlets {
        all: parts
            .routes
            .servers()
            .iter()
            .map(outlet)
            .collect::<Result<_, _>>()?,
        routes: parts.routes.clone(),
    })
}

impl Delivery {
    /// Starts the slots and the journal. They do nothing until a slice is sent.
    pub(crate) async fn start(parts: Parts, config: &DeliveryConfig) -> Result<Self, StartError> {
        let outlets = outlets(&parts, config.concurrency)?;
        let names = outlets.all.iter().map(|outlet| outlet.name.as_str());
        budget::prepare(&parts.database, names).await?;
        let (journal, writer) = Journal::open(
            Arc::clone(&parts.database),
            Arc::clone(&parts.clock),
            parts.owner.clone(),
        );
        let connections = outlets.all.iter().map(|outlet| outlet.connections).sum();
        let shared = Arc::new(Shared {
            depth: (config.window / u32::max(connections, 1)).max(1) as usize,
            outlets,
            journal,
            window: Arc::new(Semaphore::new(config.window as usize)),
            schedule: config.retry_schedule.clone(),
            uncertain: config.uncertain,
            clock: parts.clock,
            database: parts.database,
            stop: CancellationToken::new(),
        });
        let (mut slots, mut probes) = (JoinSet::new(), JoinSet::new());
        for outlet in &shared.outlets.all {
            for _ in 0..outlet.connections {
                slots.spawn(keep_slot(Arc::clone(&shared), Arc::clone(outlet)));
            }
            let outlet = Arc::clone(outlet);
            probes.spawn(async move { outlet.try_the_line().await });
        }
        let runner = Runner {
            owner: parts.owner,
            lease: config.lease,
            secret: parts.secret,
            shared,
            templates: std::sync::Mutex::default(),
            works: std::sync::Mutex::default(),
            fetching: Fetching::default(),
            wanted: AtomicUsize::new(0),
            let_go: parts.let_go,
        };
        Ok(Self {
            runner: Arc::new(runner),
            places: Arc::new(Semaphore::new(SLICES_AT_ONCE)),
            runs: TaskTracker::new(),
            engine: Mutex::new(Engine {
                slots,
                probes,
                journal: Some(writer),
            }),
            drain_deadline: config.drain_deadline,
        })
    }

    /// Sends one slice: claims it, delivers whoever is due in it, lets it go. Waits for that a
    /// bounded time; dropping the future cancels no dialogue, and a slice that needs longer is
    /// seen through without its job. Harmless when called twice for the same slice.
    ///
    /// An error is one of the infrastructure, never of a recipient; nothing was claimed then.
    pub(crate) async fn send_slice(&self, job: SendSlice) -> Result<SliceOutcome> {
        let Some(fetched) = self.may_fetch(job.campaign).await else {
            return Ok(SliceOutcome::NoPlace);
        };
        let Some(place) = self.place().await else {
            return Ok(SliceOutcome::NoPlace);
        };
        let runner = Arc::clone(&self.runner);
        let run = self.runs.spawn(async move {
            let _place = place;
            runner.run(job, fetched).await
        });
        match timeout(JOB_WAITS_FOR_SLICE, run).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panicked)) => {
                tracing::error!(error = %panicked, "a slice's run failed");
                Err(Error::Unavailable("delivery"))
            }
            Err(_) => Ok(SliceOutcome::UnderWay),
        }
    }

    /// Leave to fetch a slice of a campaign. None when that is not needed for long, so that the
    /// bell is rung again, perhaps for another worker.
    async fn may_fetch(&self, campaign: CampaignId) -> Option<Fetched> {
        let stop = &self.runner.shared.stop;
        tokio::select! {
            fetched = timeout(JOB_WAITS_TO_FETCH, self.runner.may_fetch(campaign)) => fetched.ok(),
            () = stop.cancelled() => None,
        }
    }

    /// A place for one slice more. While it is waited for, slices that have been here for a
    /// while make room. None when there is none for long, or the process is to stop.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        let wanted = &self.runner.wanted;
        wanted.fetch_add(1, Ordering::Relaxed);
        let place = timeout(
            JOB_WAITS_FOR_PLACE,
            Arc::clone(&self.places).acquire_owned(),
        )
        .await;
        wanted.fetch_sub(1, Ordering::Relaxed);
        place.ok()?.ok()
    }

    /// Stops: nobody is started any more, dialogues that have begun come to their end within
    /// the drain deadline, what they came to is made durable, and slices are let go. What is cut
    /// off at the deadline becomes UNKNOWN.
    pub async fn drain(&self) {
        self.runner.shared.stop.cancel();
        self.places.close();
        self.runs.close();
        let mut engine = self.engine.lock().await;
        engine.probes.shutdown().await;
        let orderly = async {
            while engine.slots.join_next().await.is_some() {}
            self.runs.wait().await;
        };
        if timeout(self.drain_deadline, orderly).await.is_err() {
            tracing::warn!("dialogues were cut off at the drain deadline");
            engine.slots.shutdown().await;
            let _ = timeout(Duration::from_secs(2), self.runs.wait()).await;
        }
        if let Some(writer) = engine.journal.take() {
            self.runner.shared.journal.close();
            if timeout(self.drain_deadline, writer).await.is_err() {
                tracing::error!("the journal could not be written before the process stopped");
            }
            let give_back = async {
                for outlet in &self.runner.shared.outlets.all {
                    outlet.budget.give_back().await?;
                }
                Ok::<_, DbErr>(())
            };
            if !matches!(timeout(GIVING_BACK, give_back).await, Ok(Ok(()))) {
                tracing::debug!("what was reserved of the limits is lost");
            }
        }
    }

    /// Why nothing goes out for a campaign now, which names this server or none and this sender.
    fn rest(&self, named: &str, from_email: &str) -> Option<Rest> {
        let outlet = self.runner.shared.outlets.of(named, from_email);
        outlet.ok()?.reason()
    }

    /// Gives up what is in hand of campaigns that are no longer to run.
    fn keep_only(&self, running: &HashSet<CampaignId>) {
        self.runner.keep_only(running);
    }
}
