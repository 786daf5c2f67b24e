//! `Idempotency-Key`: a client's retry never sends a campaign twice.

use axum::{
    body::Body,
    http::{HeaderValue, Request, StatusCode},
};
use domain::{ErrorCode, campaign::CampaignCreated};

use crate::app::{post, spawn_app};

fn keyed(key: &str, subject: &str) -> Request<Body> {
    let body =
        format!(r#"{{"subject": "{subject}", "body": "b", "recipients": ["ana@example.org"]}}"#);
    let mut request = post("/api/emails", body);
    let key = HeaderValue::from_str(key).unwrap();
    request.headers_mut().insert("idempotency-key", key);
    request
}

#[tokio::test]
async fn the_same_key_and_body_create_one_campaign() {
    let app = spawn_app().await;
    let first = app.call(keyed("k-1", "Hola")).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    assert_eq!(first.header("idempotency-replayed"), "");

    let again = app.call(keyed("k-1", "Hola")).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    let (first, again): (CampaignCreated, CampaignCreated) = (first.json(), again.json());
    assert_eq!(again.campaign.summary.id, first.campaign.summary.id);
    assert_eq!(app.campaigns().await.len(), 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let app = spawn_app().await;
    app.call(keyed("k-1", "Hola")).await;
    let other = app.call(keyed("k-1", "Adiós")).await;
    assert_eq!(other.problem().code, ErrorCode::IdempotencyKeyReused);
    let another = app.call(keyed("k-2", "Adiós")).await;
    assert_eq!(another.status, StatusCode::CREATED);
    assert_eq!(app.campaigns().await.len(), 2);
}

#[tokio::test]
async fn of_the_same_request_twice_at_once_one_creates_and_the_other_learns_of_it() {
    let app = spawn_app().await;
    let (one, other) = tokio::join!(
        app.call(keyed("k-1", "Hola")),
        app.call(keyed("k-1", "Hola"))
    );
    let created = [&one, &other]
        .iter()
        .filter(|answer| answer.status == StatusCode::CREATED)
        .count();
    assert_eq!(created, 1);
    for answer in [one, other] {
        if answer.status == StatusCode::CONFLICT {
            assert_eq!(answer.problem().code, ErrorCode::InProgress);
            assert_eq!(answer.header("retry-after"), "1");
        } else {
            assert!(answer.status.is_success(), "{}", answer.text());
        }
    }
    assert_eq!(app.campaigns().await.len(), 1);
}

#[tokio::test]
async fn a_request_whose_first_is_still_worked_on_is_told_when_to_ask_again() {
    let problem = server::Problem::from(service::Error::InProgress);
    let response = axum::response::IntoResponse::into_response(problem);
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert_eq!(response.headers()["retry-after"], "1");
}

#[tokio::test]
async fn a_key_is_visible_ascii_and_not_too_long() {
    let app = spawn_app().await;
    for key in ["", "two words", "\u{e9}", &"k".repeat(256)] {
        let answer = app.call(keyed(key, "Hola")).await;
        assert_eq!(answer.faulty_fields(), ["Idempotency-Key"], "{key}");
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let mut two = keyed("k-1", "Hola");
    two.headers_mut()
        .append("idempotency-key", HeaderValue::from_static("k-2"));
    assert_eq!(app.call(two).await.faulty_fields(), ["Idempotency-Key"]);
    assert_eq!(app.campaigns().await, []);

    let longest = app.call(keyed(&"k".repeat(255), "Hola")).await;
    assert_eq!(longest.status, StatusCode::CREATED);
}
