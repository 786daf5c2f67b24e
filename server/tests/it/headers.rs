//! What browsers and caches are told.

use axum::{
    body::Body,
    http::{HeaderValue, Method, header},
};

use crate::app::{request, spawn_app};

#[tokio::test]
async fn every_answer_is_guarded() {
    let app = spawn_app().await;
    for path in ["/", "/api/emails", "/api/nothing", "/healthz", "/pkg/none"] {
        let answer = app.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn what_is_true_now_is_not_kept() {
    let app = spawn_app().await;
    for path in ["/api/emails", "/api/nothing", "/pkg/none"] {
        assert_eq!(app.get(path).await.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask_and_streams_are_not() {
    let app = spawn_app().await;
    let asked = |path| {
        let mut request = request(Method::GET, path, Body::empty());
        let gzip = HeaderValue::from_static("gzip");
        request.headers_mut().insert(header::ACCEPT_ENCODING, gzip);
        request
    };
    let list = app.open(asked("/api/emails")).await;
    assert_eq!(list.headers()["content-encoding"], "gzip");
    let stream = app.open(asked("/api/emails/events")).await;
    assert!(!stream.headers().contains_key("content-encoding"));
}
