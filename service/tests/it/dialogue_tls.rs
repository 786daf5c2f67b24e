//! How a line is protected, and all the ways in which it must not be used when it isn't.

use domain::smtp_reply::SmtpPhase;
use service::mail::server::{SmtpServer, Tls};
use service::mail::session::{Cause, ConnectCause, ContentOutcome, Session};

use crate::dialogue::{deliver, make_ready, message};
use crate::dialogue_connect::{EHLO, STARTTLS_OFFERED, connect, fails, one_message, script};
use crate::support::scripted_server::Step::{
    Close, Content as ReadContent, Expect, ExpectAlone, ExpectAnything, ExpectClose, Handshake,
    Say, Stall, Vanish,
};
use crate::support::scripted_server::{ScriptedServer, Step};

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
async fn the_end_of_a_protected_line_after_the_dot_is_uncertain() {
    for end in [Close, Vanish] {
        let steps = vec![
            Handshake,
            Say("220 h"),
            EHLO,
            Say("250-h\n250 PIPELINING"),
            ExpectAnything,
            ExpectAnything,
            Expect("DATA"),
            Say("250 OK\n250 OK\n354 Go"),
            ReadContent,
            end,
        ];
        let server = ScriptedServer::start(steps).await;
        let mut session = connect(&server, "smtps", "", "", true).await.unwrap();
        make_ready(&mut session).await;
        let outcome = session.content(&message()).await;
        assert!(
            matches!(
                outcome,
                ContentOutcome::Uncertain {
                    cause: Cause::Closed
                }
            ),
            "{outcome:?}"
        );
        assert_eq!(server.finish().await.contents.len(), 1);
    }
}
