//! From nothing to a session: connection, greeting and `EHLO`, and the beginnings that TLS and `AUTH` share.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in what it calls"
)]

use domain::smtp_reply::SmtpPhase;
use service::mail::server::{HelloName, SmtpServer, Tls};
use service::mail::session::{Cause, ConnectCause, ConnectError, Session};

use crate::dialogue::deliver;
use crate::support::scripted_server::Step::{
    Close, Content as ReadContent, Expect, ExpectAlone, ExpectAnything, ExpectClose, Say, Stall,
};
use crate::support::scripted_server::{ScriptedServer, Step, short_at};

pub(crate) const EHLO: Step = ExpectAlone("EHLO client.example.org");
pub(crate) const STARTTLS_OFFERED: Step = Say("250-h\n250 STARTTLS");

pub(crate) fn hello(server: SmtpServer) -> SmtpServer {
    server.with_hello_name(HelloName::new("client.example.org").unwrap())
}

/// Connects by URL; `trusted` adds the server's certificate to the roots.
pub(crate) async fn connect(
    server: &ScriptedServer,
    scheme: &str,
    user: &str,
    query: &str,
    trusted: bool,
) -> Result<Session, ConnectError> {
    let mut smtp = hello(SmtpServer::from_url(&server.url(scheme, user, query)).unwrap());
    if trusted {
        smtp = smtp.with_extra_roots(server.certificate()).unwrap();
    }
    Session::connect(&smtp).await
}

pub(crate) async fn fails(
    script: Vec<Step>,
    scheme: &str,
    user: &str,
    query: &str,
) -> (SmtpPhase, ConnectCause) {
    let server = ScriptedServer::start(script).await;
    let error = connect(&server, scheme, user, query, false)
        .await
        .unwrap_err();
    server.finish().await;
    (error.phase, error.cause)
}

/// The rest of a dialogue in which one message is taken.
pub(crate) fn one_message() -> Vec<Step> {
    vec![
        ExpectAnything,
        Say("250 OK"),
        ExpectAnything,
        Say("250 OK"),
        Expect("DATA"),
        Say("354 Go"),
        ReadContent,
        Say("250 queued"),
    ]
}

pub(crate) fn script(parts: impl IntoIterator<Item = Vec<Step>>) -> Vec<Step> {
    parts.into_iter().flatten().collect()
}

#[tokio::test]
async fn a_host_without_a_name_says_its_address() {
    let server = ScriptedServer::start([
        Say("220 h"),
        ExpectAlone("EHLO [127.0.0.1]"),
        Say("250 h"),
        ExpectClose,
    ])
    .await;
    let session = Session::connect(&server.server(Tls::None)).await.unwrap();
    session.abandon();
    server.finish().await;
}

#[tokio::test]
async fn an_old_server_is_greeted_with_helo() {
    for refusal in ["500 What?", "502 Not implemented", "550 No"] {
        let steps = vec![
            Say("220 h"),
            EHLO,
            Say(refusal),
            ExpectAlone("HELO client.example.org"),
            Say("250 h"),
        ];
        let server = ScriptedServer::start(script([steps, one_message()])).await;
        let mut session = connect(&server, "smtp", "", "", false).await.unwrap();
        assert!(!session.capabilities().pipelining);
        assert_eq!(deliver(&mut session).await, "250 queued");
        server.finish().await;
    }
}

#[tokio::test]
async fn a_greeting_in_several_lines_is_one_greeting() {
    let server = ScriptedServer::start([
        Say("220-h\n220-no spam\n220 please"),
        EHLO,
        Say("250 h"),
        ExpectClose,
    ])
    .await;
    connect(&server, "smtp", "", "", false)
        .await
        .unwrap()
        .abandon();
    server.finish().await;
}

#[tokio::test]
async fn a_server_that_does_not_welcome_says_so_with_its_words() {
    for (steps, phase, words) in [
        (
            vec![Say("554 5.7.1 Not here"), ExpectClose],
            SmtpPhase::Greeting,
            "554 5.7.1 Not here",
        ),
        (
            vec![Say("421 4.3.2 Busy"), Close],
            SmtpPhase::Greeting,
            "421 4.3.2 Busy",
        ),
        (
            vec![Say("220 h"), EHLO, Say("421 Bye"), Close],
            SmtpPhase::Hello,
            "421 Bye",
        ),
        (
            vec![Say("220 h"), EHLO, Say("450 Later"), ExpectClose],
            SmtpPhase::Hello,
            "450 Later",
        ),
        (
            vec![
                Say("220 h"),
                EHLO,
                Say("500 No"),
                ExpectAnything,
                Say("501 No"),
                ExpectClose,
            ],
            SmtpPhase::Hello,
            "501 No",
        ),
    ] {
        let server = ScriptedServer::start(steps).await;
        let error = connect(&server, "smtp", "", "", false).await.unwrap_err();
        assert_eq!(
            (error.phase, error.reply().unwrap().to_string().as_str()),
            (phase, words)
        );
        server.finish().await;
    }
}

#[tokio::test]
async fn a_server_that_breaks_off_names_its_phase() {
    let (phase, cause) = fails(vec![Close], "smtp", "", "").await;
    assert!(
        phase == SmtpPhase::Greeting && matches!(cause, ConnectCause::Broken(Cause::Closed)),
        "{phase} {cause:?}"
    );
    let (phase, cause) = fails(vec![Say("220 h"), EHLO, Close], "smtp", "", "").await;
    assert!(
        phase == SmtpPhase::Hello && matches!(cause, ConnectCause::Broken(Cause::Closed)),
        "{phase} {cause:?}"
    );
    let (phase, cause) = fails(
        vec![Say("HTTP/1.1 400 Bad Request"), ExpectClose],
        "smtp",
        "",
        "",
    )
    .await;
    assert!(
        phase == SmtpPhase::Greeting && matches!(cause, ConnectCause::Broken(Cause::Protocol(_))),
        "{cause:?}"
    );
}

#[tokio::test]
async fn a_silent_server_runs_into_the_deadline() {
    for (steps, phase) in [
        (vec![Stall], SmtpPhase::Greeting),
        (vec![Say("220 h"), EHLO, Stall], SmtpPhase::Hello),
    ] {
        let server = ScriptedServer::start(steps).await;
        let smtp = hello(server.server(Tls::None)).with_deadlines(short_at(phase));
        let error = Session::connect(&smtp).await.unwrap_err();
        assert!(
            matches!(error.cause, ConnectCause::Broken(Cause::TimedOut(_))),
            "{error:?}"
        );
        assert_eq!(error.phase, phase);
        server.finish().await;
    }
}

#[tokio::test]
async fn a_refused_connection_is_told_as_such() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = Session::connect(&SmtpServer::new("127.0.0.1", port, Tls::None))
        .await
        .unwrap_err();
    assert!(
        matches!(error.cause, ConnectCause::Broken(Cause::Io(_))),
        "{error:?}"
    );
    assert_eq!(error.phase, SmtpPhase::Connect);
}
