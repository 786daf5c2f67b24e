//! Bodies: their size, their dots and their end.

use catcher::Options;

use crate::{ready, ready_with};

#[tokio::test]
async fn a_declared_size_over_the_limit_is_refused_at_mail() {
    let (_catcher, mut client) = ready_with(Options::default().max_size(1_000)).await;
    let reply = client.say("MAIL FROM:<s@example.org> SIZE=1001").await;
    assert!(reply.starts_with("552 5.3.4 "));
    let reply = client.say("MAIL FROM:<s@example.org> SIZE=1000").await;
    assert!(reply.starts_with("250 "));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_at_the_dot_and_the_connection_goes_on() {
    let (catcher, mut client) = ready_with(Options::default().max_size(1_000)).await;
    let long = "long line\r\n..\r\n".repeat(20_000);
    let reply = client.deliver("ana@example.org", &long).await;
    assert!(reply.starts_with("552 5.3.4 "), "{reply}");
    let reply = client.deliver("ana@example.org", "short").await;
    assert!(reply.starts_with("250 "));
    assert_eq!(catcher.store().accepted(), 1);
}

#[tokio::test]
async fn stuffed_dots_are_taken_out() {
    let (catcher, mut client) = ready().await;
    client
        .deliver("ana@example.org", "..first\r\n...\r\nin.side\r\n..")
        .await;
    let source = catcher.store().get(1).unwrap().source;
    assert_eq!(source, ".first\r\n..\r\nin.side\r\n.\r\n");
}

#[tokio::test]
async fn only_a_dot_between_two_crlf_ends_a_body() {
    let (catcher, mut client) = ready().await;
    client.open("s@example.org", "ana@example.org").await;
    client
        .send("one\n.\nMAIL FROM:<smuggled@example.org>\r\n\r.\r\n")
        .await;
    assert!(client.say("end\r\n.").await.starts_with("250 "));
    assert_eq!(catcher.store().accepted(), 1);
    assert!(catcher.store().get(1).unwrap().source.ends_with("end\r\n"));
}

#[tokio::test]
async fn an_empty_body_is_a_message() {
    let (catcher, mut client) = ready().await;
    client.open("s@example.org", "ana@example.org").await;
    assert!(client.say(".").await.starts_with("250 2.0.0 "));
    assert_eq!(catcher.store().get(1).unwrap().source, "");
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let (catcher, mut client) = ready().await;
    let large = "Twelve bytes\r\n".repeat(200_000);
    client.deliver("ana@example.org", large.trim_end()).await;
    assert!(catcher.store().get(1).unwrap().source == large);
}
