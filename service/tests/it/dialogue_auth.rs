//! `AUTH`: which mechanism is taken, what is said, and when a password stays at home.

use domain::smtp_reply::SmtpPhase;
use service::mail::session::{Cause, ConnectCause};

use crate::dialogue_connect::{EHLO, STARTTLS_OFFERED, connect, fails, script};
use crate::support::scripted_server::ScriptedServer;
use crate::support::scripted_server::Step::{
    ExpectAlone, ExpectAnything, ExpectClose, Handshake, Say,
};

/// `\0me\0secret`
const PLAIN: &str = "AUTH PLAIN AG1lAHNlY3JldA==";

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

#[tokio::test]
async fn a_server_that_never_stops_asking_is_left() {
    for (query, given_up) in [
        ("?tls=none&auth=plain", "*"),
        ("?tls=none&auth=xoauth2", ""),
    ] {
        let steps = vec![
            Say("220 h"),
            EHLO,
            Say("250-h\n250 AUTH PLAIN XOAUTH2"),
            ExpectAnything,
            Say("334 "),
            ExpectAlone(given_up),
            Say("334 "),
            ExpectClose,
        ];
        let (phase, cause) = fails(steps, "smtp", "me:secret@", query).await;
        assert!(
            phase == SmtpPhase::Auth && matches!(cause, ConnectCause::Broken(Cause::Protocol(_))),
            "{phase} {cause:?}"
        );
    }
}
