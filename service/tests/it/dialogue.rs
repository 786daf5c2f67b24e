//! Whole dialogues with a scripted server, and the beginnings the other `dialogue_*` tests share.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in what it calls"
)]

use domain::smtp_reply::SmtpPhase;
use service::mail::server::{Deadlines, HelloName, Tls};
use service::mail::session::{
    Content, ContentOutcome, Envelope, EnvelopeAddress, EnvelopeOutcome, Session, Stuffed,
};

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::support::scripted_server::Step::{
    Close, Content as ReadContent, Expect, ExpectAlone, ExpectClose, Say,
};
use crate::support::scripted_server::{SOON, ScriptedServer, Step};

pub(crate) const MAIL: &str = "MAIL FROM:<news@example.org>";
pub(crate) const RCPT: &str = "RCPT TO:<ana@example.com>";

/// Greeting and `EHLO`, up to the first envelope.
pub(crate) fn opened(extensions: &'static str) -> Vec<Step> {
    vec![
        Say("220 mail.example.com"),
        ExpectAlone("EHLO client.example.org"),
        Say(extensions),
    ]
}

/// The script of a server that pipelines.
pub(crate) fn pipelining(rest: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut script = opened("250-mail.example.com\n250 PIPELINING");
    script.extend(rest);
    script
}

/// The script of a server that doesn't.
pub(crate) fn plain(rest: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut script = opened("250 mail.example.com");
    script.extend(rest);
    script
}

/// A script in which the server has said 354 to a pipelined envelope.
pub(crate) fn ready(rest: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut script = pipelining([
        Expect(MAIL),
        Expect(RCPT),
        ExpectAlone("DATA"),
        Say("250 OK\n250 OK\n354 Go"),
    ]);
    script.extend(rest);
    script
}

/// A session with a server that follows the script.
pub(crate) async fn session(script: Vec<Step>) -> (ScriptedServer, Session) {
    session_with(script, Deadlines::default()).await
}

/// The same, with these deadlines.
pub(crate) async fn session_with(
    script: Vec<Step>,
    deadlines: Deadlines,
) -> (ScriptedServer, Session) {
    let server = ScriptedServer::start(script).await;
    let smtp = server
        .server(Tls::None)
        .with_hello_name(HelloName::new("client.example.org").unwrap())
        .with_deadlines(deadlines);
    let session = Session::connect(&smtp).await.unwrap();
    (server, session)
}

/// From `news@example.org` to `ana@example.com`.
pub(crate) fn envelope() -> Envelope {
    Envelope {
        sender: EnvelopeAddress::new("news@example.org").unwrap(),
        recipient: EnvelopeAddress::new("ana@example.com").unwrap(),
        size: 11,
        eight_bit: false,
        needs_smtp_utf8: false,
    }
}

/// A short message.
pub(crate) fn message() -> Content {
    Content::whole(Stuffed::new(b"A: b\r\n\r\nc\r\n"))
}

/// Fails unless the server waits for the message.
pub(crate) async fn make_ready(session: &mut Session) {
    let outcome = session.envelope(&envelope()).await;
    assert!(matches!(outcome, EnvelopeOutcome::Ready), "{outcome:?}");
}

