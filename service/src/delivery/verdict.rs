//! From what a dialogue came to, to what becomes of the recipient: attempts counted, the retry
//! schedule, and whose fault it was.

use std::time::Duration;

use domain::{Timestamp, smtp_reply::SmtpPhase};

use super::{
    journal::{Outcome, Trouble},
    work::Claimed,
};
use crate::{
    config::Uncertain,
    mail::reply::{Refusal, Settlement},
};

/// So often may the server break off on one recipient, while it serves others well, before the
/// recipient is put off like one that was refused for now.
const MOST_DISTURBANCES: i32 = 5;

/// What becomes of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    /// Whether it counts against the recipient.
    pub(super) counted: bool,
    /// How often the server has broken off on this recipient so far.
    pub(super) disturbances: i32,
}

/// What a verdict is made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances<'a> {
    pub(super) now: Timestamp,
    pub(super) schedule: &'a [Duration],
    /// Whether the server has served somebody lately: then a break is about this recipient.
    pub(super) server_serves: bool,
    pub(super) uncertain: Uncertain,
}

impl Verdict {
    /// Back to PENDING at nobody's cost.
    pub(super) fn withdrawn(claimed: &Claimed) -> Self {
        Self {
            outcome: Outcome::Pending,
            counted: false,
            disturbances: claimed.disturbances,
        }
    }

    /// Whether the recipient may be tried again at once.
    pub(super) fn is_back_to_pending(&self) -> bool {
        self.outcome == Outcome::Pending
    }

    /// FAILED before anything was asked of a server.
    pub(super) fn impossible(claimed: &Claimed, reason: String) -> Self {
        let trouble = Trouble {
            phase: SmtpPhase::Mail,
            reply: None,
            text: reason,
        };
        Self {
            outcome: Outcome::Failed(trouble),
            counted: false,
            disturbances: claimed.disturbances,
        }
    }

    /// What becomes of `claimed` after a dialogue that ended in `settlement`.
    pub(super) fn of(
        settlement: Settlement,
        claimed: &Claimed,
        circumstances: Circumstances<'_>,
    ) -> Self {
        let disturbances = claimed.disturbances;
        match settlement {
            Settlement::Sent { reply } => Self {
                outcome: Outcome::Sent(reply),
                counted: true,
                disturbances,
            },
            Settlement::Failed {
                phase,
                refusal,
                counted,
            } => Self {
                outcome: Outcome::Failed(trouble(phase, refusal)),
                counted,
                disturbances,
            },
            Settlement::Deferred {
                phase,
                reply,
                delay_named,
            } => {
                let text = reply.text.clone();
                let trouble = Trouble {
                    phase,
                    reply: Some(reply),
                    text,
                };
                Self {
                    outcome: put_off(trouble, delay_named, claimed, circumstances),
                    counted: true,
                    disturbances,
                }
            }
            Settlement::SenderRefused { .. } => Self::withdrawn(claimed),
            Settlement::Unknown { phase, reason } => {
                let trouble = Trouble {
                    phase,
                    reply: None,
                    text: reason,
                };
                Self {
                    outcome: uncertain(trouble, claimed, circumstances),
                    counted: true,
                    disturbances,
                }
            }
            Settlement::Disturbed {
                phase,
                reason,
                reply,
            } => {
                let disturbances = disturbances + i32::from(circumstances.server_serves);
                if disturbances < MOST_DISTURBANCES {
                    return Self {
                        outcome: Outcome::Pending,
                        counted: false,
                        disturbances,
                    };
                }
                let trouble = Trouble {
                    phase,
                    reply,
                    text: reason,
                };
                Self {
                    outcome: put_off(trouble, None, claimed, circumstances),
                    counted: true,
                    disturbances: 0,
                }
            }
        }
    }
}

fn trouble(phase: SmtpPhase, refusal: Refusal) -> Trouble {
    match refusal {
        Refusal::Reply(reply) => {
            let text = reply.text.clone();
            Trouble {
                phase,
                reply: Some(reply),
                text,
            }
        }
        Refusal::Impossible(reason) => Trouble {
            phase,
            reply: None,
            text: reason.to_string(),
        },
    }
}

/// DEFERRED by the schedule, or for as long as the server asked; FAILED when the schedule is at
/// its end.
fn put_off(
    trouble: Trouble,
    named: Option<Duration>,
    claimed: &Claimed,
    circumstances: Circumstances<'_>,
) -> Outcome {
    let attempts_before = usize::try_from(claimed.attempts_counted).unwrap_or(0);
    match circumstances.schedule.get(attempts_before) {
        Some(scheduled) => {
            let until = circumstances.now.plus(named.unwrap_or(*scheduled));
            Outcome::Deferred(trouble, until)
        }
        None => Outcome::Failed(trouble),
    }
}

