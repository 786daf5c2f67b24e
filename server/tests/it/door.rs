//! Who may come in, over every address alike.

use axum::{
    body::Body,
    http::{HeaderValue, Method, StatusCode, header},
};
use domain::ErrorCode;

use crate::app::{post, request, spawn_app, spawn_app_with};

const ADDRESSES: [&str; 6] = [
    "/",
    "/api/emails",
    "/api/emails/events",
    "/api/nothing",
    "/healthz",
    "/pkg/app.js",
];

#[tokio::test]
async fn a_name_of_elsewhere_opens_no_address_here() {
    for mode in [&[][..], &[("LOCAL_MODE", "published-on-loopback")]] {
        let app = spawn_app_with(mode).await;
        for path in ADDRESSES {
            let mut rebound = request(Method::GET, path, Body::empty());
            let host = HeaderValue::from_static("palomar.example.org");
            rebound.headers_mut().insert(header::HOST, host);
            let answer = app.call(rebound).await;
            assert_eq!(answer.problem().code, ErrorCode::Forbidden, "{path}");
        }
    }
}

#[tokio::test]
async fn a_form_of_a_page_from_elsewhere_creates_nothing() {
    let app = spawn_app().await;
    let body = r#"{"subject": "a", "body": "b", "recipients": ["a@b.org"]}"#;
    for (name, value) in [
        ("origin", "https://example.org"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("x-forwarded-for", "203.0.113.9"),
    ] {
        let mut foreign = post("/api/emails", body);
        foreign
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
        let answer = app.call(foreign).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(app.campaigns().await, []);
}

#[tokio::test]
async fn whoever_is_kept_out_is_told_why() {
    let app = spawn_app().await;
    let mut proxied = request(Method::GET, "/", Body::empty());
    proxied
        .headers_mut()
        .insert(header::VIA, HeaderValue::from_static("1.1 example.org"));
    insta::assert_snapshot!(app.call(proxied).await.text(), @r#"{"type":"about:blank","title":"This is open to this machine only","status":403,"detail":"Palomar has no accounts yet and is open to its own machine only; this request came through a proxy","code":"forbidden"}"#);
}
