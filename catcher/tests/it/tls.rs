//! STARTTLS and TLS from the first byte.

use std::sync::Arc;

use catcher::{Catcher, Options, Tls};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::Client;
use crate::start;

/// A certificate for `localhost`, and a client that trusts it.
fn certificate() -> (Arc<ServerConfig>, TlsConnector) {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
    let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der()).expect("a key in DER");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("the provider knows the versions")
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .expect("the key fits the certificate");
    let mut roots = RootCertStore::empty();
    roots.add(issued.cert.der().clone()).expect("a certificate");
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows the versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(server), TlsConnector::from(Arc::new(client)))
}

async fn encrypt(connector: &TlsConnector, stream: TcpStream) -> Client<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = connector.connect(name, stream).await;
    Client::over(stream.expect("the handshake succeeds"))
}

async fn starttls() -> (Catcher, TlsConnector) {
    let (server, connector) = certificate();
    let catcher = start(Options::default().tls(Tls::StartTls(server))).await;
    (catcher, connector)
}

#[tokio::test]
async fn starttls_encrypts_and_is_not_offered_again() {
    let (catcher, connector) = starttls().await;
    let mut client = Client::connect(&catcher).await;
    assert!(client.hello().await.contains(&"STARTTLS".to_owned()));
    assert!(client.say("STARTTLS").await.starts_with("220 "));
    let mut client = encrypt(&connector, client.stream).await;
    assert!(!client.hello().await.contains(&"STARTTLS".to_owned()));
    assert!(client.say("STARTTLS").await.starts_with("502 5.5.1 "));
    let reply = client.deliver("ana@example.org", "secret").await;
    assert!(reply.starts_with("250 "));
    assert_eq!(catcher.store().accepted(), 1);
    assert!(client.say("QUIT").await.starts_with("221 "));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn starttls_forgets_what_was_said_before() {
    let (catcher, connector) = starttls().await;
    let mut client = Client::connect(&catcher).await;
    client.hello().await;
    client.say("STARTTLS").await;
    let mut client = encrypt(&connector, client.stream).await;
    let reply = client.say("MAIL FROM:<s@example.org>").await;
    assert!(reply.starts_with("503 5.5.1 "), "EHLO has to be said again");
}

#[tokio::test]
async fn starttls_discards_plain_text_sent_ahead_of_the_handshake() {
    let (catcher, connector) = starttls().await;
    let mut client = Client::connect(&catcher).await;
    client.hello().await;
    client
        .send("STARTTLS\r\nEHLO injected.example\r\nMAIL FROM:<injected@example.org>\r\n")
        .await;
    assert!(client.reply().await.starts_with("220 "));
    let mut client = encrypt(&connector, client.stream).await;
    // The first reply under TLS is to the first command under TLS.
    assert!(client.say("NOOP").await.starts_with("250 2.0.0 "));
    let reply = client.say("RCPT TO:<ana@example.org>").await;
    assert!(reply.starts_with("503 5.5.1 "), "the injected MAIL is gone");
}

#[tokio::test]
async fn starttls_has_no_place_inside_a_transaction() {
    let (catcher, _connector) = starttls().await;
    let mut client = Client::connect(&catcher).await;
    assert!(client.say("STARTTLS").await.starts_with("503 5.5.1 "));
    client.hello().await;
    client.say("MAIL FROM:<s@example.org>").await;
    assert!(client.say("STARTTLS").await.starts_with("503 5.5.1 "));
}

#[tokio::test]
async fn implicit_tls_greets_inside_the_encryption() {
    let (server, connector) = certificate();
    let catcher = start(Options::default().tls(Tls::Implicit(server))).await;
    let mut client = encrypt(&connector, Client::socket(&catcher).await).await;
    assert!(client.reply().await.starts_with("220 "));
    assert!(!client.hello().await.contains(&"STARTTLS".to_owned()));
    let reply = client.deliver("ana@example.org", "secret").await;
    assert!(reply.starts_with("250 "));
    assert_eq!(catcher.store().accepted(), 1);
}

#[tokio::test]
async fn a_failed_handshake_costs_its_own_connection_only() {
    let (catcher, _connector) = starttls().await;
    let mut client = Client::connect(&catcher).await;
    client.hello().await;
    client.say("STARTTLS").await;
    client
        .send("this is no handshake, and long enough to be seen\r\n")
        .await;
    while !client.is_closed().await {}
    let mut client = Client::connect(&catcher).await;
    client.hello().await;
    assert!(
        client
            .deliver("ana@example.org", "x")
            .await
            .starts_with("250 ")
    );
}
