//! From nothing to a session: greeting, `EHLO`, TLS and `AUTH`, and how each of them can fail.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use domain::smtp_reply::SmtpPhase;
use service::mail::server::{HelloName, SmtpServer, Tls};
use service::mail::session::{Cause, ConnectCause, ConnectError, Session};

use crate::dialogue::deliver;
use crate::support::scripted_server::Step::{
    Close, Content as ReadContent, Expect, ExpectAlone, ExpectAnything, ExpectClose, Handshake,
    Say, Stall,
};
use crate::support::scripted_server::{ScriptedServer, Step, short_deadlines};

const EHLO: Step = ExpectAlone("EHLO client.example.org");
const STARTTLS_OFFERED: Step = Say("250-h\n250 STARTTLS");
/// `\0me\0secret`
const PLAIN: &str = "AUTH PLAIN AG1lAHNlY3JldA==";

fn hello(server: SmtpServer) -> SmtpServer {
    server.with_hello_name(HelloName::new("client.example.org").unwrap())
}

/// Connects by URL; `trusted` adds the server's certificate to the roots.
async fn connect(
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

async fn fails(
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
fn one_message() -> Vec<Step> {
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

fn script(parts: impl IntoIterator<Item = Vec<Step>>) -> Vec<Step> {
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
        let smtp = hello(server.server(Tls::None)).with_deadlines(short_deadlines());
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

#[tokio::test]
async fn starttls_asks_again_what_is_offered() {
    let before = vec![
        Say("220 h"),
        EHLO,
        Say("250-h\n250-PIPELINING\n250 STARTTLS"),
        ExpectAlone("STARTTLS"),
        Say("220 Go"),
        Handshake,
        EHLO,
        Say("250 h"),
    ];
    for (query, trusted) in [("?tls=required", true), ("", false)] {
        let server = ScriptedServer::start(script([before.clone(), one_message()])).await;
        let mut session = connect(&server, "smtp", "", query, trusted).await.unwrap();
        assert!(!session.capabilities().pipelining);
        assert_eq!(deliver(&mut session).await, "250 queued");
        assert_eq!(server.finish().await.contents.len(), 1);
    }
}

#[tokio::test]
async fn implicit_tls_begins_with_the_first_byte() {
    let steps = vec![Handshake, Say("220 h"), EHLO, Say("250 h")];
    let server = ScriptedServer::start(script([steps, one_message()])).await;
    let mut session = connect(&server, "smtps", "", "", true).await.unwrap();
    assert_eq!(deliver(&mut session).await, "250 queued");
    server.finish().await;
}

#[tokio::test]
async fn without_tls_starttls_is_not_asked_for() {
    let server = ScriptedServer::start(script([
        vec![Say("220 h"), EHLO, STARTTLS_OFFERED],
        one_message(),
    ]))
    .await;
    let mut session = connect(&server, "smtp", "", "?tls=none", false)
        .await
        .unwrap();
    assert_eq!(deliver(&mut session).await, "250 queued");
    server.finish().await;
}

#[tokio::test]
async fn required_tls_that_is_not_offered_is_no_session() {
    let (phase, cause) = fails(
        vec![Say("220 h"), EHLO, Say("250 h"), ExpectClose],
        "smtp",
        "",
        "?tls=required",
    )
    .await;
    assert!(
        phase == SmtpPhase::Tls && matches!(cause, ConnectCause::StartTlsNotOffered),
        "{phase} {cause:?}"
    );
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_refused() {
    let starttls = vec![
        Say("220 h"),
        EHLO,
        STARTTLS_OFFERED,
        ExpectAlone("STARTTLS"),
        Say("220 Go"),
        Handshake,
    ];
    let (phase, cause) = fails(starttls, "smtp", "", "?tls=required").await;
    assert!(
        phase == SmtpPhase::Tls && matches!(cause, ConnectCause::Handshake(_)),
        "{phase} {cause:?}"
    );
    let (phase, cause) = fails(vec![Handshake], "smtps", "", "").await;
    assert!(
        phase == SmtpPhase::Tls && matches!(cause, ConnectCause::Handshake(_)),
        "{phase} {cause:?}"
    );
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let server = ScriptedServer::start([Handshake]).await;
    let port = SmtpServer::from_url(&server.url("smtps", "", ""))
        .unwrap()
        .port();
    let smtp = SmtpServer::new("localhost", port, Tls::Implicit)
        .with_extra_roots(server.certificate())
        .unwrap();
    let error = Session::connect(&smtp).await.unwrap_err();
    assert!(
        matches!(error.cause, ConnectCause::Handshake(_)),
        "{error:?}"
    );
    server.finish().await;
}

#[tokio::test]
async fn after_a_failed_handshake_nothing_more_is_said() {
    let nonsense = [
        Say("220 Go"),
        Step::SayOctets(b"this is not TLS\r\n".to_vec()),
    ];
    let steps = script([
        vec![
            Say("220 h"),
            EHLO,
            STARTTLS_OFFERED,
            ExpectAlone("STARTTLS"),
        ],
        nonsense.to_vec(),
        vec![Stall],
    ]);
    let server = ScriptedServer::start(steps).await;
    let error = connect(&server, "smtp", "", "?tls=opportunistic", false)
        .await
        .unwrap_err();
    assert_eq!(error.phase, SmtpPhase::Tls);
    let received = server.finish().await.received;
    let plain = b"EHLO client.example.org\r\nSTARTTLS\r\n";
    assert!(received.starts_with(plain));
    // A client hello at most: no command in plaintext.
    assert!(!received[plain.len()..].ends_with(b"\r\n"), "{received:?}");
}

#[tokio::test]
async fn a_refused_starttls_is_not_passed_over() {
    let steps = vec![
        Say("220 h"),
        EHLO,
        STARTTLS_OFFERED,
        ExpectAlone("STARTTLS"),
        Say("454 4.7.0 Not now"),
        ExpectClose,
    ];
    let (phase, cause) = fails(steps, "smtp", "", "").await;
    assert!(
        phase == SmtpPhase::Tls && matches!(cause, ConnectCause::Rejected(_)),
        "{phase} {cause:?}"
    );
}

#[tokio::test]
async fn plaintext_behind_the_reply_to_starttls_is_an_attack() {
    let steps = vec![
        Say("220 h"),
        EHLO,
        STARTTLS_OFFERED,
        ExpectAlone("STARTTLS"),
        Say("220 Go\n250-h\n250 AUTH PLAIN"),
        ExpectClose,
    ];
    for query in ["?tls=required", "?tls=opportunistic"] {
        let (phase, cause) = fails(steps.clone(), "smtp", "", query).await;
        assert!(
            phase == SmtpPhase::Tls && matches!(cause, ConnectCause::InjectedPlaintext),
            "{phase} {cause:?}"
        );
    }
}

#[tokio::test]
async fn the_better_mechanism_is_taken() {
    let login = [
        ExpectAlone("AUTH LOGIN"),
        Say("334 VXNlcm5hbWU6"),
        ExpectAlone("bWU="),
        Say("334 UGFzc3dvcmQ6"),
        ExpectAlone("c2VjcmV0"),
    ];
    let plain = [ExpectAlone(PLAIN)];
    let xoauth2 = [ExpectAlone(
        "AUTH XOAUTH2 dXNlcj1tZQFhdXRoPUJlYXJlciBzZWNyZXQBAQ==",
    )];
    for (offered, query, steps) in [
        (
            "250-h\n250 AUTH LOGIN PLAIN XOAUTH2",
            "?tls=none",
            plain.to_vec(),
        ),
        ("250-h\n250 AUTH=LOGIN", "?tls=none", login.to_vec()),
        (
            "250-h\n250 AUTH PLAIN LOGIN",
            "?tls=none&auth=login",
            login.to_vec(),
        ),
        (
            "250-h\n250 AUTH PLAIN LOGIN XOAUTH2",
            "?tls=none&auth=xoauth2",
            xoauth2.to_vec(),
        ),
    ] {
        let end = vec![Say("235 2.7.0 Welcome"), ExpectClose];
        let server =
            ScriptedServer::start(script([vec![Say("220 h"), EHLO, Say(offered)], steps, end]))
                .await;
        connect(&server, "smtp", "me:secret@", query, false)
            .await
            .unwrap()
            .abandon();
        server.finish().await;
    }
}

#[tokio::test]
async fn a_long_token_waits_for_the_servers_word() {
    let steps = [
        Say("220 h"),
        EHLO,
        Say("250-h\n250 AUTH XOAUTH2"),
        ExpectAlone("AUTH XOAUTH2"),
        Say("334 "),
        ExpectAnything,
    ];
    let server =
        ScriptedServer::start(steps.into_iter().chain([Say("235 Welcome"), ExpectClose])).await;
    let user = format!("me:{}@", "t".repeat(2_000));
    connect(&server, "smtp", &user, "?tls=none&auth=xoauth2", false)
        .await
        .unwrap()
        .abandon();
    server.finish().await;
}

#[tokio::test]
async fn refused_credentials_are_told_with_the_servers_words() {
    let offered = Say("250-h\n250 AUTH PLAIN LOGIN XOAUTH2");
    let refused = Say("535 5.7.8 Wrong password");
    for (query, steps) in [
        ("?tls=none", vec![ExpectAlone(PLAIN)]),
        (
            "?tls=none&auth=login",
            vec![
                ExpectAlone("AUTH LOGIN"),
                Say("334 "),
                ExpectAlone("bWU="),
                Say("334 "),
                ExpectAnything,
            ],
        ),
        (
            "?tls=none&auth=xoauth2",
            vec![
                ExpectAnything,
                Say("334 eyJzdGF0dXMiOiI0MDEifQ=="),
                ExpectAlone(""),
            ],
        ),
        // A server that asks on and on is told to stop.
        (
            "?tls=none&auth=plain",
            vec![ExpectAnything, Say("334 "), ExpectAlone("*")],
        ),
    ] {
        let end = vec![refused.clone(), ExpectClose];
        let server = ScriptedServer::start(script([
            vec![Say("220 h"), EHLO, offered.clone()],
            steps,
            end,
        ]))
        .await;
        let error = connect(&server, "smtp", "me:secret@", query, false)
            .await
            .unwrap_err();
        assert_eq!(error.phase, SmtpPhase::Auth);
        assert_eq!(
            error.reply().unwrap().to_string(),
            "535 5.7.8 Wrong password"
        );
        assert!(!format!("{error} {error:?}").contains("secret"));
        server.finish().await;
    }
}

#[tokio::test]
async fn a_mechanism_that_is_not_offered_is_not_tried() {
    for (offered, query) in [
        ("250 h", "?tls=none"),
        ("250-h\n250 AUTH XOAUTH2 CRAM-MD5", "?tls=none"),
        ("250-h\n250 AUTH PLAIN", "?tls=none&auth=xoauth2"),
    ] {
        let (phase, cause) = fails(
            vec![Say("220 h"), EHLO, Say(offered), ExpectClose],
            "smtp",
            "me:secret@",
            query,
        )
        .await;
        assert!(
            phase == SmtpPhase::Auth && matches!(cause, ConnectCause::NoMechanism),
            "{phase} {cause:?}"
        );
    }
}

#[tokio::test]
async fn a_password_never_goes_over_an_open_line_unasked() {
    let steps = vec![
        Say("220 h"),
        EHLO,
        Say("250-h\n250 AUTH PLAIN LOGIN"),
        ExpectClose,
    ];
    let (phase, cause) = fails(steps.clone(), "smtp", "me:secret@", "?tls=opportunistic").await;
    assert!(
        phase == SmtpPhase::Auth && matches!(cause, ConnectCause::PasswordWithoutTls),
        "{phase} {cause:?}"
    );
    let (phase, cause) = fails(steps, "smtp", "me:secret@", "").await;
    assert!(
        phase == SmtpPhase::Tls && matches!(cause, ConnectCause::StartTlsNotOffered),
        "{phase} {cause:?}"
    );
}

#[tokio::test]
async fn a_password_goes_over_tls() {
    let steps = [
        Say("220 h"),
        EHLO,
        STARTTLS_OFFERED,
        ExpectAlone("STARTTLS"),
        Say("220 Go"),
        Handshake,
        EHLO,
        Say("250-h\n250 AUTH PLAIN"),
        ExpectAlone(PLAIN),
        Say("235 Welcome"),
        ExpectClose,
    ];
    let server = ScriptedServer::start(steps).await;
    connect(&server, "smtp", "me:secret@", "", true)
        .await
        .unwrap()
        .abandon();
    server.finish().await;
}
