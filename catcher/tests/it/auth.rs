//! AUTH with its three mechanisms.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catcher::{Credentials, Options};

use crate::client::Client;
use crate::{ready_with, start};

fn guarded() -> Options {
    Options::default().require_auth().credentials(Credentials {
        user: "ana".to_owned(),
        password: "s3cret".to_owned(),
        token: Some("t0ken".to_owned()),
    })
}

fn xoauth2(token: &str) -> String {
    STANDARD.encode(format!("user=ana\x01auth=Bearer {token}\x01\x01"))
}

async fn is_let_in(client: &mut Client) -> bool {
    client
        .say("MAIL FROM:<s@example.org>")
        .await
        .starts_with("250 ")
}

#[tokio::test]
async fn auth_is_offered_with_its_mechanisms() {
    let catcher = start(guarded()).await;
    let offered = Client::connect(&catcher).await.hello().await;
    assert!(
        offered.contains(&"AUTH PLAIN LOGIN XOAUTH2".to_owned()),
        "{offered:?}"
    );
}

#[tokio::test]
async fn mail_needs_authentication_where_it_is_required() {
    let (_catcher, mut client) = ready_with(guarded()).await;
    let reply = client.say("MAIL FROM:<s@example.org>").await;
    assert!(reply.starts_with("530 5.7.0 "));
}

#[tokio::test]
async fn plain_lets_in_with_and_without_an_initial_response() {
    let response = STANDARD.encode("\0ana\0s3cret");
    let (catcher, mut client) = ready_with(guarded()).await;
    let reply = client.say(&format!("AUTH PLAIN {response}")).await;
    assert!(reply.starts_with("235 2.7.0 "));
    assert!(is_let_in(&mut client).await);

    let mut client = Client::connect(&catcher).await;
    client.hello().await;
    assert_eq!(client.say("AUTH PLAIN").await, "334 ");
    assert!(client.say(&response).await.starts_with("235 2.7.0 "));
    assert!(is_let_in(&mut client).await);
}

#[tokio::test]
async fn login_asks_for_the_user_and_the_password() {
    let (_catcher, mut client) = ready_with(guarded()).await;
    assert_eq!(client.say("AUTH LOGIN").await, "334 VXNlcm5hbWU6");
    let reply = client.say(&STANDARD.encode("ana")).await;
    assert_eq!(reply, "334 UGFzc3dvcmQ6");
    let reply = client.say(&STANDARD.encode("s3cret")).await;
    assert!(reply.starts_with("235 2.7.0 "));
    assert!(is_let_in(&mut client).await);
}

#[tokio::test]
async fn xoauth2_lets_a_right_token_in() {
    let (_catcher, mut client) = ready_with(guarded()).await;
    let reply = client
        .say(&format!("AUTH XOAUTH2 {}", xoauth2("t0ken")))
        .await;
    assert!(reply.starts_with("235 2.7.0 "));
    assert!(is_let_in(&mut client).await);
}

#[tokio::test]
async fn xoauth2_explains_a_wrong_token_before_it_refuses() {
    let (_catcher, mut client) = ready_with(guarded()).await;
    let reply = client
        .say(&format!("AUTH XOAUTH2 {}", xoauth2("wrong")))
        .await;
    let challenge = STANDARD
        .decode(reply.strip_prefix("334 ").unwrap())
        .unwrap();
    assert!(challenge.starts_with(br#"{"status":"401""#));
    assert!(client.say("").await.starts_with("535 5.7.8 "));
    assert!(!is_let_in(&mut client).await);
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let (_catcher, mut client) = ready_with(guarded()).await;
    for wrong in ["\0ana\0wrong", "\0luis\0s3cret", "\0ana", "", "ana\0s3cret"] {
        let command = format!("AUTH PLAIN {}", STANDARD.encode(wrong));
        let reply = client.say(&command).await;
        // An empty one has no initial response, so it is asked for.
        let reply = if wrong.is_empty() {
            client.say("").await
        } else {
            reply
        };
        assert!(reply.starts_with("535 5.7.8 "), "{wrong:?}: {reply}");
    }
    client.say("AUTH LOGIN").await;
    client.say(&STANDARD.encode("ana")).await;
    let reply = client.say(&STANDARD.encode("wrong")).await;
    assert!(reply.starts_with("535 5.7.8 "));
    assert!(!is_let_in(&mut client).await);
}

#[tokio::test]
async fn an_exchange_can_be_cancelled_and_must_be_base64() {
    let (_catcher, mut client) = ready_with(guarded()).await;
    client.say("AUTH LOGIN").await;
    assert!(client.say("*").await.starts_with("501 5.7.0 "));
    client.say("AUTH PLAIN").await;
    assert!(client.say("!").await.starts_with("501 5.5.2 "));
    let reply = client.say("AUTH CRAM-MD5").await;
    assert!(reply.starts_with("504 5.5.4 "));
}

#[tokio::test]
async fn nobody_authenticates_twice() {
    let (_catcher, mut client) = ready_with(guarded()).await;
    let plain = format!("AUTH PLAIN {}", STANDARD.encode("\0ana\0s3cret"));
    client.say(&plain).await;
    assert!(client.say(&plain).await.starts_with("503 5.5.1 "));
}
