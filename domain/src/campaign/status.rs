//! The campaign's status machine.

use serde::{Deserialize, Serialize};

/// Where a campaign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(
    feature = "sea-orm",
    derive(sea_orm::EnumIter, sea_orm::DeriveActiveEnum),
    sea_orm(
        rs_type = "String",
        db_type = "String(sea_orm::sea_query::StringLen::N(16))",
        rename_all = "SCREAMING_SNAKE_CASE"
    )
)]
pub enum CampaignStatus {
    /// Being written; nothing goes out.
    Draft,
    /// Starts by itself at a set time.
    Scheduled,
    /// Complete and stored; no worker has taken it up yet.
    Pending,
    /// Workers are sending it, or wait for the time of a second try.
    Processing,
    /// Stands still until somebody resumes it.
    Paused,
    /// Ended; at least one message was accepted or may have been, or nobody was to get one.
    Completed,
    /// Ended, and not one message was accepted or left unknown, though somebody was to get one.
    Failed,
    /// Cancelled by a person; what is left is being skipped.
    Cancelling,
    /// Cancelled, and at rest.
    Cancelled,
}

impl CampaignStatus {
    /// Every status, in the order of a campaign's life.
    pub const ALL: [Self; 9] = [
        Self::Draft,
        Self::Scheduled,
        Self::Pending,
        Self::Processing,
        Self::Paused,
        Self::Completed,
        Self::Failed,
        Self::Cancelling,
        Self::Cancelled,
    ];

    /// Whether a campaign may go from this status to `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use CampaignStatus::{
            Cancelled, Cancelling, Completed, Draft, Failed, Paused, Pending, Processing, Scheduled,
        };
        match self {
            Draft => matches!(next, Scheduled | Pending | Cancelling),
            Scheduled => matches!(next, Draft | Pending | Cancelling),
            // Everybody may have been skipped before the first message: then it ends from here.
            Pending => matches!(next, Processing | Paused | Completed | Failed | Cancelling),
            Processing => matches!(next, Paused | Completed | Failed | Cancelling),
            Paused => matches!(next, Processing | Completed | Failed | Cancelling),
            // By retry or resend.
            Completed | Failed => matches!(next, Processing),
            Cancelling => matches!(next, Cancelled),
            Cancelled => false,
        }
    }

    /// Whether nothing more happens to the campaign by itself.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether it may still be changed: it was never started.
    #[must_use]
    pub fn is_editable(self) -> bool {
        matches!(self, Self::Draft | Self::Scheduled)
    }

    /// Whether workers may be at it now.
    #[must_use]
    pub fn is_running(self) -> bool {
        matches!(self, Self::Pending | Self::Processing)
    }

    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Scheduled => "SCHEDULED",
            Self::Pending => "PENDING",
            Self::Processing => "PROCESSING",
            Self::Paused => "PAUSED",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CampaignStatus::{
        self, Cancelled, Cancelling, Completed, Draft, Failed, Paused, Pending, Processing,
        Scheduled,
    };

    const TABLE: [(CampaignStatus, &[CampaignStatus]); 9] = [
        (Draft, &[Scheduled, Pending, Cancelling]),
        (Scheduled, &[Draft, Pending, Cancelling]),
        (
            Pending,
            &[Processing, Paused, Completed, Failed, Cancelling],
        ),
        (Processing, &[Paused, Completed, Failed, Cancelling]),
        (Paused, &[Processing, Completed, Failed, Cancelling]),
        (Completed, &[Processing]),
        (Failed, &[Processing]),
        (Cancelling, &[Cancelled]),
        (Cancelled, &[]),
    ];

    #[test]
    fn a_campaign_moves_only_along_the_table() {
        for (from, allowed) in TABLE {
            for next in CampaignStatus::ALL {
                assert_eq!(
                    from.may_become(next),
                    allowed.contains(&next),
                    "{from:?} -> {next:?}"
                );
            }
        }
    }

    #[test]
    fn a_cancelled_campaign_never_sends_again() {
        assert!(
            CampaignStatus::ALL
                .iter()
                .all(|next| !Cancelled.may_become(*next))
        );
    }

    #[test]
    fn the_word_on_the_wire_is_the_word_in_the_database() {
        for status in CampaignStatus::ALL {
            assert_eq!(
                serde_json::to_string(&status).unwrap(),
                format!("\"{}\"", status.as_str())
            );
        }
    }
}
