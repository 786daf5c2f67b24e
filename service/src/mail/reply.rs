//! Classification: what delivery does with a recipient, and with the connection, after each way a dialogue can end.
//!
//! Pure and total. Two rules come before the table: 421 is the server leaving, wherever it is said; and where an
//! enhanced status code is present, its class decides and not the code's.

mod delay;

use std::time::Duration;

use domain::smtp_reply::{SmtpPhase, SmtpReply};

use super::session::{Cause, ConnectError, ContentOutcome, EnvelopeOutcome, NotPossible};

pub use self::delay::named_delay;

/// What delivery does with a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// SENT: the server took the message.
    Sent {
        /// Its words; mostly they name its queue.
        reply: SmtpReply,
    },
    /// FAILED for good.
    Failed {
        /// Where.
        phase: SmtpPhase,
        /// Why.
        refusal: Refusal,
        /// Whether it costs the recipient an attempt; not, when nothing was asked.
        counted: bool,
    },
    /// DEFERRED and counted: to be tried again.
    Deferred {
        /// Where.
        phase: SmtpPhase,
        /// The server's words.
        reply: SmtpReply,
        /// The wait the server named, between 30 s and 24 h; without one the schedule decides.
        delay_named: Option<Duration>,
    },
    /// PENDING again and not counted; the campaign pauses, because every recipient would meet the same refusal.
    SenderRefused {
        /// Why.
        refusal: Refusal,
    },
    /// PENDING again and not counted: the server's fault, not the recipient's.
    Disturbed {
        /// Where.
        phase: SmtpPhase,
        /// Why, in words for people and logs.
        reason: String,
        /// The server's words, where it said some.
        reply: Option<SmtpReply>,
    },
    /// UNKNOWN and counted: nobody can know whether the message was accepted.
    Unknown {
        /// Where.
        phase: SmtpPhase,
        /// Why, in words for people and logs.
        reason: String,
    },
}

/// Why a message is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The server said so.
    Reply(SmtpReply),
    /// The server had said beforehand that it can't; nothing was asked.
    Impossible(NotPossible),
}

/// What becomes of the connection. A session that is no longer usable is dropped whatever is said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It can take the next envelope.
    Keep,
    /// It is closed.
    Drop,
}

/// The recipient and the connection after a dialogue.
pub type Settled = (Settlement, Connection);

/// Settles a recipient for whom no session could be had.
pub fn settle_connect(error: &ConnectError) -> Settled {
    let (phase, reason) = (error.phase, error.cause.to_string());
    (
        Settlement::Disturbed {
            phase,
            reason,
            reply: error.reply().cloned(),
        },
        Connection::Drop,
    )
}

/// Settles a recipient after its envelope; `None` when the server waits for the message.
pub fn settle_envelope(outcome: EnvelopeOutcome) -> Option<Settled> {
    match outcome {
        EnvelopeOutcome::Ready => None,
        EnvelopeOutcome::Refused { phase, reply } => Some(refused(phase, reply)),
        EnvelopeOutcome::Broken { phase, cause } => Some(disturbed(phase, &cause)),
        EnvelopeOutcome::NotPossible { reason } => Some((not_possible(reason), Connection::Keep)),
    }
}

/// Settles a recipient after its message.
pub fn settle_content(outcome: ContentOutcome) -> Settled {
    match outcome {
        ContentOutcome::Accepted(reply) => (Settlement::Sent { reply }, Connection::Keep),
        ContentOutcome::Refused(reply) => refused(SmtpPhase::Dot, reply),
        ContentOutcome::NotOffered { cause } => disturbed(SmtpPhase::Content, &cause),
        ContentOutcome::Uncertain { cause } => (
            Settlement::Unknown {
                phase: SmtpPhase::Dot,
                reason: cause.to_string(),
            },
            Connection::Drop,
        ),
    }
}

fn disturbed(phase: SmtpPhase, cause: &Cause) -> Settled {
    let reply = cause.reply().cloned();
    (
        Settlement::Disturbed {
            phase,
            reason: cause.to_string(),
            reply,
        },
        Connection::Drop,
    )
}

fn refused(phase: SmtpPhase, reply: SmtpReply) -> Settled {
    if reply.code.get() == 421 {
        return disturbed(phase, &Cause::Unavailable(reply));
    }
    let settlement = match (is_permanent(phase, &reply), phase) {
        (true, SmtpPhase::Mail) => Settlement::SenderRefused {
            refusal: Refusal::Reply(reply),
        },
        (true, _) => Settlement::Failed {
            phase,
            refusal: Refusal::Reply(reply),
            counted: true,
        },
        // To MAIL too: "try again later" is an answer about this message, and its schedule is the patient one.
        (false, _) => Settlement::Deferred {
            phase,
            delay_named: named_delay(&reply.text),
            reply,
        },
    };
    (settlement, Connection::Keep)
}

/// The class of the enhanced code decides where it says anything about a failure.
fn is_permanent(phase: SmtpPhase, reply: &SmtpReply) -> bool {
    match reply.enhanced.map(|enhanced| enhanced.class) {
        Some(4) => false,
        Some(5) => true,
        // "Too many recipients", said in the old way (RFC 5321 §4.5.3.1.10).
        _ if reply.code.get() == 552 && phase == SmtpPhase::Rcpt => false,
        _ => reply.code.is_permanent(),
    }
}

fn not_possible(reason: NotPossible) -> Settlement {
    match reason {
        NotPossible::RecipientNeedsSmtpUtf8 => Settlement::Failed {
            phase: SmtpPhase::Rcpt,
            refusal: Refusal::Impossible(reason),
            counted: false,
        },
        NotPossible::MessageNeedsSmtpUtf8 | NotPossible::TooLarge { .. } => {
            Settlement::SenderRefused {
                refusal: Refusal::Impossible(reason),
            }
        }
    }
}

#[cfg(test)]
mod tests;
