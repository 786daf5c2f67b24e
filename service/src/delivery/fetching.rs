//! When a process fetches another slice of a campaign: when it would run dry otherwise, and one at
//! a time. What it does not need yet is left to other workers.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::CampaignId;
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

/// With more of a campaign waiting here nothing more is fetched, however fast they go.
const FEW: usize = 500;
/// So long before the last one goes the next slice is fetched: longer than that takes.
const AHEAD: Duration = Duration::from_millis(200);
/// How long a pace is measured at least.
const MEASURED_FOR: Duration = Duration::from_millis(50);
/// Whoever waits to fetch looks again each time so many have gone, and after so long.
const LOOK_EACH: u64 = 64;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The campaigns of which slices are here, or being fetched.
#[derive(Debug, Default)]
pub(super) struct Fetching {
    going: Mutex<HashMap<CampaignId, Arc<Going>>>,
}

/// How one campaign goes out from here.
#[derive(Debug)]
pub(super) struct Going {
    handed_out: AtomicU64,
    pace: Mutex<Pace>,
    fetching: AtomicBool,
    changed: Notify,
}

/// How many were handed out when, and how many go in [`AHEAD`]: not known before there was time to
/// measure it.
#[derive(Debug)]
struct Pace {
    since: Instant,
    handed_out: u64,
    ahead: Option<u128>,
}

/// Leave to fetch a slice of one campaign; nobody else gets it while this lives.
#[derive(Debug)]
pub(super) struct Fetched(Arc<Going>);

impl Fetching {
    /// Leave to fetch, once those of the campaign who are `waiting` are few.
    pub(super) async fn leave(&self, campaign: CampaignId, waiting: impl Fn() -> usize) -> Fetched {
        let going = self.of(campaign);
        loop {
            let changed = going.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if going.runs_dry_soon(waiting()) && !going.fetching.swap(true, Ordering::AcqRel) {
                return Fetched(Arc::clone(&going));
            }
            let _ = timeout(LOOK_AGAIN, changed).await;
        }
    }

    fn of(&self, campaign: CampaignId) -> Arc<Going> {
        let mut all = lock(&self.going);
        // Those nobody holds any more have gone out, or will be measured anew.
        all.retain(|_, going| Arc::strong_count(going) > 1);
        Arc::clone(all.entry(campaign).or_default())
    }
}

impl Default for Going {
    fn default() -> Self {
        Self {
            handed_out: AtomicU64::new(0),
            pace: Mutex::new(Pace {
                since: Instant::now(),
                handed_out: 0,
                ahead: None,
            }),
            fetching: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }
}

impl Going {
    /// One more was handed out.
    pub(super) fn hand_out(&self) {
        let before = self.handed_out.fetch_add(1, Ordering::Relaxed);
        if before.is_multiple_of(LOOK_EACH) {
            self.look();
        }
    }

    /// Something changed for those who wait to fetch.
    pub(super) fn look(&self) {
        self.changed.notify_waiters();
    }

    fn runs_dry_soon(&self, waiting: usize) -> bool {
        let handed_out = self.handed_out.load(Ordering::Relaxed);
        let before_long = lock(&self.pace).ahead(handed_out);
        waiting <= FEW && before_long.is_none_or(|many| waiting as u128 <= many)
    }
}

impl Pace {
    /// How many go in [`AHEAD`], at the pace of late.
    fn ahead(&mut self, handed_out: u64) -> Option<u128> {
        let elapsed = self.since.elapsed();
        if elapsed >= MEASURED_FOR {
            let count = u128::from(handed_out.saturating_sub(self.handed_out));
            *self = Self {
                since: Instant::now(),
                handed_out,
                ahead: Some(count * AHEAD.as_millis() / elapsed.as_millis()),
            };
        }
        self.ahead
    }
}

fn lock<T>(behind: &Mutex<T>) -> MutexGuard<'_, T> {
    behind.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fetched {
    /// The campaign it is of.
    pub(super) fn going(&self) -> Arc<Going> {
        Arc::clone(&self.0)
    }
}

impl Drop for Fetched {
    fn drop(&mut self) {
        self.0.fetching.store(false, Ordering::Release);
        self.0.look();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

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

    #[tokio::test(start_paused = true)]
    async fn the_next_slice_is_fetched_when_few_are_left() {
        let fetching = Fetching::default();
        let waiting = AtomicUsize::new(FEW + 1);
        let going = fetching.leave(CAMPAIGN, || 0).await.going();
        let leave = fetching.leave(CAMPAIGN, || waiting.load(Ordering::Relaxed));
        tokio::pin!(leave);
        assert!(leave.as_mut().now_or_never().is_none());
        waiting.store(FEW, Ordering::Relaxed);
        going.look();
        assert!(leave.now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn on_a_slow_line_few_are_fewer() {
        let fetching = Fetching::default();
        let going = fetching.leave(CAMPAIGN, || 0).await.going();
        let leave_with = async |waiting| {
            for _ in 0..1_000 {
                going.hand_out();
            }
            // A thousand a second: two hundred of them go while a slice is fetched.
            tokio::time::advance(Duration::from_secs(1)).await;
            fetching.leave(CAMPAIGN, || waiting).now_or_never()
        };
        assert!(leave_with(201).await.is_none());
        assert!(leave_with(200).await.is_some());
    }
}
