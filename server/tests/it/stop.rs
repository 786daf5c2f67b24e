//! Real connections, from start to stop.

use domain::campaign::CampaignCreated;
use server::healthcheck;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::app::{Events, request, spawn_app};

#[tokio::test]
async fn a_server_answers_over_a_connection_until_it_is_stopped() {
    let app = spawn_app().await;
    let address = app.address;
    healthcheck::ask(address).await.unwrap();

    let mut stream = TcpStream::connect(address).await.unwrap();
    let ask = format!("GET /api/emails HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.ends_with(r#"{"items":[],"nextCursor":null}"#),
        "{answer}"
    );

    app.stop().await.unwrap();
    assert!(healthcheck::ask(address).await.is_err());
}

#[tokio::test]
async fn a_stop_waits_neither_for_idle_connections_nor_for_open_streams() {
    let app = spawn_app().await;
    let address = app.address;
    let _idle = TcpStream::connect(address).await.unwrap();
    let mut listening = TcpStream::connect(address).await.unwrap();
    let ask = format!("GET /api/emails/events HTTP/1.1\r\nHost: {address}\r\n\r\n");
    listening.write_all(ask.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    listening.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    app.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_created_is_delivered() {
    let app = spawn_app().await;
    let body = r#"{"subject": "Hola", "body": "<p>Hola</p>",
                   "recipients": ["ana@example.org", "luis+550@example.org"]}"#;
    let created: CampaignCreated = app.post("/api/emails", body).await.json();
    let path = format!("/api/emails/{}", created.campaign.summary.id);
    let watch = request(axum::http::Method::GET, &format!("{path}/events"), "");
    let mut events = Events::new(app.open(watch).await);
    while events.next().await.is_some() {}

    let campaign: domain::campaign::Campaign = app.get(&path).await.json();
    assert_eq!(campaign.summary.counts.sent, 1);
    assert_eq!(campaign.summary.counts.failed, 1);
    assert_eq!(campaign.errors[0].email, "luis+550@example.org");
    assert_eq!(campaign.errors[0].code, Some(550));
    assert_eq!(app.caught.delivered_to("ana@example.org"), 1);
    app.stop().await.unwrap();
}
