//! How a catcher lives and ends.

use std::time::{Duration, Instant};

use catcher::{Catcher, Options};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::Client;
use crate::{ready, ready_with, start};

#[tokio::test]
async fn stop_says_farewell_and_frees_the_port() {
    let (catcher, mut client) = ready().await;
    let (address, store) = (catcher.address(), catcher.store());
    client.deliver("ana@example.org", "x").await;
    let farewell = async {
        let reply = client.reply().await;
        drop(client);
        reply
    };
    let (reply, ()) = tokio::join!(farewell, catcher.stop());
    assert!(reply.starts_with("421 4.3.2 "));
    assert!(TcpStream::connect(address).await.is_err());
    assert_eq!(store.accepted(), 1, "the store outlives the server");
}

#[tokio::test]
async fn stop_lets_a_body_on_its_way_arrive() {
    let (catcher, mut client) = ready().await;
    let store = catcher.store();
    client.open("s@example.org", "ana@example.org").await;
    let rest = async {
        client.send("late\r\n").await;
        assert!(client.say(".").await.starts_with("250 2.0.0 "));
        assert!(client.reply().await.starts_with("421 4.3.2 "));
        drop(client);
    };
    tokio::join!(catcher.stop(), rest);
    assert_eq!(store.accepted(), 1);
}

#[tokio::test]
async fn stop_waits_for_nobody_for_long() {
    let (catcher, mut client) = ready().await;
    client.open("s@example.org", "ana@example.org").await;
    let before = Instant::now();
    catcher.stop().await;
    assert!(before.elapsed() < Duration::from_secs(10));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_dropped_catcher_accepts_no_more() {
    let (catcher, mut client) = ready().await;
    let address = catcher.address();
    drop(catcher);
    assert!(client.reply().await.starts_with("421 4.3.2 "));
    // The farewell and the end of listening are two tasks; either may come first.
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(Duration::from_secs(20), refused).await.unwrap();
}

#[tokio::test]
async fn a_silent_client_is_let_go() {
    let catcher = start(Options::default().idle_limit(Duration::from_millis(50))).await;
    let mut client = Client::connect(&catcher).await;
    assert!(client.reply().await.starts_with("421 4.4.2 "));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn every_reply_to_a_message_waits_where_a_delay_is_set() {
    let options = Options::default().delay(Duration::from_millis(60));
    let (_catcher, mut client) = ready_with(options).await;
    let before = Instant::now();
    client.deliver("ana@example.org", "x").await;
    client.deliver("ana@example.org", "x").await;
    assert!(before.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn clients_that_vanish_cost_nobody_else_anything() {
    let catcher = start(Options::default()).await;
    for beginning in [
        "",
        "EHL",
        "EHLO x\r\nMAIL FROM:<s@x.example>\r\n",
        "\0\u{1}\u{2}\r\n",
    ] {
        let mut client = Client::connect(&catcher).await;
        client.send(beginning).await;
    }
    let mut client = Client::connect(&catcher).await;
    client.hello().await;
    assert!(
        client
            .deliver("ana@example.org", "x")
            .await
            .starts_with("250 ")
    );
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let catcher = start(Options::default()).await;
    let second = Catcher::start(Options::default().bind(catcher.address())).await;
    assert!(second.is_err());
}
