//! The processes that send: each says every few seconds that it is there, and every process
//! sees which of them are. Only for people and for fairness: no promise hangs on it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::Timestamp;
use entity::{
    prelude::WorkerProcess,
    worker_process::{self, Column},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::OnConflict,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    database::{Database, repeated},
};

/// How often a worker says that it is there.
const EVERY: Duration = Duration::from_secs(5);
/// A worker that did not say so for three times is not counted any more.
const ALIVE_WITHIN: Duration = Duration::from_secs(16);
/// What a worker that ended without a word leaves behind is kept so long.
const KEPT_FOR: Duration = Duration::from_hours(24);
/// As many octets of the machine's name as fit beside the random part.
const LONGEST_NAME: usize = 40;

/// The workers, as this process has seen them.
#[derive(Debug)]
pub(crate) struct Workers {
    /// This process, where it sends itself.
    this: Option<Announcement>,
    seen: Mutex<HashMap<String, Seen>>,
    began: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    /// What the worker wrote last, by its own clock.
    said: Timestamp,
    /// When this process saw that, by its own.
    at: Instant,
    concurrency: u32,
}

/// The workers that are there now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alive {
    pub(crate) processes: usize,
    /// SMTP connections of all of them together.
    pub(crate) connections: u32,
}

impl Workers {
    /// Nobody seen yet, but this process where it sends itself.
    pub(crate) fn new(this: Option<Announcement>) -> Self {
        Self {
            this,
            seen: Mutex::default(),
            began: Instant::now(),
        }
    }

    /// Sees who is there. Two machines' clocks are never compared: a worker is there as long as
    /// what it says keeps changing.
    pub(crate) async fn look(&self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        let rows = WorkerProcess::find().all(connection).await?;
        self.note(rows, Instant::now());
        Ok(())
    }

    fn note(&self, rows: Vec<worker_process::Model>, now: Instant) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *seen);
        let is_this = |id: &str| self.this.as_ref().is_some_and(|this| this.id == id);
        for row in rows.into_iter().filter(|row| !is_this(&row.id)) {
            let same = before.get(&row.id).filter(|seen| seen.said == row.seen_at);
            let worker = Seen {
                said: row.seen_at,
                at: same.map_or(now, |seen| seen.at),
                concurrency: u32::try_from(row.concurrency).unwrap_or(0),
            };
            seen.insert(row.id, worker);
        }
    }

    /// Who is there now.
    pub(crate) fn alive(&self) -> Alive {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let others = seen
            .values()
            .filter(|worker| worker.at.elapsed() < ALIVE_WITHIN)
            .map(|worker| worker.concurrency);
        let this = self.this.iter().map(|this| this.concurrency);
        others
            .chain(this)
            .fold(Alive::default(), |alive, more| Alive {
                processes: alive.processes + 1,
                connections: alive.connections + more,
            })
    }

    /// For how long this process has seen no worker; none while one is there.
    pub(crate) fn unseen_for(&self) -> Option<Duration> {
        if self.alive().processes > 0 {
            return None;
        }
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seen.values().map(|worker| worker.at).max();
        Some(last.unwrap_or(self.began).elapsed())
    }
}

/// This process, as others know it: the owner under whose name it holds slices.
#[derive(Clone, Debug)]
pub(crate) struct Announcement {
    pub(crate) id: String,
    pub(crate) concurrency: u32,
}

/// A name no process had before: the machine's, for people, and a random part.
pub(crate) fn new_id() -> String {
    format!("{}-{:016x}", machine(), rand::random::<u64>())
}

/// This machine's name, as far as it is plain.
fn machine() -> String {
    gethostname::gethostname()
        .to_string_lossy()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
        .take(LONGEST_NAME)
        .collect()
}

