//! What was promised, checked recipient by recipient.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use domain::{
    campaign::CampaignSummary,
    recipient::{Recipient, RecipientStatus},
};

use super::{
    exposure::Exposure,
    plan::{Plan, is_cut_after_the_dot},
    world::{LOOK, World},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// What became of a round's recipients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) sent: u64,
    pub(crate) failed: u64,
    pub(crate) unknown: u64,
    pub(crate) bound: u64,
    /// Not ended, or SENT and nobody got it.
    pub(crate) lost: Vec<String>,
    /// More than one copy arrived.
    pub(crate) copies: Vec<String>,
    /// FAILED, and yet it arrived.
    pub(crate) untrue: Vec<String>,
    /// Campaigns whose numbers do not add up, or are not those of their rows.
    pub(crate) wrong_sums: Vec<String>,
}

impl Verdict {
    pub(crate) fn keeps_every_promise(&self) -> bool {
        self.faults().next().is_none() && self.unknown <= self.bound
    }

    pub(crate) fn faults(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let lists = [
            ("lost", &self.lost),
            ("silent copy", &self.copies),
            ("failed but delivered", &self.untrue),
            ("sum", &self.wrong_sums),
        ];
        lists
            .into_iter()
            .flat_map(|(name, list)| list.iter().map(move |one| (name, one)))
    }

    pub(crate) async fn of(world: &World, plan: &Plan, ids: &[i64], exposure: Exposure) -> Self {
        let cut = plan
            .recipients()
            .filter(|email| is_cut_after_the_dot(email));
        let mut verdict = Self {
            bound: exposure.bound() + cut.count() as u64,
            ..Self::default()
        };
        for (id, emails) in ids.iter().zip(&plan.campaigns) {
            let (campaign, rows) = read(world, *id).await;
            verdict.judge_rows(world, emails, &rows);
            verdict.judge_sums(&campaign, &rows, emails.len() as u64);
        }
        verdict
    }

    fn judge_rows(&mut self, world: &World, emails: &[String], rows: &[Recipient]) {
        let store = world.caught();
        let rows: HashMap<&str, &Recipient> =
            rows.iter().map(|row| (row.email.as_str(), row)).collect();
        for email in emails {
            let status = rows.get(email.as_str()).map(|row| row.status);
            let copies = store.delivered_to(email);
            let said = || format!("{email}: {status:?}, {copies} copies");
            match status {
                Some(RecipientStatus::Sent) => self.sent += 1,
                Some(RecipientStatus::Failed) => self.failed += 1,
                Some(RecipientStatus::Unknown) => self.unknown += 1,
                _ => {}
            }
            match (status, copies) {
                (_, 2..) => self.copies.push(said()),
                (Some(RecipientStatus::Failed), 1) => self.untrue.push(said()),
                (Some(RecipientStatus::Sent), 1)
                | (Some(RecipientStatus::Failed), 0)
                | (Some(RecipientStatus::Unknown), _) => {}
                _ => self.lost.push(said()),
            }
        }
    }

    fn judge_sums(&mut self, campaign: &CampaignSummary, rows: &[Recipient], total: u64) {
        let counts = &campaign.counts;
        let is_right = campaign.status.has_ended()
            && counts.total == total
            && counts.ended() == total
            && is_of(campaign, rows);
        if !is_right {
            self.wrong_sums.push(format!("{campaign:?}"));
        }
    }
}

/// Whether the campaign's numbers are those of its rows.
fn is_of(campaign: &CampaignSummary, rows: &[Recipient]) -> bool {
    let count = |status| rows.iter().filter(|row| row.status == status).count() as u64;
    let counts = &campaign.counts;
    counts.sent == count(RecipientStatus::Sent)
        && counts.failed == count(RecipientStatus::Failed)
        && counts.unknown == count(RecipientStatus::Unknown)
        && counts.skipped == count(RecipientStatus::Skipped)
}

/// A campaign and its rows. Evidence may still come in late and settle an UNKNOWN, so they are read
/// again until they agree, for a while.
async fn read(world: &World, id: i64) -> (CampaignSummary, Vec<Recipient>) {
    let began = Instant::now();
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let rows = world.client.recipients(id, "");
        let campaign = world.client.campaign(id);
        if let (Ok(campaign), Ok(rows)) = (campaign, rows)
            && (is_of(&campaign, &rows) || began.elapsed() > PATIENCE)
        {
            return (campaign, rows);
        }
        assert!(
            began.elapsed() < 2 * PATIENCE,
            "the server does not tell of campaign {id}"
        );
    }
}
