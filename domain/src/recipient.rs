//! The recipient: one address of one campaign, and what became of it.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::{RecipientId, Timestamp, page::MAX_LIMIT};

/// Where a recipient stands.
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
pub enum RecipientStatus {
    /// Nothing of this attempt has gone out.
    Pending,
    /// A worker has said, durably, that it is about to hand the message over.
    Sending,
    /// The SMTP server took it.
    Sent,
    /// Refused for good, or no address can be formed.
    Failed,
    /// Refused for now; tried again at a set time.
    Deferred,
    /// Handed over, but no reply: whether it was taken cannot be known.
    Unknown,
    /// Left out on purpose.
    Skipped,
}

impl RecipientStatus {
    /// Every status, in the order people read them.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Sending,
        Self::Sent,
        Self::Failed,
        Self::Deferred,
        Self::Unknown,
        Self::Skipped,
    ];

    /// Whether a recipient may go from this status to `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use RecipientStatus::{Deferred, Failed, Pending, Sending, Sent, Skipped, Unknown};
        match self {
            Pending => matches!(next, Sending | Skipped),
            // Back to PENDING when the failure was the server's, not the recipient's.
            Sending => matches!(next, Sent | Failed | Deferred | Unknown | Pending),
            Deferred => matches!(next, Sending | Skipped),
            // By evidence that came late, or by a person.
            Unknown => matches!(next, Sent | Failed | Pending),
            Failed => matches!(next, Pending),
            // A bounce.
            Sent => matches!(next, Failed),
            Skipped => false,
        }
    }

    /// Whether nothing more happens to this recipient by itself.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(
            self,
            Self::Sent | Self::Failed | Self::Unknown | Self::Skipped
        )
    }

    /// Whether the recipient belongs to the few a person may want to look at.
    #[must_use]
    pub fn is_trouble(self) -> bool {
        matches!(
            self,
            Self::Failed | Self::Deferred | Self::Unknown | Self::Skipped
        )
    }

    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Sending => "SENDING",
            Self::Sent => "SENT",
            Self::Failed => "FAILED",
            Self::Deferred => "DEFERRED",
            Self::Unknown => "UNKNOWN",
            Self::Skipped => "SKIPPED",
        }
    }
}

/// One recipient and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    /// Its id.
    pub id: RecipientId,
    /// The address as first written.
    pub email: String,
    /// Where it stands.
    pub status: RecipientStatus,
    /// How many attempts counted against it.
    pub attempts: u32,
    /// The SMTP reply code of the last answer, if there was one.
    pub code: Option<u16>,
    /// The enhanced status code (RFC 3463) of that answer.
    pub enhanced_code: Option<String>,
    /// The server's words, or why no address could be formed or no outcome known.
    pub error: Option<String>,
    /// The SMTP server that was tried last.
    pub smtp_server: Option<String>,
    /// When it is tried again, while it is deferred.
    pub next_attempt_at: Option<Timestamp>,
    /// When its present status was reached, for an ended one.
    pub finished_at: Option<Timestamp>,
}

/// Stands for the enhanced status code of an answer that had none.
pub const NO_ENHANCED_CODE: &str = "-";

/// Which recipients of a campaign are wanted, in the order of the list they came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecipientList {
    /// Only those in this status.
    #[garde(skip)]
    pub status: Option<RecipientStatus>,
    /// Only those whose last answer had this reply code.
    #[garde(inner(range(min = 200, max = 599)))]
    pub code: Option<u16>,
    /// Only those whose last answer had this enhanced status code (RFC 3463), as in `5.1.1`;
    /// [`NO_ENHANCED_CODE`] for those that had none.
    #[garde(inner(length(max = 16)))]
    pub enhanced_code: Option<String>,
    /// Only those whose address contains this.
    #[garde(inner(length(chars, max = 254)))]
    pub q: Option<String>,
    /// The `nextCursor` of the page before; absent for the first.
    #[garde(inner(length(max = 64)))]
    pub cursor: Option<String>,
    /// How many, 1 to [`MAX_LIMIT`].
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    pub limit: Option<u32>,
}

/// How many recipients of a campaign failed for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureReason {
    /// The SMTP reply code, where a server answered.
    pub code: Option<u16>,
    /// The enhanced status code, where the server gave one.
    pub enhanced_code: Option<String>,
    /// The words of one of these answers.
    pub example: String,
    /// How many.
    pub count: u64,
}

#[cfg(test)]
mod tests {
    use super::RecipientStatus::{
        self, Deferred, Failed, Pending, Sending, Sent, Skipped, Unknown,
    };

    /// design: the whole machine, from each status to each it may become.
    const TABLE: [(RecipientStatus, &[RecipientStatus]); 7] = [
        (Pending, &[Sending, Skipped]),
        (Sending, &[Sent, Failed, Deferred, Unknown, Pending]),
        (Sent, &[Failed]),
        (Failed, &[Pending]),
        (Deferred, &[Sending, Skipped]),
        (Unknown, &[Sent, Failed, Pending]),
        (Skipped, &[]),
    ];

    #[test]
    fn a_recipient_moves_only_along_the_table() {
        for (from, allowed) in TABLE {
            for next in RecipientStatus::ALL {
                assert_eq!(
                    from.may_become(next),
                    allowed.contains(&next),
                    "{from:?} -> {next:?}"
                );
            }
        }
    }

    #[test]
    fn an_unknown_message_is_never_sent_again_without_passing_a_person_or_evidence() {
        assert!(!Unknown.may_become(Sending));
        assert!(!Unknown.may_become(Deferred));
    }

    #[test]
    fn the_word_on_the_wire_is_the_word_in_the_database() {
        for status in RecipientStatus::ALL {
            assert_eq!(
                serde_json::to_string(&status).unwrap(),
                format!("\"{}\"", status.as_str())
            );
        }
    }
}
