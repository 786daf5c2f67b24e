//! Event streams.

use axum::{
    body::Body,
    http::{HeaderValue, Method, Request, StatusCode},
};
use domain::campaign::{CampaignCreated, CampaignStatus, CampaignSummary};

use crate::app::{Events, TestApp, field, request, spawn_app};

fn subscribe(path: &str, last: Option<&str>) -> Request<Body> {
    let mut request = request(Method::GET, path, Body::empty());
    if let Some(last) = last {
        let last = HeaderValue::from_str(last).unwrap();
        request.headers_mut().insert("last-event-id", last);
    }
    request
}

/// Creates a campaign and tells where its events are.
async fn campaign(app: &TestApp, recipient: &str) -> String {
    let body = format!(r#"{{"subject": "Hola", "body": "b", "recipients": ["{recipient}"]}}"#);
    let created: CampaignCreated = app.post("/api/emails", body).await.json();
    format!("/api/emails/{}/events", created.campaign.summary.id)
}

fn state(event: &str) -> CampaignSummary {
    serde_json::from_str(field(event, "data")).unwrap()
}

#[tokio::test]
async fn a_stream_begins_with_the_present_state_and_ends_with_the_campaign() {
    let app = spawn_app().await;
    let path = campaign(&app, "ana@example.org").await;
    let response = app.open(subscribe(&path, None)).await;
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-accel-buffering"], "no");

    let mut events = Events::new(response);
    let mut last = events.next().await.unwrap();
    assert_eq!(state(&last).counts.total, 1);
    while let Some(event) = events.next().await {
        assert!(["progress", "status"].contains(&field(&event, "event")));
        last = event;
    }
    assert_eq!(state(&last).status, CampaignStatus::Completed);
    assert_eq!(state(&last).counts.sent, 1);
}

#[tokio::test]
async fn the_stream_of_an_ended_campaign_says_so_and_asks_to_come_back_no_more() {
    let app = spawn_app().await;
    let path = campaign(&app, "ana@example.org").await;
    let mut events = Events::new(app.open(subscribe(&path, None)).await);
    while events.next().await.is_some() {}

    let mut events = Events::new(app.open(subscribe(&path, None)).await);
    let only = events.next().await.unwrap();
    assert_eq!(state(&only).status, CampaignStatus::Completed);
    assert_eq!(events.next().await, None);

    let seen = field(&only, "id");
    let again = app.call(subscribe(&path, Some(seen))).await;
    assert_eq!(again.status, StatusCode::NO_CONTENT);
    let older = app.open(subscribe(&path, Some("1"))).await;
    assert_eq!(older.status(), StatusCode::OK);
    assert!(Events::new(older).next().await.is_some());
}

#[tokio::test]
async fn the_stream_of_all_campaigns_tells_of_each() {
    let app = spawn_app().await;
    let mut events = Events::new(app.open(subscribe("/api/emails/events", None)).await);
    campaign(&app, "ana@example.org").await;
    loop {
        let event = events.next().await.unwrap();
        if state(&event).status == CampaignStatus::Completed {
            break;
        }
    }
}

#[tokio::test]
async fn a_listener_that_comes_back_to_all_learns_what_it_missed() {
    let app = spawn_app().await;
    let path = campaign(&app, "ana@example.org").await;
    let mut events = Events::new(app.open(subscribe(&path, None)).await);
    while events.next().await.is_some() {}

    let back = subscribe("/api/emails/events", Some("1"));
    let mut events = Events::new(app.open(back).await);
    let missed = events.next().await.unwrap();
    assert_eq!(field(&missed, "event"), "status");
    assert_eq!(state(&missed).status, CampaignStatus::Completed);
}

#[tokio::test]
async fn a_stop_ends_every_stream() {
    let app = spawn_app().await;
    let mut events = Events::new(app.open(subscribe("/api/emails/events", None)).await);
    app.begin_to_stop();
    assert_eq!(events.next().await, None);
    app.stop().await.unwrap();
}
