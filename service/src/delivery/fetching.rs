//! When a process fetches another slice of a campaign: when it would run dry otherwise, and one at
//! a time. What it does not need yet is left to other workers.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::CampaignId;
use tokio::{sync::Notify, time::timeout};

use super::work::FEW;

/// How long it is at most until somebody who waits looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The campaigns of which a slice is being fetched.
#[derive(Debug, Default)]
pub(super) struct Fetching {
    campaigns: Arc<Mutex<HashSet<CampaignId>>>,
    low: Arc<Notify>,
}

/// Leave to fetch a slice of one campaign; nobody else gets it while this lives.
#[derive(Debug)]
pub(super) struct Fetched {
    campaign: CampaignId,
    campaigns: Arc<Mutex<HashSet<CampaignId>>>,
    low: Arc<Notify>,
}

impl Fetching {
    /// To be notified whenever few of a slice are left.
    pub(super) fn low(&self) -> Arc<Notify> {
        Arc::clone(&self.low)
    }

    /// Leave to fetch, once there are few `waiting`.
    pub(super) async fn leave(&self, campaign: CampaignId, waiting: impl Fn() -> usize) -> Fetched {
        loop {
            let low = self.low.notified();
            tokio::pin!(low);
            low.as_mut().enable();
            if let Some(fetched) = self.try_leave(campaign, &waiting) {
                return fetched;
            }
            // Of several small slices none may tell that few are left in all.
            let _ = timeout(LOOK_AGAIN, low).await;
        }
    }

    fn try_leave(&self, campaign: CampaignId, waiting: impl Fn() -> usize) -> Option<Fetched> {
        let mut campaigns = lock(&self.campaigns);
        if campaigns.contains(&campaign) || waiting() > FEW {
            return None;
        }
        campaigns.insert(campaign);
        Some(Fetched {
            campaign,
            campaigns: Arc::clone(&self.campaigns),
            low: Arc::clone(&self.low),
        })
    }
}

fn lock(campaigns: &Mutex<HashSet<CampaignId>>) -> MutexGuard<'_, HashSet<CampaignId>> {
    campaigns.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Fetched {
    fn drop(&mut self) {
        lock(&self.campaigns).remove(&self.campaign);
        self.low.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::FutureExt;

    use super::*;

    const CAMPAIGN: CampaignId = CampaignId(1);

    #[tokio::test]
    async fn one_slice_of_a_campaign_is_fetched_at_a_time() {
        let fetching = Fetching::default();
        let first = fetching.leave(CAMPAIGN, || 0).await;
        assert!(fetching.leave(CAMPAIGN, || 0).now_or_never().is_none());
        let other = fetching.leave(CampaignId(2), || 0).now_or_never();
        assert!(other.is_some(), "another campaign waited");
        drop(first);
        assert!(fetching.leave(CAMPAIGN, || 0).now_or_never().is_some());
    }

    #[tokio::test]
    async fn the_next_slice_is_fetched_when_few_are_left() {
        let fetching = Fetching::default();
        let waiting = AtomicUsize::new(FEW + 1);
        let leave = fetching.leave(CAMPAIGN, || waiting.load(Ordering::Relaxed));
        tokio::pin!(leave);
        assert!(leave.as_mut().now_or_never().is_none());
        waiting.store(FEW, Ordering::Relaxed);
        fetching.low().notify_waiters();
        assert!(leave.now_or_never().is_some());
    }
}
