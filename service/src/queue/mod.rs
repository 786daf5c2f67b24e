//! The queue is a bell: it says that a slice is due, and carries nothing but ids. Whoever
//! loses it loses no message; the reconciler rings again for whatever the rows say is due.

mod memory;
mod redis;

use apalis::prelude::{RandomId, Task, TaskBuilder, TaskId};
use domain::CampaignId;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

pub use self::{memory::InProcessQueue, redis::RedisQueue};

/// The job: send a slice of a campaign. Harmless when delivered twice, late, or for a slice
/// that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SendSlice {
    /// The campaign.
    pub campaign: CampaignId,
    /// The slice's number in it.
    pub slice: i64,
}

/// A place bells are rung.
pub trait Queue: Send + Sync {
    /// Rings for some slices, in this order. An error means that they may not be heard; they
    /// are rung again later.
    fn ring<'a>(&'a self, jobs: &'a [SendSlice]) -> BoxFuture<'a, Result<(), QueueError>>;

    /// How many bells wait to be heard.
    fn depth(&self) -> BoxFuture<'_, Result<usize, QueueError>>;

    /// Takes away what heard bells leave behind, so that the queue's memory stays flat.
    fn sweep(&self) -> BoxFuture<'_, Result<(), QueueError>>;
}

/// The queue cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("the queue is away")]
pub struct QueueError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// The queue of this installation, for the worker that listens at it.
#[derive(Clone, Debug)]
pub enum QueueEnd {
    /// Inside this process.
    InProcess(InProcessQueue),
    /// In Redis, shared with other processes.
    Redis(RedisQueue),
}

impl QueueEnd {
    pub(crate) fn as_queue(&self) -> &dyn Queue {
        match self {
            Self::InProcess(queue) => queue,
            Self::Redis(queue) => queue,
        }
    }
}

/// An entry nobody else has the id of: apalis passes over one it knows.
fn entry(job: SendSlice) -> Task<SendSlice> {
    TaskBuilder::new(job)
        .task_id(TaskId::from_string(RandomId::default()))
        .build()
}
