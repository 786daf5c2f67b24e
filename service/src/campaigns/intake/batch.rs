//! From recipients to batches that are stored one after the other.

use domain::{address::EmailAddress, campaign::RecipientVars};
use tokio::sync::mpsc;

use super::Fault;
use crate::campaigns::prepare::PreparedRecipient;

/// Recipients of one batch, and so of one transaction: many enough that its commit costs little
/// beside its rows, few enough that SQLite's only writer is free again soon.
pub(in crate::campaigns) const BATCH_SIZE: usize = 4_000;
/// As many octets of addresses and variables as a batch begins its last recipient with.
const BATCH_OCTETS: usize = 1 << 20;
/// Batches that wait for whoever stores them.
const WAITING: usize = 2;

/// Recipients that are stored together.
pub(in crate::campaigns) type Batch = Vec<PreparedRecipient>;

/// The reader's end of the queue, and the storing one's.
pub(in crate::campaigns) fn channel() -> (Batches, mpsc::Receiver<Batch>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let batches = Batches {
        batch: Vec::new(),
        octets: 0,
        sender: Some(sender),
        taken: 0,
    };
    (batches, receiver)
}

/// Gathers recipients into batches and hands them on. Duplicates are still among them.
#[derive(Debug)]
pub(in crate::campaigns) struct Batches {
    batch: Batch,
    octets: usize,
    /// Where they go; nowhere when they are only counted.
    sender: Option<mpsc::Sender<Batch>>,
    taken: u64,
}

impl Batches {
    /// Takes a recipient in. Waits while whoever stores them is behind.
    pub(in crate::campaigns) fn take(
        &mut self,
        address: &EmailAddress,
        vars: &RecipientVars,
    ) -> Result<(), Fault> {
        self.taken += 1;
        if self.sender.is_none() {
            return Ok(());
        }
        let recipient = PreparedRecipient::of(address, vars);
        self.octets += recipient.octets();
        if self.batch.is_empty() {
            self.batch.reserve(BATCH_SIZE.min(64));
        }
        self.batch.push(recipient);
        if self.batch.len() >= BATCH_SIZE || self.octets >= BATCH_OCTETS {
            self.hand_on()?;
        }
        Ok(())
    }

    /// Hands no more on: nothing of this list will be stored.
    pub(in crate::campaigns) fn count_only(&mut self) {
        self.sender = None;
        self.batch = Vec::new();
    }

    /// Hands on what is left, and tells how many there were.
    pub(in crate::campaigns) fn finish(mut self) -> Result<u64, Fault> {
        if !self.batch.is_empty() {
            self.hand_on()?;
        }
        Ok(self.taken)
    }

    fn hand_on(&mut self) -> Result<(), Fault> {
        self.octets = 0;
        let next = Vec::with_capacity(self.batch.len());
        let batch = std::mem::replace(&mut self.batch, next);
        match &self.sender {
            Some(sender) => sender.blocking_send(batch).map_err(|_| Fault::Unwanted),
            None => Ok(()),
        }
    }
}