/// Says that this worker is there until `stop`, and takes its name off the list then.
pub(crate) async fn announce(
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    this: Announcement,
    stop: CancellationToken,
) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut first = true;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
        }
        let now = clock.now();
        let said = repeated(|| say(&database, &this, now, first)).await;
        first &= said.is_err();
        if let Err(error) = said {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "this worker could not say that it is there"
            );
        }
    }
    if let Err(error) = repeated(|| take_off(&database, &this.id)).await {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "this worker's name stays on the list"
        );
    }
}

async fn say(
    database: &Database,
    this: &Announcement,
    now: Timestamp,
    first: bool,
) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    if first {
        let others = WorkerProcess::delete_many();
        let others = if database.is_exclusive() {
            others
        } else {
            others.filter(Column::SeenAt.lt(now.minus(KEPT_FOR)))
        };
        others.exec(&transaction).await?;
    }
    let row = worker_process::ActiveModel {
        id: Set(this.id.clone()),
        seen_at: Set(now),
        concurrency: Set(i32::try_from(this.concurrency).unwrap_or(i32::MAX)),
        version: Set(env!("CARGO_PKG_VERSION").to_owned()),
    };
    WorkerProcess::insert(row)
        .on_conflict(
            OnConflict::column(Column::Id)
                .update_column(Column::SeenAt)
                .to_owned(),
        )
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await
}

async fn take_off(database: &Database, id: &str) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    WorkerProcess::delete_by_id(id).exec(&transaction).await?;
    transaction.commit().await
}

/// Whether a worker of this machine has said lately that it is there: what a health check asks
/// from beside it. On one machine there is one clock.
pub(crate) async fn is_alive_here(
    connection: &impl ConnectionTrait,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let lately = now.minus(ALIVE_WITHIN);
    let found = WorkerProcess::find()
        .filter(Column::Id.starts_with(format!("{}-", machine())))
        .filter(Column::SeenAt.gt(lately))
        .one(connection)
        .await?;
    Ok(found.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: &str, seen_at: i64) -> worker_process::Model {
        worker_process::Model {
            id: id.to_owned(),
            seen_at: Timestamp(seen_at),
            concurrency: 5,
            version: "0.1.0".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_is_there_as_long_as_what_it_says_keeps_changing() {
        let workers = Workers::new(None);
        let pass = |seconds| tokio::time::advance(Duration::from_secs(seconds));
        workers.note(vec![said("a", 1), said("b", 900_000)], Instant::now());
        assert_eq!(workers.alive().processes, 2);
        pass(10).await;
        workers.note(vec![said("a", 5_001), said("b", 900_000)], Instant::now());
        pass(10).await;
        let alive = Alive {
            processes: 1,
            connections: 5,
        };
        assert_eq!(workers.alive(), alive);
        assert_eq!(workers.unseen_for(), None);
        pass(30).await;
        assert_eq!(workers.alive().processes, 0);
        assert_eq!(workers.unseen_for(), Some(Duration::from_secs(40)));
    }

    #[tokio::test(start_paused = true)]
    async fn where_no_worker_ever_was_the_time_counts_from_the_start() {
        let workers = Workers::new(None);
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(workers.unseen_for(), Some(Duration::from_secs(7)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_sends_counts_itself_and_only_once() {
        let this = Announcement {
            id: "a".to_owned(),
            concurrency: 3,
        };
        let workers = Workers::new(Some(this));
        assert_eq!(workers.alive().connections, 3);
        workers.note(vec![said("a", 1), said("b", 1)], Instant::now());
        let alive = Alive {
            processes: 2,
            connections: 8,
        };
        assert_eq!(workers.alive(), alive);
        tokio::time::advance(Duration::from_mins(5)).await;
        assert_eq!(workers.unseen_for(), None);
    }

    #[test]
    fn no_two_processes_have_the_same_name() {
        let (one, other) = (new_id(), new_id());
        assert_ne!(one, other);
        assert!(one.len() <= 64, "{one}");
        assert!(one.starts_with(&machine()));
    }
}
