//! The table of the classification.

use domain::smtp_reply::ReplyCode;

use super::*;
use crate::mail::session::{ConnectCause, ProtocolError};

/// Reads `550 5.1.1 Unknown`.
fn reply(text: &str) -> SmtpReply {
    let (code, words) = text.split_once(' ').unwrap_or((text, ""));
    SmtpReply::from_lines(
        ReplyCode::new(code.parse().unwrap()).unwrap(),
        [words.as_bytes()],
    )
}

/// What becomes of a recipient, in one word.
#[derive(Debug, PartialEq)]
enum Word {
    Sent,
    Failed,
    Deferred,
    SenderRefused,
    Disturbed,
    Unknown,
}

fn word(settlement: &Settlement) -> Word {
    match settlement {
        Settlement::Sent { .. } => Word::Sent,
        Settlement::Failed { .. } => Word::Failed,
        Settlement::Deferred { .. } => Word::Deferred,
        Settlement::SenderRefused { .. } => Word::SenderRefused,
        Settlement::Disturbed { .. } => Word::Disturbed,
        Settlement::Unknown { .. } => Word::Unknown,
    }
}

#[test]
fn every_refusal_has_its_place() {
    use Connection::{Drop, Keep};
    use SmtpPhase::{Data, Dot, Mail, Rcpt};
    use Word::{Deferred, Disturbed, Failed, SenderRefused};

    for (phase, text, expected, connection) in [
        (Rcpt, "550 5.1.1 Unknown", Failed, Keep),
        (Rcpt, "550 Unknown", Failed, Keep),
        (Data, "554 5.5.1 No valid recipients", Failed, Keep),
        (Dot, "550 5.7.1 Spam", Failed, Keep),
        (Dot, "552 Too big", Failed, Keep),
        (Rcpt, "451 4.7.1 Greylisted", Deferred, Keep),
        (Rcpt, "450 Busy", Deferred, Keep),
        (Data, "451 Local error", Deferred, Keep),
        (Dot, "452 4.3.1 Disk full", Deferred, Keep),
        (Mail, "451 4.3.0 Later", Deferred, Keep),
        (Mail, "452 Disk full", Deferred, Keep),
        (Mail, "550 5.7.1 Sender refused", SenderRefused, Keep),
        (Mail, "552 5.3.4 Too big", SenderRefused, Keep),
        (Mail, "552 Too big", SenderRefused, Keep),
        (
            Mail,
            "530 5.7.0 Authentication required",
            SenderRefused,
            Keep,
        ),
        // The class of the enhanced code decides.
        (Rcpt, "552 5.2.2 Mailbox full", Failed, Keep),
        (Rcpt, "552 4.2.2 Mailbox full", Deferred, Keep),
        (Rcpt, "552 Too many recipients", Deferred, Keep),
        (Rcpt, "550 4.2.1 Too fast", Deferred, Keep),
        (Rcpt, "450 5.1.1 Unknown", Failed, Keep),
        (Mail, "550 4.7.0 Later", Deferred, Keep),
        (Mail, "451 5.7.1 Never", SenderRefused, Keep),
        (Dot, "550 4.7.1 Later", Deferred, Keep),
        // A class that speaks of success says nothing about a failure.
        (Rcpt, "550 2.1.5 Odd", Failed, Keep),
        (Rcpt, "450 2.1.5 Odd", Deferred, Keep),
        // 421 is the server leaving.
        (Mail, "421 4.7.28 Slow down", Disturbed, Drop),
        (Rcpt, "421 Bye", Disturbed, Drop),
        (Data, "421 Bye", Disturbed, Drop),
        (Dot, "421 4.3.2 Bye", Disturbed, Drop),
        (Dot, "421 5.0.0 Bye", Disturbed, Drop),
    ] {
        let settled = if phase == Dot {
            settle_content(ContentOutcome::Refused(reply(text)))
        } else {
            settle_envelope(EnvelopeOutcome::Refused {
                phase,
                reply: reply(text),
            })
            .unwrap()
        };
        assert_eq!(
            (word(&settled.0), settled.1),
            (expected, connection),
            "{text} to {phase}"
        );
    }
}

#[test]
fn a_refusal_keeps_its_words_and_is_counted() {
    let refused = EnvelopeOutcome::Refused {
        phase: SmtpPhase::Rcpt,
        reply: reply("550 5.1.1 Unknown"),
    };
    let expected = Settlement::Failed {
        phase: SmtpPhase::Rcpt,
        refusal: Refusal::Reply(reply("550 5.1.1 Unknown")),
        counted: true,
    };
    assert_eq!(settle_envelope(refused).unwrap().0, expected);
}

