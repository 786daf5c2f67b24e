//! How many recipients are where.

use serde::{Deserialize, Serialize};

/// How many recipients of a campaign are in which state. The parts add up to the total:
/// whoever is in no other part is still to be written to, or in the middle of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Everybody.
    #[serde(rename = "totalEmails")]
    pub total: u64,
    /// Accepted by the SMTP server.
    #[serde(rename = "sentEmails")]
    pub sent: u64,
    /// Refused for good.
    #[serde(rename = "failedEmails")]
    pub failed: u64,
    /// Handed over, but whether the server took it cannot be known.
    #[serde(rename = "unknownEmails")]
    pub unknown: u64,
    /// Left out on purpose.
    #[serde(rename = "skippedEmails")]
    pub skipped: u64,
    /// Refused for now; tried again later.
    #[serde(rename = "deferredEmails")]
    pub deferred: u64,
    /// Not yet written to, or in their dialogue.
    #[serde(rename = "pendingEmails")]
    pub pending: u64,
}

impl Counts {
    /// Those about whom nothing more will happen by itself.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.sent + self.failed + self.unknown + self.skipped
    }

    /// [`ended`](Self::ended) in percent of the total, to one decimal and never rounded up:
    /// 100 means all, and of nobody it is 0.
    #[must_use]
    pub fn progress(&self) -> f64 {
        let permille = self.ended().min(self.total) * 1000 / self.total.max(1);
        f64::from(u32::try_from(permille).unwrap_or(1000)) / 10.0
    }

    /// The seconds left at `rate` messages a second, rounded up; none when nothing moves, or
    /// there is nobody.
    #[must_use]
    pub fn eta_seconds(&self, rate: f64) -> Option<u64> {
        let left = self.total.saturating_sub(self.ended());
        if left == 0 {
            return (self.total > 0).then_some(0);
        }
        if rate < 0.05 {
            return None;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an estimate in whole seconds"
        )]
        Some((left as f64 / rate).ceil() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(total: u64, sent: u64, failed: u64) -> Counts {
        Counts {
            total,
            sent,
            failed,
            pending: total - sent - failed,
            ..Counts::default()
        }
    }

    #[test]
    fn progress_says_100_only_when_everybody_ended() {
        assert!((counts(100_000, 99_999, 0).progress() - 99.9).abs() < f64::EPSILON);
        assert!((counts(100_000, 99_999, 1).progress() - 100.0).abs() < f64::EPSILON);
        assert!((counts(3, 1, 0).progress() - 33.3).abs() < f64::EPSILON);
    }

    #[test]
    fn nobody_is_neither_done_nor_about_to_be() {
        let nobody = Counts::default();
        assert!(nobody.progress().abs() < f64::EPSILON);
        assert_eq!(nobody.eta_seconds(0.0), None);
    }

    #[test]
    fn time_left_is_unknown_while_nothing_moves_and_zero_at_the_end() {
        assert_eq!(counts(10, 5, 0).eta_seconds(0.0), None);
        assert_eq!(counts(10, 5, 0).eta_seconds(2.0), Some(3));
        assert_eq!(counts(10, 9, 1).eta_seconds(0.0), Some(0));
    }
}
