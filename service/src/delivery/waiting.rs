//! What is said of a campaign that stands still, and when it is no longer said.
//!
//! Several processes look at the same campaigns, so none of them goes by what it knows of
//! itself alone: a campaign that moves is not waiting, whoever moves it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{CampaignId, Timestamp};
use tokio::time::Instant;

use super::{active::Active, outlet::Rest, ring::Standing};
use crate::campaigns::view::waiting;

/// A campaign that did not move for so long stands still.
const STILL_AFTER: Duration = Duration::from_millis(900);
/// Workers that were not seen for so long are gone.
const NO_WORKER_AFTER: Duration = Duration::from_secs(40);

/// What this process knows of why a campaign's mail may stand still.
#[derive(Clone, Debug, Default)]
pub(super) struct Obstacles {
    /// Why nothing goes out by its SMTP server, where this process sends.
    pub(super) rest: Option<Rest>,
    /// For how long no worker has been seen.
    pub(super) no_worker_for: Option<Duration>,
    pub(super) now: Timestamp,
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
        running: &Active,
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
            return Some(match obstacles.rest.clone()? {
                Rest::Unreachable(reason) => Note::Waits {
                    code: waiting::SMTP_UNREACHABLE,
                    detail: Some(reason),
                },
                Rest::UsedUp(wait) => Note::Waits {
                    code: waiting::RATE_LIMITED,
                    detail: Some(to_the_second(obstacles.now.plus(wait)).to_string()),
                },
            });
        }
        let passed = match said {
            Some(waiting::NO_WORKER) => !no_worker || !stands,
            Some(waiting::SMTP_UNREACHABLE | waiting::RATE_LIMITED) => !stands,
            _ => false,
        };
        passed.then_some(Note::Nothing)
    }
}

fn to_the_second(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - at.0.rem_euclid(1_000))
}

#[cfg(test)]
mod tests {
    use domain::campaign::CampaignStatus;
    use entity::email_job::DesiredState;

    use super::*;
    use crate::campaigns::queries::SliceSums;

    const CAMPAIGN: CampaignId = CampaignId(1);

    fn standing(sent: i64, due: i64) -> Standing {
        Standing {
            sums: SliceSums {
                email_job_id: Some(CAMPAIGN),
                sent,
                ..SliceSums::default()
            },
            due,
            ahead: 0,
            leased: 0,
        }
    }

    /// A campaign of which this is said already.
    fn running(waiting_code: Option<&str>) -> Active {
        Active {
            id: CAMPAIGN,
            status: CampaignStatus::Processing,
            desired_state: DesiredState::Run,
            open_slices: 1,
            sent_emails: 0,
            failed_emails: 0,
            unknown_emails: 0,
            skipped_emails: 0,
            deferred_emails: 0,
            waiting_code: waiting_code.map(ToOwned::to_owned),
            smtp_server: String::new(),
            from_email: "news@example.org".to_owned(),
        }
    }

    fn unreachable() -> Obstacles {
        Obstacles {
            rest: Some(Rest::Unreachable("connection refused".to_owned())),
            ..Obstacles::default()
        }
    }

    fn no_worker(seconds: u64) -> Obstacles {
        Obstacles {
            no_worker_for: Some(Duration::from_secs(seconds)),
            ..Obstacles::default()
        }
    }

    /// What is to be said of a campaign that has stood at `standing` for two seconds.
    async fn said(said: Option<&str>, standing: Standing, obstacles: &Obstacles) -> Option<Note> {
        let movements = Movements::default();
        movements.note(&[standing]);
        tokio::time::advance(Duration::from_secs(2)).await;
        movements.note(&[standing]);
        movements.judge(&running(said), &standing, obstacles)
    }

    fn waits(note: Option<&Note>) -> Option<&'static str> {
        match note {
            Some(Note::Waits { code, .. }) => Some(code),
            _ => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_campaign_that_stands_still_says_what_it_waits_for() {
        let note = said(None, standing(5, 1), &unreachable()).await;
        assert_eq!(waits(note.as_ref()), Some(waiting::SMTP_UNREACHABLE));
        let note = said(None, standing(5, 1), &no_worker(40)).await;
        assert_eq!(waits(note.as_ref()), Some(waiting::NO_WORKER));
        assert_eq!(said(None, standing(5, 1), &no_worker(39)).await, None);
        assert_eq!(
            said(None, standing(5, 1), &Obstacles::default()).await,
            None
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_campaign_whose_limit_is_used_up_says_until_when() {
        let used_up = Obstacles {
            rest: Some(Rest::UsedUp(Duration::from_hours(1))),
            now: Timestamp(1_795_503_451_120),
            ..Obstacles::default()
        };
        let note = said(None, standing(5, 1), &used_up).await;
        let Some(Note::Waits { code, detail }) = note else {
            panic!("{note:?}");
        };
        let words = waiting::in_words(code, &detail.unwrap(), used_up.now);
        assert_eq!(words, "rate limit until 2026-11-24T07:57:31Z");
    }

    #[tokio::test(start_paused = true)]
    async fn a_campaign_that_moves_is_not_waiting_whoever_moves_it() {
        let movements = Movements::default();
        movements.note(&[standing(5, 1)]);
        tokio::time::advance(Duration::from_secs(2)).await;
        let moved = standing(6, 1);
        movements.note(&[moved]);
        let judge = |said| movements.judge(&running(said), &moved, &unreachable());
        assert_eq!(judge(None), None);
        assert_eq!(judge(Some(waiting::SMTP_UNREACHABLE)), Some(Note::Nothing));
    }

    #[tokio::test(start_paused = true)]
    async fn a_campaign_of_which_everybody_left_is_deferred_waits_for_no_server() {
        assert_eq!(said(None, standing(5, 0), &unreachable()).await, None);
        let unreached = Some(waiting::SMTP_UNREACHABLE);
        let note = said(unreached, standing(5, 0), &unreachable()).await;
        assert_eq!(note, Some(Note::Nothing));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_word_on_a_campaign_is_the_latest_reason() {
        let unreached = Some(waiting::SMTP_UNREACHABLE);
        let note = said(unreached, standing(5, 1), &no_worker(60)).await;
        assert_eq!(waits(note.as_ref()), Some(waiting::NO_WORKER));
        let note = said(
            Some(waiting::NO_WORKER),
            standing(5, 1),
            &Obstacles::default(),
        )
        .await;
        assert_eq!(note, Some(Note::Nothing));
        // Why it was paused is not for this to say.
        let refused = Some(waiting::SENDER_REFUSED);
        assert_eq!(said(refused, standing(5, 1), &unreachable()).await, None);
    }
}
