//! Delivery: from sealed campaigns in the database to messages in an SMTP server's hands, and
//! every outcome back.
//!
//! | module | holds |
//! |---|---|
//! | `reconcile`, `ring` | looks at the rows and rings for whatever is due |
//! | `lease` | whose work may be taken over, by observation |
//! | `run` | a slice's way through this process |
//! | `slices` | claiming, renewing, letting go and taking over, in the database |
//! | `work`, `feed` | what is in hand, and whose turn it is |
//! | `slot` | one connection, one dialogue at a time |
//! | `journal` | starts and outcomes, durable by group commit |
//! | `verdict` | from a dialogue's end to a recipient's fate |
//! | `breaker` | a sick server is left alone |
//! | `campaign`, `rollup`, `waiting` | what is said of a whole campaign |
//!
//! Two facts keep the promise that nothing is sent twice in silence. A body goes out only after
//! SENDING is durable, so a process that dies leaves a trace of every message it may have handed
//! over; and an outcome settles only the attempt it belongs to.

mod breaker;
mod campaign;
mod feed;
mod journal;
pub(crate) mod lease;
pub(crate) mod reconcile;
mod ring;
mod rollup;
mod run;
mod slices;
mod slot;
mod verdict;
mod waiting;
mod work;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

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
    breaker::Breaker,
    feed::Feed,
    journal::Journal,
    run::Runner,
    slot::{Shared, Slot},
};
use crate::{
    Error, Result, clock::Clock, config::DeliveryConfig, database::Database,
    mail::server::SmtpServer, queue::SendSlice,
};

/// Slices in hand at once, from different campaigns in turn.
pub const SLICES_AT_ONCE: usize = 4;
/// How long a job waits for a place, and then for its slice before it leaves it to the engine.
/// Both together stay far below the time after which apalis gives a silent worker up.
const JOB_WAITS_FOR_PLACE: Duration = Duration::from_secs(15);
const JOB_WAITS_FOR_SLICE: Duration = Duration::from_secs(1);

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
    journal: Option<tokio::task::JoinHandle<()>>,
}

/// What an engine is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The name under which this process holds slices.
    pub(crate) owner: String,
    pub(crate) database: Arc<Database>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) server: SmtpServer,
    pub(crate) secret: SecretString,
    /// Notified when a slice was let go: there is room for another.
    pub(crate) let_go: Arc<Notify>,
}

/// Runs a slot, and another one in its place should it panic. Its recipient is then UNKNOWN
/// once the slice is let go, since nobody can say how far it came.
async fn keep_slot(shared: Arc<Shared>) {
    loop {
        let slot = tokio::spawn(Slot::new(Arc::clone(&shared)).run());
        match AbortOnDropHandle::new(slot).await {
            Err(error) if error.is_panic() => tracing::error!(%error, "a slot failed"),
            Ok(()) | Err(_) => return,
        }
    }
}

impl Delivery {
    /// Starts the slots and the journal. They do nothing until a slice is sent.
    pub(crate) fn start(parts: Parts, config: &DeliveryConfig) -> Self {
        let (journal, writer) = Journal::open(
            Arc::clone(&parts.database),
            Arc::clone(&parts.clock),
            parts.owner.clone(),
        );
        let shared = Arc::new(Shared {
            feed: Feed::default(),
            journal,
            window: Arc::new(Semaphore::new(config.window as usize)),
            breaker: Arc::new(Breaker::default()),
            server: parts.server,
            schedule: config.retry_schedule.clone(),
            clock: parts.clock,
            database: parts.database,
            stop: CancellationToken::new(),
        });
        let mut slots = JoinSet::new();
        for _ in 0..config.concurrency {
            slots.spawn(keep_slot(Arc::clone(&shared)));
        }
        let runner = Runner {
            owner: parts.owner,
            lease: config.lease,
            secret: parts.secret,
            shared,
            templates: std::sync::Mutex::default(),
            wanted: AtomicUsize::new(0),
            let_go: parts.let_go,
        };
        Self {
            runner: Arc::new(runner),
            places: Arc::new(Semaphore::new(SLICES_AT_ONCE)),
            runs: TaskTracker::new(),
            engine: Mutex::new(Engine {
                slots,
                journal: Some(writer),
            }),
            drain_deadline: config.drain_deadline,
        }
    }

    /// Sends one slice: claims it, delivers whoever is due in it, lets it go. Waits for that a
    /// bounded time; dropping the future cancels no dialogue, and a slice that needs longer is
    /// seen through without its job. Harmless when called twice for the same slice.
    ///
    /// An error is one of the infrastructure, never of a recipient; nothing was claimed then.
    pub(crate) async fn send_slice(&self, job: SendSlice) -> Result<SliceOutcome> {
        let Some(place) = self.place().await else {
            return Ok(SliceOutcome::NoPlace);
        };
        let runner = Arc::clone(&self.runner);
        let run = self.runs.spawn(async move {
            let _place = place;
            runner.run(job).await
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
        }
    }

    /// Why the SMTP server is given a rest, while it is.
    pub(crate) fn unreachable(&self) -> Option<String> {
        self.runner.shared.breaker.reason()
    }
}
