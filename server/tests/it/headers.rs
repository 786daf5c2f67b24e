//! What browsers and caches are told.

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Method, StatusCode, header},
};
use http_body_util::BodyExt;
use server::pages::{self, Bundle};
use tower::ServiceExt;

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
async fn the_bundle_is_kept_for_ever_and_sent_compressed_as_it_was_built() {
    let site = tempfile::tempdir().unwrap();
    let package = site.path().join("pkg");
    std::fs::create_dir(&package).unwrap();
    std::fs::write(package.join("app-3f.js"), "plain").unwrap();
    std::fs::write(package.join("app-3f.js.br"), "pressed").unwrap();
    std::fs::write(site.path().join("secret"), "secret").unwrap();
    let assets: Router = pages::assets(&Bundle::find(site.path()));

    let ask = async |path, encoding| {
        let mut request = request(Method::GET, path, Body::empty());
        let encoding = HeaderValue::from_static(encoding);
        request
            .headers_mut()
            .insert(header::ACCEPT_ENCODING, encoding);
        let (parts, body) = assets.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts, String::from_utf8(body.to_vec()).unwrap())
    };
    let (plain, body) = ask("/app-3f.js", "identity").await;
    assert_eq!(body, "plain");
    let forever = "public, max-age=31536000, immutable";
    assert_eq!(plain.headers["cache-control"], forever);
    let (pressed, body) = ask("/app-3f.js", "br").await;
    assert_eq!(body, "pressed");
    assert_eq!(pressed.headers["content-encoding"], "br");
    for path in ["/app-77.js", "/../secret", "/%2e%2e/secret"] {
        let (missing, _) = ask(path, "identity").await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!missing.headers.contains_key("cache-control"), "{path}");
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
    let page = app.open(asked("/")).await;
    assert_eq!(page.headers()["content-encoding"], "gzip");
    let stream = app.open(asked("/api/emails/events")).await;
    assert!(!stream.headers().contains_key("content-encoding"));
}