#[test]
fn a_named_delay_travels_with_the_deferral() {
    let refused = EnvelopeOutcome::Refused {
        phase: SmtpPhase::Rcpt,
        reply: reply("451 4.7.1 try again in 5 minutes"),
    };
    let Some((Settlement::Deferred { delay_named, .. }, _)) = settle_envelope(refused) else {
        panic!("not deferred")
    };
    assert_eq!(delay_named, Some(Duration::from_mins(5)));
}

#[test]
fn acceptance_is_sent_and_keeps_the_connection() {
    for text in ["250 2.0.0 queued as 17", "250", "250 5.0.0 odd", "251 fine"] {
        let settled = settle_content(ContentOutcome::Accepted(reply(text)));
        assert_eq!(
            settled,
            (Settlement::Sent { reply: reply(text) }, Connection::Keep)
        );
    }
}

/// Every way in which a dialogue can break.
fn causes() -> Vec<Cause> {
    vec![
        Cause::Closed,
        Cause::TimedOut(Duration::from_mins(10)),
        Cause::Io(std::io::ErrorKind::ConnectionReset.into()),
        Cause::Unavailable(reply("421 Bye")),
        Cause::Protocol(ProtocolError::NotAReply),
        Cause::Protocol(ProtocolError::Unexpected(reply("250 OK"))),
        Cause::OutOfTurn,
    ]
}

#[test]
fn before_the_dot_a_break_is_the_servers_fault() {
    for phase in [
        SmtpPhase::Reset,
        SmtpPhase::Mail,
        SmtpPhase::Rcpt,
        SmtpPhase::Data,
    ] {
        for cause in causes() {
            let (reason, said) = (cause.to_string(), cause.reply().cloned());
            let settled = settle_envelope(EnvelopeOutcome::Broken { phase, cause }).unwrap();
            assert_eq!(
                settled,
                (
                    Settlement::Disturbed {
                        phase,
                        reason,
                        reply: said
                    },
                    Connection::Drop
                )
            );
        }
    }
    for cause in causes() {
        let (settlement, connection) = settle_content(ContentOutcome::NotOffered { cause });
        assert_eq!(
            (word(&settlement), connection),
            (Word::Disturbed, Connection::Drop)
        );
    }
}

#[test]
fn after_the_dot_a_break_is_unknown() {
    for cause in causes() {
        let expected = Settlement::Unknown {
            phase: SmtpPhase::Dot,
            reason: cause.to_string(),
        };
        assert_eq!(
            settle_content(ContentOutcome::Uncertain { cause }),
            (expected, Connection::Drop)
        );
    }
}

#[test]
fn a_failed_connection_costs_nobody_an_attempt() {
    let causes = [
        (
            ConnectCause::Rejected(reply("535 5.7.8 Wrong password")),
            Some(reply("535 5.7.8 Wrong password")),
        ),
        (
            ConnectCause::Broken(Cause::Unavailable(reply("421 Bye"))),
            Some(reply("421 Bye")),
        ),
        (ConnectCause::Broken(Cause::Closed), None),
        (ConnectCause::NoAddress, None),
        (ConnectCause::InvalidHost, None),
        (ConnectCause::StartTlsNotOffered, None),
        (ConnectCause::InjectedPlaintext, None),
        (
            ConnectCause::Handshake(std::io::ErrorKind::InvalidData.into()),
            None,
        ),
        (ConnectCause::PasswordWithoutTls, None),
        (ConnectCause::NoMechanism, None),
    ];
    for (cause, said) in causes {
        let reason = cause.to_string();
        let settled = settle_connect(&ConnectError {
            phase: SmtpPhase::Auth,
            cause,
        });
        let expected = Settlement::Disturbed {
            phase: SmtpPhase::Auth,
            reason,
            reply: said,
        };
        assert_eq!(settled, (expected, Connection::Drop));
    }
}

#[test]
fn what_was_never_asked_is_not_counted() {
    let settle =
        |reason: NotPossible| settle_envelope(EnvelopeOutcome::NotPossible { reason }).unwrap();

    let reason = NotPossible::RecipientNeedsSmtpUtf8;
    let refusal = Refusal::Impossible(reason.clone());
    let expected = Settlement::Failed {
        phase: SmtpPhase::Rcpt,
        refusal,
        counted: false,
    };
    assert_eq!(settle(reason), (expected, Connection::Keep));

    for reason in [
        NotPossible::MessageNeedsSmtpUtf8,
        NotPossible::TooLarge { size: 2, limit: 1 },
    ] {
        let refusal = Refusal::Impossible(reason.clone());
        assert_eq!(
            settle(reason),
            (Settlement::SenderRefused { refusal }, Connection::Keep)
        );
    }
}

#[test]
fn an_envelope_that_may_go_on_settles_nothing() {
    assert_eq!(settle_envelope(EnvelopeOutcome::Ready), None);
}