/// Fails unless the message is accepted; the server's words.
pub(crate) async fn deliver(session: &mut Session) -> String {
    make_ready(session).await;
    match session.content(&message()).await {
        ContentOutcome::Accepted(reply) => reply.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Phase and words of a refused envelope.
pub(crate) async fn refusal(session: &mut Session) -> (SmtpPhase, String) {
    match session.envelope(&envelope()).await {
        EnvelopeOutcome::Refused { phase, reply } => (phase, reply.to_string()),
        other => panic!("{other:?}"),
    }
}

/// Makes the runtime look at its sockets: what has reached one of them by now is known to it afterwards.
pub(crate) async fn news_arrives() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (accepted, connected) = tokio::join!(listener.accept(), TcpStream::connect(address));
    drop(accepted.unwrap());
    assert_eq!(connected.unwrap().read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn messages_follow_each_other_on_a_pipelined_connection() {
    let message = [
        Expect(MAIL),
        Expect(RCPT),
        ExpectAlone("DATA"),
        Say("250 OK\n250 OK\n354 Go"),
        ReadContent,
    ];
    let mut script = pipelining(message.clone());
    script.push(Say("250 2.0.0 queued as 1"));
    script.extend(message);
    script.extend([
        Say("250 2.0.0 queued as 2"),
        ExpectAlone("QUIT"),
        Say("221 Bye"),
        ExpectClose,
    ]);
    let (server, mut session) = session(script).await;

    assert_eq!(deliver(&mut session).await, "250 2.0.0 queued as 1");
    assert_eq!(deliver(&mut session).await, "250 2.0.0 queued as 2");
    assert_eq!((session.messages_sent(), session.is_usable()), (2, true));
    session.quit().await;

    let transcript = server.finish().await;
    assert_eq!(
        transcript.contents,
        [b"A: b\r\n\r\nc\r\n.\r\n", b"A: b\r\n\r\nc\r\n.\r\n"]
    );
    let expected = "EHLO client.example.org\r\n\
        MAIL FROM:<news@example.org>\r\nRCPT TO:<ana@example.com>\r\nDATA\r\nA: b\r\n\r\nc\r\n.\r\n\
        MAIL FROM:<news@example.org>\r\nRCPT TO:<ana@example.com>\r\nDATA\r\nA: b\r\n\r\nc\r\n.\r\n\
        QUIT\r\n";
    assert_eq!(String::from_utf8(transcript.received).unwrap(), expected);
}

#[tokio::test]
async fn without_pipelining_every_command_waits_for_its_reply() {
    let script = plain([
        ExpectAlone(MAIL),
        Say("250 OK"),
        ExpectAlone(RCPT),
        Say("251 Will forward"),
        ExpectAlone("DATA"),
        Say("354 Go"),
        ReadContent,
        Say("250 queued"),
        ExpectAlone("QUIT"),
        Say("221 Bye"),
        ExpectClose,
    ]);
    let (server, mut session) = session(script).await;
    assert_eq!(deliver(&mut session).await, "250 queued");
    session.quit().await;
    assert_eq!(server.finish().await.contents, [b"A: b\r\n\r\nc\r\n.\r\n"]);
}

#[tokio::test]
async fn parameters_are_said_where_they_are_offered_and_needed() {
    let script = opened("250-h\n250-PIPELINING\n250-SIZE 1000\n250-8BITMIME\n250 SMTPUTF8")
        .into_iter()
        .chain([
            Expect("MAIL FROM:<news@example.org> SIZE=11"),
            Expect(RCPT),
            ExpectAlone("DATA"),
            Say("250 OK\n250 OK\n451 Later"),
            Expect("RSET"),
            Expect("MAIL FROM:<news@example.org> SIZE=11 BODY=8BITMIME SMTPUTF8"),
            Expect("RCPT TO:<jörg@example.com>"),
            ExpectAlone("DATA"),
            Say("250 OK\n250 OK\n250 OK\n354 Go"),
            ExpectClose,
        ])
        .collect();
    let (server, mut session) = session(script).await;
    assert_eq!(
        refusal(&mut session).await,
        (SmtpPhase::Data, "451 Later".to_owned())
    );

    let recipient = EnvelopeAddress::new("jörg@example.com").unwrap();
    let outcome = session
        .envelope(&Envelope {
            recipient,
            eight_bit: true,
            ..envelope()
        })
        .await;
    assert!(matches!(outcome, EnvelopeOutcome::Ready), "{outcome:?}");
    session.abandon();
    server.finish().await;
}

#[tokio::test]
async fn goodbye_is_bounded_and_never_said_in_a_message() {
    let deadlines = Deadlines {
        quit: SOON,
        ..Deadlines::default()
    };
    let (server, session) =
        session_with(plain([ExpectAlone("QUIT"), Step::Stall]), deadlines).await;
    session.quit().await;
    server.finish().await;

    let (server, mut session) = self::session(ready([ExpectClose])).await;
    make_ready(&mut session).await;
    session.quit().await;
    assert!(server.finish().await.received.ends_with(b"DATA\r\n"));
}

#[tokio::test]
async fn a_server_that_left_while_idle_is_noticed_before_anything_is_written() {
    let (server, mut session) = session(plain([Say("421 4.4.2 Idle too long"), Close])).await;
    assert_eq!(
        server.finish().await.received,
        b"EHLO client.example.org\r\n"
    );
    news_arrives().await;
    match session.envelope(&envelope()).await {
        EnvelopeOutcome::Broken {
            phase: SmtpPhase::Mail,
            cause,
        } => {
            assert_eq!(
                cause.to_string(),
                "the server closes: 421 4.4.2 Idle too long"
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(!session.is_usable());
}

#[tokio::test]
async fn a_kept_connection_can_be_looked_at_without_being_used() {
    let (server, mut session) = session(plain([Close])).await;
    assert_eq!(
        server.finish().await.received,
        b"EHLO client.example.org\r\n"
    );
    news_arrives().await;
    assert!(session.is_usable());
    assert!(!session.is_ready_for(&envelope()));
    assert!(!session.is_usable());

    let (server, mut session) =
        self::session(ready([ReadContent, Say("250 queued"), ExpectClose])).await;
    assert!(session.is_ready_for(&envelope()));
    assert_eq!(deliver(&mut session).await, "250 queued");
    assert!(session.is_ready_for(&envelope()));
    session.abandon();
    server.finish().await;
}

#[tokio::test]
async fn a_dialogue_can_run_on_any_thread() {
    let (server, mut session) = session(ready([ReadContent, Say("250 queued"), ExpectClose])).await;
    let spawned = tokio::spawn(async move { deliver(&mut session).await });
    assert_eq!(spawned.await.unwrap(), "250 queued");
    server.finish().await;
}
