//! What becomes of an envelope: refusals that keep the connection, breaks that lose it, and the dot that must never be.

use domain::smtp_reply::SmtpPhase;
use service::mail::session::{
    Cause, Envelope, EnvelopeAddress, EnvelopeOutcome, NotPossible, Session,
};

use crate::dialogue::{
    MAIL, RCPT, deliver, envelope, opened, pipelining, plain, refusal, session, session_with,
};
use crate::support::scripted_server::Step::{
    Close, Content as ReadContent, Expect, ExpectAlone, ExpectAnything, ExpectClose, Say, Stall,
};
use crate::support::scripted_server::{SOON, Step, short_at};

/// A pipelined group as the server reads it.
const GROUP: [Step; 3] = [Expect(MAIL), Expect(RCPT), ExpectAlone("DATA")];

/// The next message, which begins with `RSET`.
pub(crate) const NEXT_PIPELINED: [Step; 7] = [
    Expect("RSET"),
    Expect(MAIL),
    Expect(RCPT),
    ExpectAlone("DATA"),
    Say("250 Reset\n250 OK\n250 OK\n354 Go"),
    ReadContent,
    Say("250 queued"),
];

const NEXT_ONE_BY_ONE: [Step; 10] = [
    ExpectAlone("RSET"),
    Say("250 Reset"),
    ExpectAlone(MAIL),
    Say("250 OK"),
    ExpectAlone(RCPT),
    Say("250 OK"),
    ExpectAlone("DATA"),
    Say("354 Go"),
    ReadContent,
    Say("250 queued"),
];

fn group(rest: impl IntoIterator<Item = Step>) -> Vec<Step> {
    pipelining(GROUP.into_iter().chain(rest))
}

