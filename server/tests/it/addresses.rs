//! What stands where, and what an address answers that does not.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use domain::{ErrorCode, campaign::CampaignSummary, page::Page};

use crate::app::{request, spawn_app};

#[tokio::test]
async fn where_there_is_nothing_a_program_gets_a_problem() {
    let app = spawn_app().await;
    for path in [
        "/api/nothing",
        "/api/emails/abc",
        "/api/emails/7",
        "/api/emails/7/recipients",
        "/api/emails/7/events",
        "/api/emails/-1",
        "/nothing",
        "/ui/nothing",
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.problem().code, ErrorCode::NotFound, "{path}");
    }
    let posted = request(Method::POST, "/ui/nothing", Body::empty());
    let answer = app.call(posted).await;
    assert_eq!(answer.problem().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn a_method_that_an_address_does_not_know_is_a_problem_with_those_it_knows() {
    let app = spawn_app().await;
    for (method, path, allowed) in [
        (Method::DELETE, "/api/emails", "POST,GET,HEAD"),
        (Method::PUT, "/api/emails/7", "DELETE,GET,HEAD,PATCH"),
        (Method::POST, "/healthz", "GET,HEAD"),
    ] {
        let answer = app.call(request(method, path, Body::empty())).await;
        assert_eq!(answer.problem().code, ErrorCode::MethodNotAllowed, "{path}");
        let mut known: Vec<_> = answer.header("allow").split(',').collect();
        let mut expected: Vec<_> = allowed.split(',').collect();
        known.sort_unstable();
        expected.sort_unstable();
        assert_eq!(known, expected, "{path}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_wrong_is_named() {
    let app = spawn_app().await;
    for (query, path) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=many", "limit"),
        ("status=HAPPY", "status"),
        ("cursor=x", "cursor"),
        ("order=up", "order"),
    ] {
        let answer = app.get(&format!("/api/emails?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(answer.faulty_fields(), [path], "{query}");
    }
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let app = spawn_app().await;
    for subject in ["one", "two", "three"] {
        let body = format!(
            r#"{{"subject": "{subject}", "body": "b", "recipients": ["ana@example.org"]}}"#
        );
        app.post("/api/emails", body).await;
    }
    let first: Page<CampaignSummary> = app.get("/api/emails?limit=2&q=").await.json();
    let subjects = |page: &Page<CampaignSummary>| {
        let subjects: Vec<_> = page.items.iter().map(|c| c.subject.clone()).collect();
        subjects.join(" ")
    };
    assert_eq!(subjects(&first), "three two");
    let next = format!("/api/emails?limit=2&cursor={}", first.next_cursor.unwrap());
    let last: Page<CampaignSummary> = app.get(&next).await.json();
    assert_eq!(subjects(&last), "one");
    assert_eq!(last.next_cursor, None);
}

#[tokio::test]
async fn whoever_watches_the_process_is_told_that_it_lives_and_can_serve() {
    let app = spawn_app().await;
    assert_eq!(app.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(app.get("/readyz").await.status, StatusCode::OK);
}
