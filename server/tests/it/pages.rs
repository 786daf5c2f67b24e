//! Pages as a browser without JavaScript sees them.

use axum::{
    body::Body,
    http::{HeaderValue, Method, Request, StatusCode, header},
};

use crate::app::{request, spawn_app};

fn browse(method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
    let mut request = request(method, path, body);
    let html = HeaderValue::from_static("text/html,application/xhtml+xml");
    request.headers_mut().insert(header::ACCEPT, html);
    request
}

/// Sends the composer's form as a browser does.
fn submit(fields: &str) -> Request<Body> {
    let mut form = browse(Method::POST, "/campaigns/new", fields.to_owned());
    let media = HeaderValue::from_static("application/x-www-form-urlencoded");
    form.headers_mut().insert(header::CONTENT_TYPE, media);
    form
}

#[tokio::test]
async fn a_page_comes_whole_and_lets_only_its_own_scripts_run() {
    let app = spawn_app().await;
    let mut paths = vec!["/", "/campaigns/new"];
    // Where mail leaves there is nothing caught to show.
    if !testbed::is_distributed() {
        paths.push("/caught");
    }
    for path in paths {
        let page = app.call(browse(Method::GET, path, "")).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(page.text().contains("</html>"), "{path}");
        let policy = page.header("content-security-policy");
        let nonce = policy
            .split_once("script-src 'nonce-")
            .and_then(|(_, rest)| rest.split_once('\''))
            .map(|(nonce, _)| nonce)
            .unwrap();
        assert!(
            page.text().contains(&format!("nonce=\"{nonce}\"")),
            "{path}"
        );
        let unguarded = page.text().split("<script").skip(1);
        for script in unguarded {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains("nonce="), "{path}: <script{tag}>");
        }
    }
}

#[tokio::test]
async fn where_there_is_no_page_one_says_so() {
    let app = spawn_app().await;
    for path in ["/nothing", "/campaigns/7"] {
        let page = app.call(browse(Method::GET, path, "")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.header("content-type").starts_with("text/html"));
    }
}

#[tokio::test]
async fn a_plain_form_creates_a_campaign_and_leads_to_it_however_often_it_is_sent() {
    let app = spawn_app().await;
    let fields = "subject=Hola&body=%3Cp%3EHola%3C%2Fp%3E&idempotency_key=k1\
                  &recipients=ana%40example.org%0D%0Aluis%40example.org";
    let created = app.call(submit(fields)).await;
    assert_eq!(created.status, StatusCode::SEE_OTHER, "{}", created.text());
    let campaigns = app.campaigns().await;
    assert_eq!(campaigns.len(), 1);
    assert_eq!(campaigns[0].counts.total, 2);
    let address = format!("/campaigns/{}", campaigns[0].id);
    assert_eq!(created.header("location"), address);

    let again = app.call(submit(fields)).await;
    assert_eq!(again.header("location"), address);
    assert_eq!(app.campaigns().await.len(), 1);
    let page = app.call(browse(Method::GET, &address, "")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("Hola"));
}

#[tokio::test]
async fn a_refused_form_comes_back_with_what_was_typed_and_what_is_wrong() {
    let app = spawn_app().await;
    let fields = "subject=Unmistakable&body=&recipients=ana%40example.org%0D%0Anobody";
    let page = app.call(submit(fields)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text().contains("Unmistakable"));
    assert!(page.text().contains("ana@example.org"));
    assert!(page.text().contains("no @"), "{}", page.text());
    assert_eq!(app.campaigns().await, []);
}

#[tokio::test]
async fn only_a_form_is_read_as_one() {
    let app = spawn_app().await;
    let mut json = submit("{}");
    let media = HeaderValue::from_static("application/json");
    json.headers_mut().insert(header::CONTENT_TYPE, media);
    let answer = app.call(json).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