async fn broken(session: &mut Session) -> (SmtpPhase, Cause) {
    match session.envelope(&envelope()).await {
        EnvelopeOutcome::Broken { phase, cause } => {
            assert!(!session.is_usable());
            (phase, cause)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refusal_in_a_group_keeps_the_connection() {
    for (replies, phase, words) in [
        (
            "550 5.7.1 Not you\n503 No sender\n503 No recipient",
            SmtpPhase::Mail,
            "550 5.7.1 Not you",
        ),
        (
            "250 OK\n550-5.1.1 Unknown\n550 5.1.1 here\n503 No recipient",
            SmtpPhase::Rcpt,
            "550 5.1.1 Unknown here",
        ),
        (
            "250 OK\n450 4.2.0 Greylisted\n554 No recipient",
            SmtpPhase::Rcpt,
            "450 4.2.0 Greylisted",
        ),
        (
            "250 OK\n250 OK\n451 4.3.0 Later",
            SmtpPhase::Data,
            "451 4.3.0 Later",
        ),
        (
            "250 OK\n252 Perhaps\n554 5.5.1 Never",
            SmtpPhase::Data,
            "554 5.5.1 Never",
        ),
    ] {
        let (server, mut session) =
            session(group([Say(replies)].into_iter().chain(NEXT_PIPELINED))).await;
        assert_eq!(refusal(&mut session).await, (phase, words.to_owned()));
        assert_eq!(
            deliver(&mut session).await,
            "250 queued",
            "after {replies:?}"
        );
        server.finish().await;
    }
}

#[tokio::test]
async fn a_refusal_one_by_one_keeps_the_connection() {
    let before = [
        ExpectAlone(MAIL),
        Say("250 OK"),
        ExpectAlone(RCPT),
        Say("250 OK"),
        ExpectAlone("DATA"),
    ];
    for (accepted, reply, phase) in [
        (1, "550 5.7.1 Not you", SmtpPhase::Mail),
        (3, "550 5.1.1 Unknown", SmtpPhase::Rcpt),
        (5, "451 4.3.0 Later", SmtpPhase::Data),
    ] {
        let script = before[..accepted]
            .iter()
            .cloned()
            .chain([Say(reply)])
            .chain(NEXT_ONE_BY_ONE);
        let (server, mut session) = session(plain(script)).await;
        assert_eq!(refusal(&mut session).await, (phase, reply.to_owned()));
        assert_eq!(deliver(&mut session).await, "250 queued", "after {reply:?}");
        server.finish().await;
    }
}

#[tokio::test]
async fn a_354_after_a_refused_recipient_is_answered_with_a_dot() {
    for (replies, phase) in [
        ("250 OK\n550 Unknown\n354 Go", SmtpPhase::Rcpt),
        ("550 Not you\n503 No sender\n354 Go", SmtpPhase::Mail),
    ] {
        for verdict in ["554 No valid recipients", "250 Thrown away"] {
            let dot = [Say(replies), ExpectAlone("."), Say(verdict)];
            let (server, mut session) = session(group(dot.into_iter().chain(NEXT_PIPELINED))).await;
            assert_eq!(refusal(&mut session).await.0, phase);
            assert_eq!(deliver(&mut session).await, "250 queued");
            server.finish().await;
        }
    }
}

#[tokio::test]
async fn a_dot_is_never_sent_where_a_recipient_was_accepted() {
    // A server which refuses the sender, and takes the recipient all the same.
    let (server, mut refused) =
        session(group([Say("550 Not you\n250 OK\n354 Go"), ExpectClose])).await;
    assert_eq!(
        refusal(&mut refused).await,
        (SmtpPhase::Mail, "550 Not you".to_owned())
    );
    assert!(!refused.is_usable());
    drop(refused);
    assert!(server.finish().await.received.ends_with(b"DATA\r\n"));

    let (server, mut left) = session(group([Say("250 OK\n250 OK\n354 Go"), ExpectClose])).await;
    assert!(matches!(
        left.envelope(&envelope()).await,
        EnvelopeOutcome::Ready
    ));
    left.abandon();
    assert!(server.finish().await.received.ends_with(b"DATA\r\n"));
}

#[tokio::test]
async fn a_second_envelope_instead_of_the_message_writes_nothing() {
    let (server, mut session) = session(group([Say("250 OK\n250 OK\n354 Go"), ExpectClose])).await;
    assert!(matches!(
        session.envelope(&envelope()).await,
        EnvelopeOutcome::Ready
    ));
    let (phase, cause) = broken(&mut session).await;
    assert!(matches!(
        (phase, cause),
        (SmtpPhase::Mail, Cause::OutOfTurn)
    ));
    drop(session);
    assert!(server.finish().await.received.ends_with(b"DATA\r\n"));
}

#[tokio::test]
async fn a_refusal_stands_even_where_the_server_then_closes() {
    for (replies, phase) in [
        ("550 Not you", SmtpPhase::Mail),
        ("250 OK\n550 Unknown", SmtpPhase::Rcpt),
    ] {
        let (server, mut session) = session(group([Say(replies), Close])).await;
        assert_eq!(refusal(&mut session).await.0, phase);
        assert!(!session.is_usable());
        server.finish().await;
    }
}

#[tokio::test]
async fn a_421_breaks_the_dialogue_wherever_it_is_said() {
    for (replies, expected) in [
        ("421 4.3.2 Bye", SmtpPhase::Mail),
        ("250 OK\n421 4.3.2 Bye", SmtpPhase::Rcpt),
        ("250 OK\n250 OK\n421 4.3.2 Bye", SmtpPhase::Data),
    ] {
        let (server, mut session) = session(group([Say(replies), Close])).await;
        let (phase, cause) = broken(&mut session).await;
        assert_eq!(phase, expected);
        assert_eq!(
            cause.reply().map(ToString::to_string).as_deref(),
            Some("421 4.3.2 Bye")
        );
        server.finish().await;
    }
}

#[tokio::test]
async fn an_end_of_the_connection_names_its_phase() {
    for (replies, expected) in [
        (None, SmtpPhase::Mail),
        (Some("250 OK"), SmtpPhase::Rcpt),
        (Some("250 OK\n250 OK"), SmtpPhase::Data),
    ] {
        let (server, mut session) =
            session(group(replies.map(Say).into_iter().chain([Close]))).await;
        let (phase, cause) = broken(&mut session).await;
        assert!(
            phase == expected && matches!(cause, Cause::Closed),
            "{phase} {cause:?}"
        );
        server.finish().await;
    }
}

#[tokio::test]
async fn a_silent_server_runs_into_the_deadline_of_the_phase() {
    for (replies, expected) in [
        (None, SmtpPhase::Mail),
        (Some("250 OK"), SmtpPhase::Rcpt),
        (Some("250 OK\n250 OK"), SmtpPhase::Data),
    ] {
        let script = group(replies.map(Say).into_iter().chain([Stall]));
        let (server, mut session) = session_with(script, short_at(expected)).await;
        let (phase, cause) = broken(&mut session).await;
        assert!(
            phase == expected && matches!(cause, Cause::TimedOut(time) if time == SOON),
            "{phase} {cause:?}"
        );
        drop(session);
        server.finish().await;
    }
}

#[tokio::test]
async fn nonsense_breaks_the_dialogue() {
    for (replies, expected) in [
        ("hello", SmtpPhase::Mail),
        ("354 Go", SmtpPhase::Mail),
        ("250-OK\n251 OK", SmtpPhase::Mail),
        ("250 OK\n300 Hm", SmtpPhase::Rcpt),
        ("250 OK\n250 OK\n250 OK", SmtpPhase::Data),
    ] {
        let (server, mut session) = session(group([Say(replies), ExpectClose])).await;
        let (phase, cause) = broken(&mut session).await;
        assert!(
            phase == expected && matches!(cause, Cause::Protocol(_)),
            "{replies:?}: {phase} {cause:?}"
        );
        drop(session);
        server.finish().await;
    }
}

#[tokio::test]
async fn a_reply_too_many_does_not_become_the_next_recipients() {
    let script = group([
        Say("250 OK\n550 Unknown\n503 No recipient\n250 Too many"),
        ExpectClose,
    ]);
    let (server, mut session) = session(script).await;
    assert_eq!(refusal(&mut session).await.0, SmtpPhase::Rcpt);
    assert!(matches!(
        broken(&mut session).await,
        (SmtpPhase::Mail, Cause::Protocol(_))
    ));
    drop(session);
    server.finish().await;
}

#[tokio::test]
async fn a_refused_reset_loses_the_session() {
    let script = plain([
        ExpectAlone(MAIL),
        Say("450 Later"),
        ExpectAlone("RSET"),
        Say("502 What?"),
        ExpectClose,
    ]);
    let (server, mut session) = session(script).await;
    assert_eq!(refusal(&mut session).await.0, SmtpPhase::Mail);
    assert_eq!(broken(&mut session).await.0, SmtpPhase::Reset);
    drop(session);
    server.finish().await;
}

#[tokio::test]
async fn what_the_server_cannot_take_is_never_asked() {
    let script = opened("250-h\n250-PIPELINING\n250 SIZE 1000")
        .into_iter()
        .chain([ExpectClose])
        .collect();
    let (server, mut session) = session(script).await;
    let recipient = EnvelopeAddress::new("jörg@example.com").unwrap();
    let sender = EnvelopeAddress::new("jörg@example.org").unwrap();
    for (asked, expected) in [
        (
            Envelope {
                recipient,
                ..envelope()
            },
            NotPossible::RecipientNeedsSmtpUtf8,
        ),
        (
            Envelope {
                sender,
                ..envelope()
            },
            NotPossible::MessageNeedsSmtpUtf8,
        ),
        (
            Envelope {
                needs_smtp_utf8: true,
                ..envelope()
            },
            NotPossible::MessageNeedsSmtpUtf8,
        ),
        (
            Envelope {
                size: 1_001,
                ..envelope()
            },
            NotPossible::TooLarge {
                size: 1_001,
                limit: 1_000,
            },
        ),
    ] {
        match session.envelope(&asked).await {
            EnvelopeOutcome::NotPossible { reason } => assert_eq!(reason, expected),
            other => panic!("{other:?}"),
        }
        assert!(session.is_usable());
    }
    session.abandon();
    assert_eq!(
        server.finish().await.received,
        b"EHLO client.example.org\r\n"
    );
}

#[tokio::test]
async fn a_dropped_envelope_poisons_the_session() {
    let (server, mut session) = session(group([Stall])).await;
    let asked = envelope();
    let dropped = tokio::time::timeout(SOON, session.envelope(&asked)).await;
    assert!(dropped.is_err());
    assert!(!session.is_usable());
    assert!(matches!(
        broken(&mut session).await,
        (SmtpPhase::Mail, Cause::OutOfTurn)
    ));
    session.quit().await;
    assert!(server.finish().await.received.ends_with(b"DATA\r\n"));
}

#[tokio::test]
async fn a_long_reply_is_read_whole_and_kept_short() {
    let refusal_line = format!("550-5.1.1 {}\r\n", "x".repeat(1_000));
    let long = format!(
        "250 OK\r\n{}550 5.1.1 end\r\n503 No recipient\r\n",
        refusal_line.repeat(40)
    );
    let script = group(
        [Step::SayOctets(long.into_bytes())]
            .into_iter()
            .chain(NEXT_PIPELINED),
    );
    let (server, mut session) = session(script).await;
    let (phase, words) = refusal(&mut session).await;
    assert_eq!(
        (phase, words.len()),
        (SmtpPhase::Rcpt, "550 5.1.1 ".len() + 500)
    );
    assert_eq!(deliver(&mut session).await, "250 queued");
    server.finish().await;
}

#[tokio::test]
async fn an_endless_reply_breaks_the_dialogue() {
    for endless in [
        "250-x\r\n".repeat(20_000),
        "250-".to_owned() + &"x".repeat(10_000),
    ] {
        let script = pipelining([ExpectAnything, Step::SayOctets(endless.into_bytes()), Stall]);
        let (server, mut session) = session(script).await;
        assert!(matches!(
            broken(&mut session).await,
            (SmtpPhase::Mail, Cause::Protocol(_))
        ));
        drop(session);
        drop(server);
    }
}
