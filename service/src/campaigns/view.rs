//! From rows to what the outside sees.

use domain::{
    Timestamp,
    campaign::CampaignSummary,
    counts::Counts,
    recipient::{FailureReason, Recipient},
};
use entity::recipient;

use super::queries::{CampaignRow, ReasonRow, SliceSums};

/// A campaign's state. While it runs its counts are those of its slices, which move with every
/// commit; its own columns follow about a second later and are exact once it has ended.
pub(crate) fn summary(row: CampaignRow, live: Option<SliceSums>, rate: f64) -> CampaignSummary {
    let sums = live
        .filter(|_| !row.status.has_ended())
        .unwrap_or(SliceSums {
            sent: row.sent_emails,
            failed: row.failed_emails,
            unknown: row.unknown_emails,
            skipped: row.skipped_emails,
            deferred: row.deferred_emails,
            ..SliceSums::default()
        });
    let counts = counts(row.total_emails, &sums);
    let rate = if row.status.has_ended() { 0.0 } else { rate };
    CampaignSummary {
        progress: counts.progress(),
        eta_seconds: counts.eta_seconds(rate),
        rate_per_second: (rate * 10.0).round() / 10.0,
        waiting_for: waiting_for(&row),
        next_attempt_at: sums.next_due_at.filter(|_| counts.deferred > 0),
        counts,
        id: row.id,
        name: row.name,
        subject: row.subject,
        from_name: row.from_name,
        from_email: row.from_email,
        smtp_server: Some(row.smtp_server).filter(|name| !name.is_empty()),
        status: row.status,
        created_at: row.created_at,
        scheduled_at: row.scheduled_at,
        started_at: row.started_at,
        completed_at: row.completed_at,
    }
}

fn counts(total: i64, sums: &SliceSums) -> Counts {
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    Counts {
        total: number(total),
        sent: number(sums.sent),
        failed: number(sums.failed),
        unknown: number(sums.unknown),
        skipped: number(sums.skipped),
        deferred: number(sums.deferred),
        pending: number(total - sums.placed()),
    }
}

/// Why a campaign stands still, as `waiting_code` in the database.
pub(crate) mod waiting {
    use domain::Timestamp;

    /// The SMTP server refuses the campaign's sender.
    pub(crate) const SENDER_REFUSED: &str = "sender_refused";
    /// One of its slices silenced too many workers.
    pub(crate) const SET_ASIDE: &str = "set_aside";
    /// The SMTP server cannot be reached, or breaks off every dialogue.
    pub(crate) const SMTP_UNREACHABLE: &str = "smtp_unreachable";
    /// A limit is used up; the detail says until when.
    pub(crate) const RATE_LIMITED: &str = "rate_limited";
    /// No worker has been seen for a while.
    pub(crate) const NO_WORKER: &str = "no_worker";

    /// The same for people.
    pub(crate) fn in_words(code: &str, detail: &str, since: Timestamp) -> String {
        match code {
            SENDER_REFUSED => format!("the SMTP server refuses the sender: {detail}"),
            SET_ASIDE => detail.to_owned(),
            SMTP_UNREACHABLE => format!("SMTP server unreachable since {since}: {detail}"),
            RATE_LIMITED => format!("rate limit until {detail}"),
            NO_WORKER => "no worker has been seen for 40 s".to_owned(),
            other => format!("{other} since {since}"),
        }
    }
}

fn waiting_for(row: &CampaignRow) -> Option<String> {
    let code = row.waiting_code.as_deref()?;
    let detail = row.waiting_detail.as_deref().unwrap_or_default();
    let since = row.waiting_since.unwrap_or(Timestamp(0));
    Some(waiting::in_words(code, detail, since))
}

pub(crate) fn recipient(row: recipient::Model) -> Recipient {
    Recipient {
        id: row.id,
        email: row.email,
        status: row.status,
        attempts: u32::try_from(row.attempts_counted).unwrap_or(0),
        code: row.code.and_then(|code| u16::try_from(code).ok()),
        enhanced_code: row.enhanced_code,
        error: row.error,
        smtp_server: row.smtp_server,
        next_attempt_at: row.next_attempt_at,
        finished_at: row.finished_at,
    }
}

pub(crate) fn reason(row: ReasonRow) -> FailureReason {
    FailureReason {
        code: row.code.and_then(|code| u16::try_from(code).ok()),
        enhanced_code: row.enhanced_code,
        example: row.example.unwrap_or_default(),
        count: u64::try_from(row.n).unwrap_or(0),
    }
}
