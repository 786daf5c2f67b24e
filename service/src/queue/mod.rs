//! The queue is a bell: it says that a slice is due, and carries nothing but ids. Whoever
//! loses it loses no message; the reconciler rings again for whatever the rows say is due.

mod memory;

use domain::CampaignId;
use serde::{Deserialize, Serialize};

pub use memory::InProcessQueue;

/// The job: send a slice of a campaign. Harmless when delivered twice, late, or for a slice
/// that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SendSlice {
    /// The campaign.
    pub campaign: CampaignId,
    /// The slice's number in it.
    pub slice: i64,
}

/// A place bells are rung.
pub trait Queue: Send + Sync {
    /// Rings for one slice. An error means that it may not be heard; it is rung again later.
    fn ring(&self, job: SendSlice) -> Result<(), QueueError>;

    /// How many bells wait to be heard.
    fn depth(&self) -> usize;
}

/// The queue did not take a bell.
#[derive(Debug, thiserror::Error)]
#[error("the queue is away")]
pub struct QueueError;
