//! The limits of one SMTP server, kept over all workers and restarts.
//!
//! They are promises, so they live in the database and go by its clock. A process reserves a few
//! messages at a time; what it reserved and never sent is lost to it, so that a limit is rather
//! kept too well than broken.

mod store;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use sea_orm::DbErr;
use tokio::{sync::Mutex, time::Instant};

use crate::{
    clock::Clock,
    config::{Limit, Period},
    database::{Database, repeated},
};

/// A pace is reserved for so long ahead, so that two workers together stay close to it.
const AHEAD: Duration = Duration::from_millis(100);
/// A place in the pace that nobody used for so long is given up: used late, with others, it would
/// make a burst.
const STALE: Duration = Duration::from_millis(200);
/// A quota is reserved in so many parts, and in no larger ones than this.
const PARTS: u32 = 100;
const LARGEST_PART: u32 = 32;

/// The limits of one server.
#[derive(Debug)]
pub(super) struct Budget {
    server: String,
    /// Messages a second.
    pace: Option<u32>,
    quotas: Vec<Limit>,
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
}

/// What this process has reserved and not used yet.
#[derive(Debug, Default)]
struct Held {
    places: VecDeque<Instant>,
    /// For each quota.
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    messages: u32,
    bucket: i64,
}

/// Whether a message may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// It may, after this wait.
    After(Duration),
    /// A quota is used up for so long.
    UsedUp(Duration),
}

impl Budget {
    pub(super) fn new(
        server: String,
        limits: &[Limit],
        database: Arc<Database>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let is_pace = |limit: &&Limit| limit.period == Period::Second;
        let quotas: Vec<Limit> = limits.iter().copied().filter(|l| !is_pace(&l)).collect();
        Self {
            server,
            pace: limits.iter().find(is_pace).map(|limit| limit.messages),
            held: Mutex::new(Held {
                places: VecDeque::new(),
                parts: vec![Part::default(); quotas.len()],
            }),
            quotas,
            database,
            clock,
        }
    }

    /// Whether any number of messages may go.
    pub(super) fn is_unlimited(&self) -> bool {
        self.pace.is_none() && self.quotas.is_empty()
    }

    /// Takes leave for one message. Used or not, it is spent.
    pub(super) async fn take(&self) -> Result<Leave, DbErr> {
        if self.is_unlimited() {
            return Ok(Leave::After(Duration::ZERO));
        }
        let mut held = self.held.lock().await;
        for (quota, part) in self.quotas.iter().zip(&mut held.parts) {
            if part.messages > 0 {
                continue;
            }
            let wanted = (quota.messages / PARTS).clamp(1, LARGEST_PART);
            let clock = self.clock.as_ref();
            let reserve = || store::quota(&self.database, clock, &self.server, *quota, wanted);
            let granted = repeated(reserve).await?;
            if granted.messages == 0 {
                return Ok(Leave::UsedUp(granted.until));
            }
            *part = Part {
                messages: granted.messages,
                bucket: granted.bucket,
            };
        }
        let wait = match self.pace {
            Some(pace) => self.place(pace, &mut held.places).await?,
            None => Duration::ZERO,
        };
        for part in &mut held.parts {
            part.messages -= 1;
        }
        Ok(Leave::After(wait))
    }

    /// How long until the next place in the pace.
    async fn place(&self, pace: u32, places: &mut VecDeque<Instant>) -> Result<Duration, DbErr> {
        while places.front().is_some_and(|at| at.elapsed() > STALE) {
            places.pop_front();
        }
        if places.is_empty() {
            let ahead = pace * u32::try_from(AHEAD.as_millis()).unwrap_or(100) / 1_000;
            let wanted = ahead.max(1);
            let clock = self.clock.as_ref();
            let reserve = || store::pace(&self.database, clock, &self.server, pace, wanted);
            let first = repeated(reserve).await?;
            // The database looked at its clock after it was asked: counted from the answer no
            // place is too early.
            let answered = Instant::now();
            let step = Duration::from_secs(1) / pace;
            places.extend((0..wanted).map(|n| answered + first + step * n));
        }
        let at = places.pop_front().unwrap_or_else(Instant::now);
        Ok(at.saturating_duration_since(Instant::now()))
    }

    /// Gives back what was reserved of the quotas and not used, when the process stops.
    pub(super) async fn give_back(&self) -> Result<(), DbErr> {
        let mut held = self.held.lock().await;
        for (quota, part) in self.quotas.iter().zip(&mut held.parts) {
            let unused = std::mem::take(part);
            if unused.messages > 0 {
                let (messages, bucket) = (unused.messages, unused.bucket);
                let give =
                    || store::give_back(&self.database, &self.server, *quota, bucket, messages);
                repeated(give).await?;
            }
        }
        Ok(())
    }
}

/// Makes the rows that reservations are written in.
pub(super) async fn prepare(
    database: &Database,
    servers: impl Iterator<Item = &str>,
) -> Result<(), DbErr> {
    for server in servers {
        repeated(|| store::prepare(database, server)).await?;
    }
    Ok(())
}
