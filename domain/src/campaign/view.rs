//! What the outside sees of a campaign.

use serde::{Deserialize, Serialize};

use crate::{
    CampaignId, FieldError, RecipientId, Timestamp, campaign::CampaignStatus, counts::Counts,
    recipient::RecipientStatus,
};

/// A campaign as lists, bars and events show it: its true state at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignSummary {
    /// Its id.
    pub id: CampaignId,
    /// What its maker calls it; the subject when nothing was said.
    pub name: String,
    /// The subject, as written.
    pub subject: String,
    /// The sender's display name.
    pub from_name: Option<String>,
    /// The sender's address.
    pub from_email: String,
    /// The SMTP server it goes by, where one was chosen; by the sender's domain otherwise.
    pub smtp_server: Option<String>,
    /// Where it stands.
    pub status: CampaignStatus,
    /// How many recipients are where.
    #[serde(flatten)]
    pub counts: Counts,
    /// How much has ended, in percent; 100 only when all has, 0 while nobody is on the list.
    pub progress: f64,
    /// Messages that ended each second, over the last few seconds.
    pub rate_per_second: f64,
    /// Seconds left at that rate; null while nothing moves, or nobody is on the list.
    pub eta_seconds: Option<u64>,
    /// Why it stands still, in plain words; null while it does not.
    pub waiting_for: Option<String>,
    /// When the next deferred recipient is due; null when nobody is deferred.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it starts, or started, by itself.
    pub scheduled_at: Option<Timestamp>,
    /// When a worker first took it up.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// One campaign, with the first of its failures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Campaign {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: CampaignSummary,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// The first recipients that are FAILED or UNKNOWN, in the list's order; at most 20.
    pub errors: Vec<DeliveryError>,
}

/// One recipient's failure, whose and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryError {
    /// The recipient's id.
    pub recipient_id: RecipientId,
    /// The address as first written.
    pub email: String,
    /// FAILED or UNKNOWN.
    pub status: RecipientStatus,
    /// The SMTP reply code, where a server answered.
    pub code: Option<u16>,
    /// The enhanced status code, where the server gave one.
    pub enhanced_code: Option<String>,
    /// The server's words, or the reason.
    pub error: String,
}

/// The answer to a create: the campaign, and what of the list was not taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignCreated {
    /// The campaign as stored.
    #[serde(flatten)]
    pub campaign: Campaign,
    /// What of the list was not taken. A replay of the same key tells the duplicates and the
    /// invalid ones of that same list again.
    pub left_out: LeftOut,
}

/// What of a list of recipients was not taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Addresses that stood in the list before; each gets one message.
    pub duplicates: u64,
    /// How many are not addresses.
    pub invalid: u64,
    /// The first hundred of these, each with its position.
    pub invalid_recipients: Vec<FieldError>,
}

/// How many campaigns are in each status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignTotals {
    /// All of them.
    pub all: u64,
    /// Those of one status; a status nobody is in is left out.
    pub by_status: Vec<(CampaignStatus, u64)>,
}

impl CampaignTotals {
    /// How many are in one of `statuses`.
    #[must_use]
    pub fn of(&self, statuses: &[CampaignStatus]) -> u64 {
        self.by_status
            .iter()
            .filter(|(status, _)| statuses.contains(status))
            .map(|(_, n)| n)
            .sum()
    }
}

/// What the dashboard shows above the list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// Campaigns that need a person: with unknown outcomes, or standing still; newest first.
    pub needs_you: Vec<CampaignSummary>,
    /// Campaigns that are being sent or about to be; oldest first.
    pub sending: Vec<CampaignSummary>,
    /// How many campaigns are in each status.
    pub totals: CampaignTotals,
}
