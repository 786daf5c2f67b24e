//! The journal: starts and outcomes, made durable by group commit.
//!
//! One writer per process. Each transaction carries whatever has gathered while the one before
//! was being committed, so that a thousand commits a second carry tens of thousands of messages
//! and a lone message waits for nobody. A transaction that fails, or whose answer is lost, is
//! repeated as it is: fences make the repetition harmless.

mod entry;
mod moves;
mod one_by_one;
mod statements;
mod together;

use std::{sync::Arc, time::Duration};

use sea_orm::DbErr;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

pub(super) use self::entry::{Outcome, Settle, Start, StartAnswer, Started, Trouble};
use super::work::{Claimed, Lease};
use crate::{
    clock::Clock,
    database::{Database, Line, repeated},
    failpoints::failpoint,
};

/// Entries one transaction carries at most.
const BATCH: usize = 512;
/// The pause after a transaction that failed, doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug)]
enum Entry {
    Start(Start),
    Settle(Settle),
}

/// The way into the journal.
#[derive(Debug)]
pub(super) struct Journal {
    entries: mpsc::UnboundedSender<Entry>,
    close: CancellationToken,
}

impl Journal {
    /// Starts the writer. It ends once the journal is closed and everything in it is durable.
    pub(super) fn open(
        database: Arc<Database>,
        clock: Arc<dyn Clock>,
        owner: String,
    ) -> (Self, JoinHandle<()>) {
        // Unbounded, but never long: the window bounds how many messages are under way.
        let (sender, receiver) = mpsc::unbounded_channel();
        let close = CancellationToken::new();
        let writer = Writer {
            line: database.line(),
            database,
            clock,
            owner,
            receiver,
            close: close.clone(),
        };
        (
            Self {
                entries: sender,
                close,
            },
            tokio::spawn(writer.run()),
        )
    }

    /// Takes no more entries.
    pub(super) fn close(&self) {
        self.close.cancel();
    }

    /// Asks to start a message. It comes into the journal behind whatever was handed to it before,
    /// so that the place in the window which an outcome gave up is free when the start takes it.
    pub(super) fn start(&self, lease: &Lease, claimed: &Claimed) -> StartAnswer {
        let (answer, coming) = oneshot::channel();
        let start = Start {
            slice: lease.slice,
            epoch: lease.epoch,
            recipient: claimed.id,
            status: claimed.status,
            attempt: claimed.attempt,
            answer,
        };
        // Where the journal has ended, the answer says so.
        let _ = self.entries.send(Entry::Start(start));
        StartAnswer::new(coming)
    }

    /// Hands an outcome over; then, not before, the place in the window is free for another start.
    /// The outcome will be durable before any later start, or together with it.
    pub(super) fn settle(&self, settle: Settle, permit: OwnedSemaphorePermit) {
        if self.entries.send(Entry::Settle(settle)).is_err() {
            tracing::error!("an outcome came after the journal was closed");
        }
        drop(permit);
    }
}

#[derive(Debug)]
struct Writer {
    database: Arc<Database>,
    line: Line,
    clock: Arc<dyn Clock>,
    owner: String,
    receiver: mpsc::UnboundedReceiver<Entry>,
    close: CancellationToken,
}

/// What one transaction carries.
#[derive(Debug, Default)]
struct Batch {
    starts: Vec<Start>,
    settles: Vec<Settle>,
}

impl Writer {
    async fn run(mut self) {
        let mut entries = Vec::with_capacity(BATCH);
        while self.gather(&mut entries).await {
            let mut batch = Batch::default();
            for entry in entries.drain(..) {
                match entry {
                    Entry::Start(start) => batch.starts.push(start),
                    Entry::Settle(settle) => batch.settles.push(settle),
                }
            }
            let started = self.commit_until_done(&batch).await;
            for (start, started) in batch.starts.into_iter().zip(started) {
                // A slot that no longer listens has been aborted; the row shows as SENDING, and
                // whoever takes the slice over makes it UNKNOWN.
                let _ = start.answer.send(started);
            }
        }
    }

    /// Returns as soon as there is one entry, with whatever else has gathered; false when the
    /// journal is closed and empty.
    async fn gather(&mut self, entries: &mut Vec<Entry>) -> bool {
        if self.receiver.is_empty() {
            self.line.rest();
        }
        tokio::select! {
            gathered = self.receiver.recv_many(entries, BATCH) => return gathered > 0,
            () = self.close.cancelled(), if !self.receiver.is_closed() => self.receiver.close(),
        }
        self.receiver.recv_many(entries, BATCH).await > 0
    }

    async fn commit_until_done(&self, batch: &Batch) -> Vec<Started> {
        let mut pause = FIRST_PAUSE;
        loop {
            match repeated(|| self.commit(batch)).await {
                Ok(started) => return started,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        starts = batch.starts.len(),
                        outcomes = batch.settles.len(),
                        "the journal could not be written; trying again",
                    );
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn commit(&self, batch: &Batch) -> Result<Vec<Started>, DbErr> {
        let (now, owner) = (self.clock.now(), self.owner.as_str());
        failpoint!("journal::gathered");
        if let Some(packet) = together::packet(self.line.packet(), now, owner, batch)
            && self.line.commit(packet).await?
        {
            failpoint!("journal::committed");
            return Ok(vec![Started::Yes; batch.starts.len()]);
        }
        // For SQLite, whose one connection it may hold.
        self.line.rest();
        let transaction = self.database.begin().await?;
        let started = one_by_one::write(&transaction, now, owner, batch).await?;
        transaction.commit().await?;
        failpoint!("journal::committed");
        Ok(started)
    }
}
