//! A panic in a handler.

use axum::{
    Router,
    body::Body,
    http::{Method, StatusCode},
    routing::get,
};
use http_body_util::BodyExt;
use server::middleware;
use tower::ServiceExt;

use crate::app::request;

#[tokio::test]
async fn a_panic_is_a_500_without_its_words_and_the_process_lives_on() {
    let routes = Router::new()
        .route("/well", get(async || "well"))
        .route("/ill", get(panicking));
    let server: Router = middleware::around(routes, 1024);
    let ask = async |path| {
        let request = request(Method::GET, path, Body::empty());
        let (parts, body) = server.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, String::from_utf8(body.to_vec()).unwrap())
    };
    let (status, body) = ask("/ill").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    insta::assert_snapshot!(body, @r#"{"type":"about:blank","title":"Something went wrong here","status":500,"detail":"the server's log has the reason","code":"internal"}"#);
    assert_eq!(ask("/well").await, (StatusCode::OK, "well".to_owned()));
}

async fn panicking() -> &'static str {
    panic!("a secret of ours")
}
