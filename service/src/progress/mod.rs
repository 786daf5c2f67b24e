//! Live progress: one poller per process, fanned out to every listener.

use domain::{CampaignId, campaign::CampaignSummary};
use futures::{Stream, stream};

use crate::Result;

/// Live progress of campaigns.
pub struct Progress;

/// Something a listener should know. It carries the whole present state, so that a listener
/// who missed any number of events knows as much as one who missed none.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgressEvent {
    /// Rises with every event of the campaign: `Last-Event-ID`.
    pub id: u64,
    /// Whether the campaign's status changed with it.
    pub status_changed: bool,
    /// The campaign's state.
    pub campaign: CampaignSummary,
}

impl Progress {
    /// The present state of one campaign at once, then each change, at most two a second,
    /// until the campaign has ended or the process stops.
    pub async fn watch(
        &self,
        _: CampaignId,
    ) -> Result<impl Stream<Item = ProgressEvent> + Send + use<>> {
        Ok(stream::empty())
    }

    /// Each change of any campaign, at most two a second each.
    pub fn watch_all(&self) -> impl Stream<Item = ProgressEvent> + Send + use<> {
        stream::empty()
    }
}
