//! How fast campaigns move, from what the poller sees.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{CampaignId, campaign::CampaignSummary};
use tokio::time::Instant;

/// A rate is that of the last few seconds.
const OVER: Duration = Duration::from_secs(5);

type Samples = VecDeque<(Instant, u64)>;

/// Messages that ended a second, by campaign.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<HashMap<CampaignId, Samples>>);

impl Rates {
    /// Notes how far each campaign under way is; forgets the others.
    pub(crate) fn note(&self, campaigns: &[CampaignSummary]) {
        let now = Instant::now();
        let mut rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rates.retain(|id, _| {
            campaigns
                .iter()
                .any(|known| known.id == *id && !known.status.has_ended())
        });
        for campaign in campaigns
            .iter()
            .filter(|campaign| !campaign.status.has_ended())
        {
            let samples = rates.entry(campaign.id).or_default();
            samples.push_back((now, campaign.counts.ended()));
            while samples
                .front()
                .is_some_and(|(at, _)| now.duration_since(*at) > OVER)
            {
                samples.pop_front();
            }
        }
    }

    /// The rate of one campaign; 0 when it is not known to move.
    pub(crate) fn of(&self, id: CampaignId) -> f64 {
        let rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(samples) = rates.get(&id) else {
            return 0.0;
        };
        let (Some((from, before)), Some((to, after))) = (samples.front(), samples.back()) else {
            return 0.0;
        };
        let seconds = to.duration_since(*from).as_secs_f64();
        if seconds < 0.1 {
            return 0.0;
        }
        f64::from(u32::try_from(after.saturating_sub(*before)).unwrap_or(u32::MAX)) / seconds
    }
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, campaign::CampaignStatus, counts::Counts};

    use super::*;

    fn at(sent: u64, status: CampaignStatus) -> CampaignSummary {
        CampaignSummary {
            id: CampaignId(1),
            name: String::new(),
            subject: String::new(),
            from_name: None,
            from_email: String::new(),
            status,
            counts: Counts {
                total: 1_000,
                sent,
                ..Counts::default()
            },
            progress: 0.0,
            rate_per_second: 0.0,
            eta_seconds: None,
            waiting_for: None,
            next_attempt_at: None,
            smtp_server: None,
            created_at: Timestamp(0),
            scheduled_at: None,
            started_at: None,
            completed_at: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_that_of_the_last_seconds() {
        let rates = Rates::default();
        for second in 0..20 {
            // Fast at first, then slow.
            let sent = if second < 10 {
                second * 50
            } else {
                500 + (second - 10) * 2
            };
            rates.note(&[at(sent, CampaignStatus::Processing)]);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(
            (rates.of(CampaignId(1)) - 2.0).abs() < 0.01,
            "{}",
            rates.of(CampaignId(1))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_ended_campaign_has_no_rate() {
        let rates = Rates::default();
        rates.note(&[at(0, CampaignStatus::Processing)]);
        tokio::time::advance(Duration::from_secs(1)).await;
        rates.note(&[at(100, CampaignStatus::Processing)]);
        assert!((rates.of(CampaignId(1)) - 100.0).abs() < 0.01);
        rates.note(&[at(1_000, CampaignStatus::Completed)]);
        assert!(rates.of(CampaignId(1)).abs() < f64::EPSILON);
    }
}
