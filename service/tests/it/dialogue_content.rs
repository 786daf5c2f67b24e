//! What becomes of a message: before the dot, after it, and the reply to it.

use domain::smtp_reply::SmtpPhase;
use service::mail::session::{Cause, Content, ContentOutcome, Session, Stuffed};

use crate::dialogue::{
    deliver, make_ready, message, news_arrives, plain, ready, session, session_with,
};
use crate::dialogue_envelope::NEXT_PIPELINED;
use crate::support::scripted_server::Step::{
    Close, Content as ReadContent, Deaf, ExpectClose, Say, Stall, Swallow,
};
use crate::support::scripted_server::{SOON, short_at};

async fn sent(session: &mut Session, content: &Content) -> ContentOutcome {
    make_ready(session).await;
    session.content(content).await
}

/// Larger than all buffers between the two sides together.
pub(crate) fn enormous() -> Content {
    let line = [b"x".repeat(60_000).as_slice(), b"\r\n"].concat();
    Content::whole(Stuffed::new(&line.repeat(400)))
}

#[tokio::test]
async fn every_line_arrives_as_it_was_behind_the_stuffing() {
    for (text, expected) in [
        ("a\r\n.\r\n..b\r\n.c\r\n", "a\r\n..\r\n...b\r\n..c\r\n.\r\n"),
        ("no end", "no end\r\n.\r\n"),
        ("a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n"),
        ("", ".\r\n"),
    ] {
        let (server, mut session) = session(ready([ReadContent, Say("250 queued")])).await;
        let outcome = sent(&mut session, &Content::whole(Stuffed::new(text.as_bytes()))).await;
        assert!(
            matches!(outcome, ContentOutcome::Accepted(_)),
            "{outcome:?}"
        );
        assert_eq!(
            server.finish().await.contents,
            [expected.as_bytes()],
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn a_long_message_arrives_whole() {
    let line = b".234567890123456789012345678901234567890123456789\r\n";
    let text = line.repeat(20_000);
    let content = Content::with_shared(Stuffed::new(b"A: b\r\n\r\n"), Stuffed::new(&text));
    let (server, mut session) = session(ready([ReadContent, Say("250 queued")])).await;
    assert!(matches!(
        sent(&mut session, &content).await,
        ContentOutcome::Accepted(_)
    ));

    let stuffed = [b".".as_slice(), line].concat().repeat(20_000);
    let expected = [b"A: b\r\n\r\n".as_slice(), &stuffed, b".\r\n"].concat();
    assert!(server.finish().await.contents == [expected]);
}

#[tokio::test]
async fn a_refused_message_keeps_the_connection() {
    for words in ["550 5.7.1 Spam", "452 4.3.1 Disk full"] {
        let refused = [ReadContent, Say(words)].into_iter();
        let script = ready(refused.chain(NEXT_PIPELINED));
        let (server, mut session) = session(script).await;
        match sent(&mut session, &message()).await {
            ContentOutcome::Refused(reply) => assert_eq!(reply.to_string(), words),
            other => panic!("{other:?}"),
        }
        assert_eq!(session.messages_sent(), 0);
        assert_eq!(deliver(&mut session).await, "250 queued");
        server.finish().await;
    }
}

#[tokio::test]
async fn a_421_to_the_dot_is_a_refusal_and_the_end() {
    let (server, mut session) = session(ready([ReadContent, Say("421 4.3.2 Bye"), Close])).await;
    match sent(&mut session, &message()).await {
        ContentOutcome::Refused(reply) => assert_eq!(reply.to_string(), "421 4.3.2 Bye"),
        other => panic!("{other:?}"),
    }
    assert!(!session.is_usable());
    server.finish().await;
}

#[tokio::test]
async fn after_the_dot_nobody_can_know() {
    for ends in [
        vec![Close],
        vec![Say("hello"), Stall],
        vec![Say("354 More"), Stall],
        vec![Say("250-queu"), Close],
    ] {
        let script = ready([ReadContent].into_iter().chain(ends.clone()));
        let (server, mut session) = session(script).await;
        let outcome = sent(&mut session, &message()).await;
        assert!(
            matches!(outcome, ContentOutcome::Uncertain { .. }),
            "{ends:?}: {outcome:?}"
        );
        assert!(!session.is_usable());
        drop(session);
        server.finish().await;
    }
}

#[tokio::test]
async fn silence_after_the_dot_is_uncertain_at_the_deadline() {
    let (server, mut session) =
        session_with(ready([ReadContent, Stall]), short_at(SmtpPhase::Dot)).await;
    match sent(&mut session, &message()).await {
        ContentOutcome::Uncertain {
            cause: Cause::TimedOut(waited),
        } => assert_eq!(waited, SOON),
        other => panic!("{other:?}"),
    }
    drop(session);
    server.finish().await;
}

#[tokio::test]
async fn a_message_cut_before_its_last_part_was_not_offered() {
    let (server, mut session) = session(ready([Swallow(100_000), Close])).await;
    let outcome = sent(&mut session, &enormous()).await;
    assert!(
        matches!(outcome, ContentOutcome::NotOffered { .. }),
        "{outcome:?}"
    );
    assert!(!session.is_usable());
    server.finish().await;
}

#[tokio::test]
async fn a_server_that_reads_no_further_was_not_offered_the_dot() {
    let script = ready([Swallow(1), Deaf]);
    let (server, mut session) = session_with(script, short_at(SmtpPhase::Content)).await;
    let outcome = sent(&mut session, &enormous()).await;
    assert!(
        matches!(
            outcome,
            ContentOutcome::NotOffered {
                cause: Cause::TimedOut(_)
            }
        ),
        "{outcome:?}"
    );
    drop(session);
    drop(server);
}

#[tokio::test]
async fn a_refusal_said_before_the_message_counts_as_its_answer() {
    let (server, mut session) = session(ready([Say("452 4.3.1 Disk full after all"), Close])).await;
    make_ready(&mut session).await;
    server.finish().await;
    news_arrives().await;
    match session.content(&message()).await {
        ContentOutcome::Refused(reply) => {
            assert_eq!(reply.to_string(), "452 4.3.1 Disk full after all");
        }
        other => panic!("{other:?}"),
    }
    assert!(!session.is_usable());
}

#[tokio::test]
async fn a_connection_closed_after_354_was_not_offered_the_message() {
    let (server, mut session) = session(ready([Close])).await;
    make_ready(&mut session).await;
    server.finish().await;
    news_arrives().await;
    let outcome = session.content(&message()).await;
    assert!(
        matches!(
            outcome,
            ContentOutcome::NotOffered {
                cause: Cause::Closed
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_message_without_an_envelope_is_not_offered() {
    let (server, mut session) = session(plain([ExpectClose])).await;
    let outcome = session.content(&message()).await;
    assert!(
        matches!(
            outcome,
            ContentOutcome::NotOffered {
                cause: Cause::OutOfTurn
            }
        ),
        "{outcome:?}"
    );
    drop(session);
    assert_eq!(
        server.finish().await.received,
        b"EHLO client.example.org\r\n"
    );
}

#[tokio::test]
async fn a_dropped_message_poisons_the_session() {
    let (server, mut session) = session(ready([ReadContent, Stall])).await;
    make_ready(&mut session).await;
    let content = message();
    assert!(
        tokio::time::timeout(SOON, session.content(&content))
            .await
            .is_err()
    );
    assert!(!session.is_usable());
    drop(session);
    server.finish().await;

    let script = ready([Swallow(1), Deaf]);
    let (server, mut session) = self::session(script).await;
    make_ready(&mut session).await;
    let content = enormous();
    assert!(
        tokio::time::timeout(SOON, session.content(&content))
            .await
            .is_err()
    );
    assert!(!session.is_usable());
    drop(server);
}
