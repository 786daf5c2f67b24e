//! What the catcher remembers: the last messages whole, and a count of every copy for ever.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::message::{self, CaughtMessage, CaughtSummary};
use crate::options::{Now, Options};

/// Who a message is from and for, as MAIL and RCPT said.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) sender: String,
    pub(crate) recipients: Vec<String>,
}

/// A message as it is kept.
pub(crate) struct Caught {
    pub(crate) id: u64,
    pub(crate) received_at: i64,
    pub(crate) envelope: Envelope,
    pub(crate) message_id: Option<Box<str>>,
    pub(crate) source: Box<[u8]>,
    summary: OnceLock<CaughtSummary>,
}

impl Caught {
    /// The header, read the first time somebody looks.
    fn summary(&self) -> &CaughtSummary {
        self.summary.get_or_init(|| CaughtSummary::read(self))
    }
}

/// The memory of a catcher. A clone is another handle on the same memory, and outlives the server.
///
/// Counts are of accepted messages only, and for ever: they grow with the number of distinct Message-IDs and
/// addresses, not with that of messages.
#[derive(Clone)]
pub struct Store {
    memory: Arc<Mutex<Memory>>,
    keep: usize,
    keep_bytes: usize,
    now: Now,
}

#[derive(Default)]
struct Memory {
    last_id: u64,
    connections: u64,
    accepted: u64,
    kept: VecDeque<Arc<Caught>>,
    kept_bytes: usize,
    copies: HashMap<Box<str>, u32>,
    deliveries: HashMap<Box<str>, u32>,
}

impl Store {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            memory: Arc::default(),
            keep: options.keep,
            keep_bytes: options.keep_bytes,
            now: Arc::clone(&options.now),
        }
    }

    /// Counts a connection.
    pub(crate) fn connected(&self) {
        self.lock().connections += 1;
    }

    /// How many connections were opened.
    pub fn connections(&self) -> u64 {
        self.lock().connections
    }

    /// Counts an accepted message, and keeps it when there is room.
    pub(crate) fn accept(&self, envelope: Envelope, source: &[u8]) {
        let message_id = message::message_id(source);
        let keeps = self.keep > 0 && source.len() <= self.keep_bytes;
        // Copied before the lock is taken: connections wait for one another only to count.
        let copy: Option<Box<[u8]>> = keeps.then(|| source.into());
        let received_at = if keeps { (self.now)() } else { 0 };

        let mut memory = self.lock();
        memory.accepted += 1;
        if let Some(message_id) = &message_id {
            count(&mut memory.copies, message_id);
        }
        for recipient in &envelope.recipients {
            count(&mut memory.deliveries, recipient);
        }
        memory.last_id += 1;
        let id = memory.last_id;
        if let Some(source) = copy {
            memory.kept_bytes += source.len();
            memory.kept.push_back(Arc::new(Caught {
                id,
                received_at,
                envelope,
                message_id: message_id.map(Into::into),
                source,
                summary: OnceLock::new(),
            }));
            memory.forget_beyond(self.keep, self.keep_bytes);
        }
    }

    /// How many messages were accepted, copies included.
    pub fn accepted(&self) -> u64 {
        self.lock().accepted
    }

    /// How many copies of this Message-ID, written without angle brackets, were accepted.
    pub fn copies_of(&self, message_id: &str) -> u32 {
        self.lock().copies.get(message_id).copied().unwrap_or(0)
    }

    /// Every Message-ID accepted more than once, with its number of copies, in the order of the Message-IDs.
    pub fn duplicates(&self) -> Vec<(String, u32)> {
        let memory = self.lock();
        sorted(memory.copies.iter().filter(|(_, copies)| **copies > 1))
    }

    /// How many accepted messages had this recipient, written as the envelope had it.
    pub fn delivered_to(&self, address: &str) -> u32 {
        self.lock().deliveries.get(address).copied().unwrap_or(0)
    }

    /// How many distinct recipients accepted messages had.
    pub fn recipients(&self) -> usize {
        self.lock().deliveries.len()
    }

    /// Every recipient with the number of its accepted messages, in the order of the addresses.
    pub fn deliveries(&self) -> Vec<(String, u32)> {
        sorted(self.lock().deliveries.iter())
    }

    /// Lists kept messages, newest first: at most `limit`, only those with an id below `before`, only those in
    /// whose envelope, Subject, From, To or Message-ID `search` occurs, upper and lower case alike.
    pub fn list(
        &self,
        before: Option<u64>,
        limit: usize,
        search: Option<&str>,
    ) -> Vec<CaughtSummary> {
        let needle = search.unwrap_or_default().trim().to_lowercase();
        let kept: Vec<_> = {
            let memory = self.lock();
            let end = before.map_or(memory.kept.len(), |before| {
                memory.kept.partition_point(|caught| caught.id < before)
            });
            memory.kept.range(..end).rev().cloned().collect()
        };
        kept.iter()
            .map(|caught| caught.summary())
            .filter(|summary| needle.is_empty() || summary.contains(&needle))
            .take(limit)
            .cloned()
            .collect()
    }

    /// One kept message, whole; `None` when it is unknown or no longer kept.
    pub fn get(&self, id: u64) -> Option<CaughtMessage> {
        let caught = {
            let memory = self.lock();
            let position = memory.kept.binary_search_by_key(&id, |caught| caught.id);
            Arc::clone(&memory.kept[position.ok()?])
        };
        Some(CaughtMessage::read(
            caught.summary().clone(),
            &caught.source,
        ))
    }

    /// Forgets every message and every count. Ids go on from where they were.
    pub fn clear(&self) {
        let mut memory = self.lock();
        let last_id = memory.last_id;
        let forgotten = std::mem::replace(
            &mut *memory,
            Memory {
                last_id,
                ..Memory::default()
            },
        );
        drop(memory);
        // Freeing it may take a while; nobody waits for the lock meanwhile.
        drop(forgotten);
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        // Every change under the lock is complete in itself, so a panic elsewhere leaves nothing half done.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Store")
            .field("accepted", &self.accepted())
            .finish_non_exhaustive()
    }
}

impl Memory {
    fn forget_beyond(&mut self, messages: usize, bytes: usize) {
        while self.kept.len() > messages || self.kept_bytes > bytes {
            let Some(oldest) = self.kept.pop_front() else {
                return;
            };
            self.kept_bytes -= oldest.source.len();
        }
    }
}

/// Counts one more; allocates only for what is new.
fn count(counts: &mut HashMap<Box<str>, u32>, key: &str) {
    if let Some(times) = counts.get_mut(key) {
        *times += 1;
    } else {
        counts.insert(key.into(), 1);
    }
}

fn sorted<'a>(counts: impl Iterator<Item = (&'a Box<str>, &'a u32)>) -> Vec<(String, u32)> {
    let mut list: Vec<_> = counts
        .map(|(key, times)| (key.to_string(), *times))
        .collect();
    list.sort_unstable();
    list
}
