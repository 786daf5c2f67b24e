//! The next envelope behind a message's dot.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in what it calls"
)]

use domain::smtp_reply::SmtpPhase;
use service::mail::session::{ContentOutcome, Envelope, EnvelopeAddress, EnvelopeOutcome, Session};

use crate::dialogue::{MAIL, RCPT, envelope, make_ready, message, plain, ready, session};
use crate::support::scripted_server::Step::{
    self, Content as ReadContent, Expect, ExpectAlone, ExpectClose, Say, SayOctets,
};

const NEXT: &str = "RCPT TO:<luis@example.com>";

fn next() -> Envelope {
    Envelope {
        recipient: EnvelopeAddress::new("luis@example.com").unwrap(),
        ..envelope()
    }
}

/// The next envelope arrives, and what is said to the message and to each command of it.
fn asked(replies: &'static str, then: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut script = ready([ReadContent, Expect(MAIL), Expect(NEXT), ExpectAlone("DATA")]);
    script.push(SayOctets(replies.as_bytes().to_vec()));
    script.extend(then);
    script
}

async fn offer_both(session: &mut Session) -> ContentOutcome {
    make_ready(session).await;
    session.offer(&message(), Some(&next())).await.unwrap();
    session.answer().await
}

fn accepted(outcome: &ContentOutcome) -> bool {
    matches!(outcome, ContentOutcome::Accepted(_))
}

#[tokio::test]
async fn the_next_envelope_goes_behind_the_dot_and_its_message_when_it_was_taken() {
    let replies = "250 queued\r\n250 ok\r\n250 ok\r\n354 go\r\n";
    let script = asked(replies, [ReadContent, Say("250 queued"), ExpectClose]);
    let (server, mut session) = session(script).await;
    assert!(accepted(&offer_both(&mut session).await));
    assert!(session.is_ready_for(&next()));
    assert!(matches!(
        session.envelope(&next()).await,
        EnvelopeOutcome::Ready
    ));
    assert!(accepted(&session.content(&message()).await));
    assert_eq!(session.messages_sent(), 2);
    session.abandon();
    assert_eq!(server.finish().await.contents.len(), 2);
}

#[tokio::test]
async fn the_next_envelope_may_follow_while_the_reply_to_the_dot_is_waited_for() {
    let replies = "250 queued\r\n250 ok\r\n250 ok\r\n354 go\r\n";
    let (server, mut session) = session(asked(replies, [ExpectClose])).await;
    make_ready(&mut session).await;
    session.offer(&message(), None).await.unwrap();
    session.ask_behind(&next()).await;
    // A second one is not asked: the server takes one at a time.
    session.ask_behind(&envelope()).await;
    assert!(accepted(&session.answer().await));
    assert!(matches!(
        session.envelope(&next()).await,
        EnvelopeOutcome::Ready
    ));
    session.abandon();
    assert_eq!(server.finish().await.contents.len(), 1);
}

#[tokio::test]
async fn a_refused_message_costs_the_next_one_nothing() {
    let replies = "554 spam\r\n250 ok\r\n250 ok\r\n354 go\r\n";
    let (server, mut session) = session(asked(replies, [ExpectClose])).await;
    let outcome = offer_both(&mut session).await;
    assert!(matches!(outcome, ContentOutcome::Refused(_)), "{outcome:?}");
    assert!(matches!(
        session.envelope(&next()).await,
        EnvelopeOutcome::Ready
    ));
    session.abandon();
    server.finish().await;
}

#[tokio::test]
async fn a_server_that_holds_a_refused_message_against_the_next_is_asked_again_from_a_clean_start()
{
    let replies = "554 spam\r\n503 nested MAIL\r\n503 no MAIL\r\n503 no RCPT\r\n";
    let again = [
        Expect("RSET"),
        Expect(MAIL),
        Expect(NEXT),
        ExpectAlone("DATA"),
        SayOctets(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n".to_vec()),
        ExpectClose,
    ];
    let (server, mut session) = session(asked(replies, again)).await;
    let outcome = offer_both(&mut session).await;
    assert!(matches!(outcome, ContentOutcome::Refused(_)), "{outcome:?}");
    let outcome = session.envelope(&next()).await;
    assert!(matches!(outcome, EnvelopeOutcome::Ready), "{outcome:?}");
    session.abandon();
    server.finish().await;
}

#[tokio::test]
async fn a_refused_sender_behind_an_accepted_message_is_refused() {
    let replies = "250 queued\r\n550 not you\r\n503 no MAIL\r\n503 no RCPT\r\n";
    let (server, mut session) = session(asked(replies, [ExpectClose])).await;
    assert!(accepted(&offer_both(&mut session).await));
    match session.envelope(&next()).await {
        EnvelopeOutcome::Refused { phase, .. } => assert_eq!(phase, SmtpPhase::Mail),
        other => panic!("{other:?}"),
    }
    assert!(session.is_idle());
    session.abandon();
    server.finish().await;
}

#[tokio::test]
async fn only_the_envelope_that_was_asked_leads_on() {
    let replies = "250 queued\r\n250 ok\r\n250 ok\r\n354 go\r\n";
    let (server, mut session) = session(asked(replies, [ExpectClose])).await;
    assert!(accepted(&offer_both(&mut session).await));
    assert!(!session.is_ready_for(&envelope()));
    let outcome = session.envelope(&envelope()).await;
    assert!(
        matches!(outcome, EnvelopeOutcome::Broken { .. }),
        "{outcome:?}"
    );
    assert!(!session.is_usable());
    session.abandon();
    // Luis' envelope was accepted, and nothing more came: least of all a dot.
    assert!(server.finish().await.received.ends_with(b"DATA\r\n"));
}

#[tokio::test]
async fn a_server_that_leaves_at_the_dot_has_not_been_asked_for_the_next() {
    let script = asked("421 leaving\r\n", [ExpectClose]);
    let (server, mut session) = session(script).await;
    let outcome = offer_both(&mut session).await;
    assert!(matches!(outcome, ContentOutcome::Refused(_)), "{outcome:?}");
    assert!(!session.is_usable() && !session.is_ready_for(&next()));
    session.abandon();
    server.finish().await;
}

#[tokio::test]
async fn a_server_that_does_not_pipeline_is_asked_for_nothing_ahead() {
    let script = plain([
        ExpectAlone(MAIL),
        Say("250 ok"),
        ExpectAlone(RCPT),
        Say("250 ok"),
        ExpectAlone("DATA"),
        Say("354 go"),
        ReadContent,
        Say("250 queued"),
        ExpectClose,
    ]);
    let (server, mut session) = session(script).await;
    make_ready(&mut session).await;
    session.offer(&message(), Some(&next())).await.unwrap();
    session.ask_behind(&next()).await;
    assert!(accepted(&session.answer().await));
    assert!(session.is_idle());
    session.abandon();
    assert!(server.finish().await.received.ends_with(b".\r\n"));
}
