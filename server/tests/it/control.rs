//! A person's hand on campaigns, as scripts have it.

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use domain::{
    ErrorCode,
    campaign::{Campaign, CampaignEvent, CampaignStatus, EventKind},
};

use crate::app::{TestApp, post, request, spawn_app};

const DRAFT: &str = r#"{"subject": "Hola", "body": "<p>Hola</p>", "draft": true,
                        "recipients": ["ana@example.org"]}"#;

async fn draft(app: &TestApp) -> Campaign {
    let created = app.post("/api/emails", DRAFT).await;
    assert_eq!(created.status, StatusCode::CREATED);
    created.json()
}

fn patch(path: &str, json: &'static str) -> axum::http::Request<Body> {
    let mut request = post(path, json);
    *request.method_mut() = Method::PATCH;
    request
}

#[tokio::test]
async fn a_draft_is_changed_as_a_merge_patch_says_and_started() {
    let app = spawn_app().await;
    let campaign = draft(&app).await;
    assert_eq!(campaign.summary.status, CampaignStatus::Draft);
    let path = format!("/api/emails/{}", campaign.summary.id);
    let edit = r#"{"subject": "Adiós", "replyTo": "luis@example.org"}"#;
    let edited: Campaign = app.call(patch(&path, edit)).await.json();
    assert_eq!(edited.summary.subject, "Adiós");
    assert_eq!(edited.reply_to.as_deref(), Some("luis@example.org"));
    let taken: Campaign = app.call(patch(&path, r#"{"replyTo": null}"#)).await.json();
    assert_eq!(taken.reply_to, None);
    let started = app.post(&format!("{path}/start"), "").await;
    assert_eq!(started.status, StatusCode::OK);
    let late = app.call(patch(&path, r#"{"subject": "Too late"}"#)).await;
    assert_eq!(late.problem().code, ErrorCode::Conflict);
}

#[tokio::test]
async fn what_cannot_be_says_why_and_changes_nothing() {
    let app = spawn_app().await;
    let campaign = draft(&app).await;
    let path = format!("/api/emails/{}", campaign.summary.id);
    for (word, code) in [
        ("pause", ErrorCode::Conflict),
        ("resume", ErrorCode::Conflict),
        ("nothing", ErrorCode::NotFound),
    ] {
        let answer = app.post(&format!("{path}/{word}"), "").await;
        assert_eq!(answer.problem().code, code, "{word}");
    }
    let past = app
        .call(patch(&path, r#"{"scheduledAt": "2001-01-01T00:00:00Z"}"#))
        .await;
    assert_eq!(past.problem().fields[0].path, "scheduledAt");
    let unknown = app.call(patch(&path, r#"{"shedule": null}"#)).await;
    assert_eq!(unknown.problem().code, ErrorCode::ValidationFailed);
    for word in ["start", "pause", "resume", "cancel", "duplicate"] {
        let nobody = app.post(&format!("/api/emails/4711/{word}"), "").await;
        assert_eq!(nobody.problem().code, ErrorCode::NotFound, "{word}");
    }
    let now: Campaign = app.get(&path).await.json();
    assert_eq!(now.summary, campaign.summary);
}

#[tokio::test]
async fn a_copy_has_an_address_of_its_own_and_a_deleted_one_has_none() {
    let app = spawn_app().await;
    let campaign = draft(&app).await;
    let path = format!("/api/emails/{}", campaign.summary.id);
    let copied = app.post(&format!("{path}/duplicate"), "").await;
    assert_eq!(copied.status, StatusCode::CREATED);
    let address = copied.header(header::LOCATION.as_str()).to_owned();
    let copy: Campaign = app.get(&address).await.json();
    assert_eq!(copy.summary.name, "Copy of Hola");
    let deleted = app.call(request(Method::DELETE, &path, "")).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get(&path).await.problem().code, ErrorCode::NotFound);
    assert_eq!(app.get(&address).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_schedule_is_told_in_utc_and_stands_in_the_timeline() {
    let app = spawn_app().await;
    let scheduled = r#"{"subject": "Hola", "body": "<p>Hola</p>", "recipients": ["ana@example.org"],
                        "scheduledAt": "2099-07-01T09:00[Europe/Madrid]"}"#;
    let created: Campaign = app.post("/api/emails", scheduled).await.json();
    assert_eq!(created.summary.status, CampaignStatus::Scheduled);
    let at = created.summary.scheduled_at.unwrap().to_string();
    assert_eq!(at, "2099-07-01T07:00:00Z");
    let path = format!("/api/emails/{}/timeline", created.summary.id);
    let events: Vec<CampaignEvent> = app.get(&path).await.json();
    assert_eq!(events[0].kind, EventKind::Scheduled);
    assert_eq!(events[0].detail.as_deref(), Some("2099-07-01T07:00:00Z"));
}

#[tokio::test]
async fn a_resolve_that_names_nobody_or_too_much_is_refused() {
    let app = spawn_app().await;
    let campaign = draft(&app).await;
    let path = format!("/api/emails/{}/resolve", campaign.summary.id);
    for faulty in [
        r#"{"as": "sent"}"#,
        r#"{"as": "lost", "recipientIds": "all"}"#,
        r#"{"as": "sent", "recipientIds": "some"}"#,
    ] {
        let answer = app.post(&path, faulty).await;
        assert_eq!(
            answer.problem().code,
            ErrorCode::ValidationFailed,
            "{faulty}"
        );
    }
    let nobody = app
        .post(&path, r#"{"as": "sent", "recipientIds": [4711]}"#)
        .await;
    assert_eq!(nobody.status, StatusCode::OK);
}