/// UNKNOWN, or where messages are rather sent twice than not at all, DEFERRED by the schedule: a
/// server that never answers is not sent copies without a pause, and not without an end.
fn uncertain(trouble: Trouble, claimed: &Claimed, circumstances: Circumstances<'_>) -> Outcome {
    if circumstances.uncertain == Uncertain::Hold {
        return Outcome::Unknown(trouble);
    }
    match put_off(trouble, None, claimed, circumstances) {
        Outcome::Failed(trouble) => Outcome::Unknown(trouble),
        put_off => put_off,
    }
}

#[cfg(test)]
mod tests {
    use domain::{RecipientId, recipient::RecipientStatus, smtp_reply::SmtpReply};

    use super::*;

    const SCHEDULE: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(5)];

    fn claimed(attempts_counted: i32, disturbances: i32) -> Claimed {
        Claimed {
            id: RecipientId(1),
            email: "ana@example.org".to_owned(),
            status: RecipientStatus::Pending,
            attempt: 3,
            attempts_counted,
            disturbances,
        }
    }

    fn of(settlement: Settlement, claimed: &Claimed, server_serves: bool) -> Verdict {
        under(Uncertain::Hold, settlement, claimed, server_serves)
    }

    fn under(
        uncertain: Uncertain,
        settlement: Settlement,
        claimed: &Claimed,
        server_serves: bool,
    ) -> Verdict {
        let now = Timestamp(1_000);
        Verdict::of(
            settlement,
            claimed,
            Circumstances {
                now,
                schedule: &SCHEDULE,
                server_serves,
                uncertain,
            },
        )
    }

    #[test]
    fn an_uncertain_message_is_held_or_sent_again_as_it_was_set() {
        let unknown = || Settlement::Unknown {
            phase: SmtpPhase::Dot,
            reason: "the connection was closed".to_owned(),
        };
        let held = of(unknown(), &claimed(0, 0), true);
        assert!(matches!(held.outcome, Outcome::Unknown(_)), "{held:?}");
        let resent = |counted| under(Uncertain::Resend, unknown(), &claimed(counted, 0), true);
        assert_eq!(until(&resent(0)), Some(61_000));
        // After the last try it is still not known to have failed.
        let last = resent(2);
        assert!(matches!(last.outcome, Outcome::Unknown(_)), "{last:?}");
    }

    fn deferred(delay_named: Option<Duration>) -> Settlement {
        let reply = SmtpReply::from_lines(
            451.try_into().unwrap(),
            [b"4.2.0 come back later".as_slice()],
        );
        Settlement::Deferred {
            phase: SmtpPhase::Rcpt,
            reply,
            delay_named,
        }
    }

    fn disturbed() -> Settlement {
        let reason = "the connection was closed".to_owned();
        Settlement::Disturbed {
            phase: SmtpPhase::Content,
            reason,
            reply: None,
        }
    }

    fn until(verdict: &Verdict) -> Option<i64> {
        match verdict.outcome {
            Outcome::Deferred(_, at) => Some(at.0),
            _ => None,
        }
    }

    #[test]
    fn a_refusal_for_now_is_tried_again_by_the_schedule_and_fails_at_its_end() {
        assert_eq!(
            until(&of(deferred(None), &claimed(0, 0), true)),
            Some(61_000)
        );
        assert_eq!(
            until(&of(deferred(None), &claimed(1, 0), true)),
            Some(301_000)
        );
        let last = of(deferred(None), &claimed(2, 0), true);
        assert!(matches!(last.outcome, Outcome::Failed(_)), "{last:?}");
    }

    #[test]
    fn a_delay_the_server_names_wins_over_the_schedule() {
        let named = Some(Duration::from_secs(90));
        assert_eq!(
            until(&of(deferred(named), &claimed(0, 0), true)),
            Some(91_000)
        );
    }

    #[test]
    fn the_servers_fault_costs_the_recipient_nothing() {
        let verdict = of(disturbed(), &claimed(0, 0), true);
        assert_eq!(verdict.outcome, Outcome::Pending);
        assert!(!verdict.counted);
        assert_eq!(verdict.disturbances, 1);
    }

    #[test]
    fn a_server_that_serves_nobody_is_not_held_against_anybody() {
        let verdict = of(disturbed(), &claimed(0, 4), false);
        assert_eq!(verdict.outcome, Outcome::Pending);
        assert_eq!(verdict.disturbances, 4);
    }

    #[test]
    fn a_recipient_that_breaks_five_dialogues_while_others_go_through_is_put_off() {
        let verdict = of(disturbed(), &claimed(0, 4), true);
        assert!(until(&verdict).is_some(), "{verdict:?}");
        assert!(verdict.counted);
    }
}
