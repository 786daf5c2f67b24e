//! Leases by observation: who takes a slice from a worker that fell silent, and when.
//!
//! A live owner bumps its slices' `renewal`. Nobody's wall clock is asked: a lease has lapsed
//! once this process has itself seen the same epoch and renewal for a full lease, on its own
//! monotonic clock and with no gap in its looking. A gap would prove nothing: while the
//! database was away the owner could not renew either.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::future::join_all;
use sea_orm::DbErr;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::slices::{self, Held};
use crate::{clock::Clock, config::Uncertain, database::Database, queue::SendSlice};

/// Looks in one lease. Enough that the gap between two stays far below it.
const LOOKS_A_LEASE: u32 = 8;
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What has been seen of the slices that are held.
#[derive(Debug)]
struct Observations {
    lease: Duration,
    seen: HashMap<SendSlice, Seen>,
    last_look: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    epoch: i64,
    renewal: i64,
    since: Instant,
}

impl Observations {
    fn new(lease: Duration) -> Self {
        Self {
            lease,
            seen: HashMap::new(),
            last_look: None,
        }
    }

    /// Begins anew: what was seen before proves nothing any more.
    fn forget(&mut self) {
        self.seen.clear();
        self.last_look = None;
    }

    /// Takes note of what was held at one look, and returns what has lapsed. The look was
    /// `asked` for before the database was, and `answered` after.
    fn note(&mut self, held: Vec<Held>, asked: Instant, answered: Instant) -> Vec<Held> {
        let gap = self.last_look.map(|last| asked.duration_since(last));
        if gap.is_some_and(|gap| gap > self.lease / 2) {
            self.forget();
        }
        self.last_look = Some(answered);
        let before = std::mem::take(&mut self.seen);
        let mut lapsed = Vec::new();
        for held in held {
            let same = before
                .get(&held.job)
                .filter(|seen| (seen.epoch, seen.renewal) == (held.epoch, held.renewal));
            // The owner's renewal was visible at the latest when the look was answered, and is
            // unchanged at the earliest when the next one is asked for.
            let since = same.map_or(answered, |seen| seen.since);
            let seen = Seen {
                epoch: held.epoch,
                renewal: held.renewal,
                since,
            };
            self.seen.insert(held.job, seen);
            if asked.saturating_duration_since(since) >= self.lease {
                lapsed.push(held);
            }
        }
        lapsed
    }
}

/// Watches the leases of all workers until `stop`, and ends those that have lapsed: whoever was
/// left in SENDING becomes UNKNOWN, and the slice is ready for another worker.
pub(crate) async fn watch(
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    (lease, uncertain): (Duration, Uncertain),
    stop: CancellationToken,
) {
    let mut observations = Observations::new(lease);
    let mut looks = tokio::time::interval((lease / LOOKS_A_LEASE).min(LONGEST_PAUSE));
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {}
        }
        if let Err(error) = look(&mut observations, &database, clock.as_ref(), uncertain).await {
            observations.forget();
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "leases cannot be watched now"
            );
        }
    }
}

async fn look(
    observations: &mut Observations,
    database: &Database,
    clock: &dyn Clock,
    uncertain: Uncertain,
) -> Result<(), DbErr> {
    let asked = Instant::now();
    let held = slices::held_by_anybody(database.reader()).await?;
    let lapsed = observations.note(held, asked, Instant::now());
    // Side by side: one whose row a frozen owner still locks keeps no other waiting.
    let expire = |held| expire(database, clock, held, uncertain);
    let ended = join_all(lapsed.iter().map(expire)).await;
    ended.into_iter().collect()
}

/// Ends every lease there is. Only for whoever has the database to itself: then all of them are
/// those of processes that are gone.
pub(super) async fn expire_all(
    database: &Database,
    clock: &dyn Clock,
    uncertain: Uncertain,
) -> Result<(), DbErr> {
    for held in slices::held_by_anybody(database.reader()).await? {
        expire(database, clock, &held, uncertain).await?;
    }
    Ok(())
}

async fn expire(
    database: &Database,
    clock: &dyn Clock,
    held: &Held,
    uncertain: Uncertain,
) -> Result<(), DbErr> {
    if let Some(unknown) = slices::expire(database, held, uncertain, clock.now()).await? {
        tracing::warn!(
            campaign.id = held.job.campaign.0,
            slice.no = held.job.slice,
            worker.id = held.owner.as_deref().unwrap_or_default(),
            unknown,
            "taken over from a worker that fell silent",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::CampaignId;

    use super::*;

    const LEASE: Duration = Duration::from_secs(20);

    /// Looks that take no time, at moments of the test's choosing.
    struct Watch {
        observations: Observations,
        start: Instant,
    }

    impl Watch {
        fn new() -> Self {
            Self {
                observations: Observations::new(LEASE),
                start: Instant::now(),
            }
        }

        /// Whether the lease is found lapsed at a look at this second.
        fn finds_lapsed(&mut self, second: u64, epoch: i64, renewal: i64) -> bool {
            let at = self.start + Duration::from_secs(second);
            let held = Held {
                job: SendSlice {
                    campaign: CampaignId(1),
                    slice: 0,
                },
                owner: None,
                epoch,
                renewal,
            };
            !self.observations.note(vec![held], at, at).is_empty()
        }
    }

    #[test]
    fn a_lease_lapses_after_a_full_lease_without_a_sign_and_not_before() {
        let mut watch = Watch::new();
        for second in 0..20 {
            assert!(!watch.finds_lapsed(second, 1, 0), "at {second} s");
        }
        assert!(watch.finds_lapsed(20, 1, 0));
    }

    #[test]
    fn a_renewal_and_a_new_owner_each_begin_a_lease_anew() {
        let mut watch = Watch::new();
        for second in 0..60 {
            assert!(!watch.finds_lapsed(second, 1, i64::try_from(second / 10).unwrap()));
        }
        for second in 60..79 {
            assert!(!watch.finds_lapsed(second, 2, 5));
        }
    }

    #[test]
    fn a_gap_in_the_looking_proves_nothing() {
        let mut watch = Watch::new();
        assert!(!watch.finds_lapsed(0, 1, 0));
        // The database was away, and the owner could not renew.
        assert!(!watch.finds_lapsed(60, 1, 0));
        for second in 61..80 {
            assert!(!watch.finds_lapsed(second, 1, 0), "at {second} s");
        }
        assert!(watch.finds_lapsed(80, 1, 0));
    }

    #[test]
    fn a_look_counts_from_its_answer_to_the_next_ones_question() {
        let mut observations = Observations::new(LEASE);
        let start = Instant::now();
        let held = || {
            vec![Held {
                job: SendSlice {
                    campaign: CampaignId(1),
                    slice: 0,
                },
                owner: None,
                epoch: 1,
                renewal: 0,
            }]
        };
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(observations.note(held(), at(0), at(5)).is_empty());
        assert!(observations.note(held(), at(12), at(13)).is_empty());
        // Twenty seconds after the first question, but only fifteen after its answer.
        assert!(observations.note(held(), at(20), at(26)).is_empty());
        assert_eq!(observations.note(held(), at(27), at(28)).len(), 1);
    }
}
