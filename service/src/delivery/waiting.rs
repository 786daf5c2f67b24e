//! What is said of a campaign that stands still, and when it is no longer said.
//!
//! Several processes look at the same campaigns, so none of them goes by what it knows of
//! itself alone: a campaign that moves is not waiting, whoever moves it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::CampaignId;
use tokio::time::Instant;

use super::{reconcile::Running, ring::Standing};
use crate::campaigns::view::waiting;

/// A campaign that did not move for so long stands still.
const STILL_AFTER: Duration = Duration::from_millis(900);
/// Workers that were not seen for so long are gone.
const NO_WORKER_AFTER: Duration = Duration::from_secs(40);

/// What this process knows of why mail may stand still.
#[derive(Clone, Debug, Default)]
pub(super) struct Obstacles {
    /// Why the SMTP server is given a rest, where this process sends.
    pub(super) unreachable: Option<String>,
    /// For how long no worker has been seen.
    pub(super) no_worker_for: Option<Duration>,
}

/// What is to be said of a campaign from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// That it waits, and for what.
    Waits {
        code: &'static str,
        detail: Option<String>,
    },
    /// Nothing any more.
    Nothing,
}

/// How far each campaign was, and since when.
#[derive(Debug, Default)]
pub(super) struct Movements(Mutex<HashMap<CampaignId, (i64, Instant)>>);

impl Movements {
    /// Takes note of how far the campaigns are, and forgets the others.
    pub(super) fn note(&self, standings: &[Standing]) {
        let now = Instant::now();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut present = HashMap::with_capacity(standings.len());
        for standing in standings {
            let Some(campaign) = standing.sums.email_job_id else {
                continue;
            };
            let far = standing.sums.placed();
            let since = known
                .get(&campaign)
                .filter(|(before, _)| *before == far)
                .map_or(now, |(_, since)| *since);
            present.insert(campaign, (far, since));
        }
        *known = present;
    }

    /// For how long a campaign has not moved, as far as this process has seen.
    fn still_for(&self, campaign: CampaignId) -> Duration {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&campaign)
            .map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }

    /// What is to change in what is said of a campaign, if anything.
    pub(super) fn judge(
        &self,
        running: &Running,
        standing: &Standing,
        obstacles: &Obstacles,
    ) -> Option<Note> {
        let said = running.waiting_code.as_deref();
        let stands = standing.has_work() && self.still_for(running.id) >= STILL_AFTER;
        let no_worker = obstacles
            .no_worker_for
            .is_some_and(|unseen| unseen >= NO_WORKER_AFTER);
        if stands && no_worker {
            return (said != Some(waiting::NO_WORKER)).then_some(Note::Waits {
                code: waiting::NO_WORKER,
                detail: None,
            });
        }
        if stands && said.is_none() {
            let reason = obstacles.unreachable.clone()?;
            return Some(Note::Waits {
                code: waiting::SMTP_UNREACHABLE,
                detail: Some(reason),
            });
        }
        let passed = match said {
            Some(waiting::NO_WORKER) => !no_worker || !stands,
            Some(waiting::SMTP_UNREACHABLE) => !stands,
            _ => false,
        };
        passed.then_some(Note::Nothing)
    }
}
