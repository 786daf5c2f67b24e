//! `POST /api/emails`.

use axum::http::{Method, StatusCode, header};
use domain::{
    ErrorCode,
    campaign::{Campaign, CampaignCreated},
};

use crate::app::{post, request, spawn_app, spawn_app_with};

const SMALL: &str =
    r#"{"subject": "Hola", "body": "<p>Hola</p>", "recipients": ["ana@example.org"]}"#;

#[tokio::test]
async fn a_new_campaign_is_told_whole_and_where_it_is() {
    let app = spawn_app().await;
    let answer = app.post("/api/emails", SMALL).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let created: CampaignCreated = answer.json();
    let summary = created.campaign.summary;
    assert_eq!(summary.subject, "Hola");
    assert_eq!(summary.counts.total, 1);
    assert_eq!(
        answer.header("location"),
        format!("/api/emails/{}", summary.id)
    );
    let campaign: Campaign = app.get(answer.header("location")).await.json();
    assert_eq!(campaign.summary.id, summary.id);
}

#[tokio::test]
async fn what_is_refused_is_not_stored_in_part() {
    let app = spawn_app_with(&[("BODY_LIMIT", "1KiB")]).await;
    let long = format!(
        r#"{{"subject": "a", "body": "{}", "recipients": ["a@b.org"]}}"#,
        "b".repeat(1024)
    );
    let refused = [
        ("", ErrorCode::Malformed, None),
        (r#"{"subject": "#, ErrorCode::Malformed, None),
        ("subject=Hola", ErrorCode::Malformed, None),
        (
            r#"{"subject": "a", "body": "b", "recipients": ["a@b.org"], "shedule": 1}"#,
            ErrorCode::ValidationFailed,
            Some("shedule"),
        ),
        (
            r#"{"subject": "a", "body": "b"}"#,
            ErrorCode::ValidationFailed,
            Some("recipients"),
        ),
        (
            r#"{"subject": 1, "body": "b", "recipients": ["a@b.org"]}"#,
            ErrorCode::ValidationFailed,
            Some("subject"),
        ),
        (
            r#"{"subject": "a", "body": "b", "recipients": []}"#,
            ErrorCode::ValidationFailed,
            Some("recipients"),
        ),
        (
            r#"{"subject": "a\u0000b", "body": "b", "recipients": ["a@b.org"]}"#,
            ErrorCode::ValidationFailed,
            Some("subject"),
        ),
        (
            r#"{"subject": "a\r\nBcc: x@y.org", "body": "b", "recipients": ["a@b.org"]}"#,
            ErrorCode::ValidationFailed,
            Some("subject"),
        ),
        (
            r#"{"subject": "a", "body": "b", "recipients": ["a@b.org", "nobody"]}"#,
            ErrorCode::ValidationFailed,
            Some("recipients[1]"),
        ),
        (&long, ErrorCode::PayloadTooLarge, None),
    ];
    for (body, code, path) in refused {
        let answer = app.post("/api/emails", body.to_owned()).await;
        let problem = answer.problem();
        assert_eq!(problem.code, code, "{body}");
        let first = problem.fields.first().map(|field| field.path.as_str());
        assert_eq!(first, path, "{body}");
        assert_eq!(app.campaigns().await, [], "{body}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_also_when_it_did_not_say_so() {
    let app = spawn_app_with(&[("BODY_LIMIT", "1KiB")]).await;
    for path in ["/api/emails", "/ui/campaigns/create"] {
        let chunks = (0..8).map(|_| Ok::<_, std::io::Error>(" ".repeat(256)));
        let body = axum::body::Body::from_stream(futures::stream::iter(chunks));
        let answer = app.call(post(path, body)).await;
        assert_eq!(answer.problem().code, ErrorCode::PayloadTooLarge, "{path}");
    }
}

#[tokio::test]
async fn every_faulty_field_is_named_at_once() {
    let app = spawn_app().await;
    let body = r#"{"subject": "", "body": "b", "recipients": ["nobody", "ana@example.org", "b@"],
                   "replyTo": "x", "fromName": "a\nb"}"#;
    let answer = app.post("/api/emails", body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut named = answer.faulty_fields();
    named.sort();
    named.dedup();
    let faulty = [
        "fromName",
        "recipients[0]",
        "recipients[2]",
        "replyTo",
        "subject",
    ];
    assert_eq!(named, faulty);
}

#[tokio::test]
async fn of_very_many_bad_addresses_the_first_hundred_are_named_and_all_counted() {
    let app = spawn_app().await;
    let bad = vec![r#""nobody""#; 250].join(",");
    let body = format!(r#"{{"subject": "a", "body": "b", "recipients": [{bad}]}}"#);
    let problem = app.post("/api/emails", body).await.problem();
    assert_eq!(problem.fields.len(), 100);
    assert_eq!(problem.fields_total, 250);
    assert_eq!(problem.fields[99].path, "recipients[99]");
}

#[tokio::test]
async fn with_skip_the_good_ones_are_taken_and_the_rest_is_told() {
    let app = spawn_app().await;
    let body = r#"{"subject": "a", "body": "b", "invalidRecipients": "skip",
                   "recipients": ["ana@example.org", "nobody", "ANA@example.org"]}"#;
    let answer = app.post("/api/emails", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let created: CampaignCreated = answer.json();
    assert_eq!(created.campaign.summary.counts.total, 1);
    assert_eq!(created.left_out.duplicates, 1);
    assert_eq!(created.left_out.invalid_recipients[0].path, "recipients[1]");
}

#[tokio::test]
async fn a_body_that_does_not_say_it_is_json_is_not_read() {
    let app = spawn_app().await;
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "nonsense",
    ] {
        let mut form = post("/api/emails", SMALL);
        form.headers_mut()
            .insert(header::CONTENT_TYPE, media.parse().unwrap());
        let answer = app.call(form).await;
        assert_eq!(
            answer.problem().code,
            ErrorCode::UnsupportedMediaType,
            "{media}"
        );
    }
    let untold = request(Method::POST, "/api/emails", SMALL);
    let answer = app.call(untold).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(app.campaigns().await, []);
}

#[tokio::test]
async fn a_problem_reads_well() {
    let app = spawn_app().await;
    let body = r#"{"subject": "a", "body": "b", "recipients": ["nobody"]}"#;
    let answer = app.post("/api/emails", body).await;
    insta::assert_snapshot!(answer.text(), @r#"{"type":"about:blank","title":"Some fields are not valid","status":422,"detail":"recipients[0]: “nobody”: no @","code":"validation_failed","fields":[{"path":"recipients[0]","message":"“nobody”: no @"}],"fieldsTotal":1}"#);
    let answer = app.post("/api/emails", "{\n  nonsense").await;
    insta::assert_snapshot!(answer.text(), @r#"{"type":"about:blank","title":"The request cannot be read","status":400,"detail":"the body is not JSON: key must be a string at line 2 column 3","code":"malformed"}"#);
}

#[tokio::test]
async fn a_long_list_is_read_like_a_short_one() {
    let app = spawn_app().await;
    let list: Vec<String> = (0..20_000)
        .map(|n| format!(r#""person.{n}@example.org""#))
        .collect();
    let body = format!(
        r#"{{"subject": "a", "body": "b", "recipients": [{}]}}"#,
        list.join(",")
    );
    let answer = app.post("/api/emails", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let created: CampaignCreated = answer.json();
    assert_eq!(created.campaign.summary.counts.total, 20_000);
}

/// A request with 9,000 recipients, before everything else.
fn long_request(end: &str) -> String {
    let list: Vec<_> = (0..9_000)
        .map(|n| format!(r#""person.{n}@example.org","#))
        .collect();
    format!(
        r#"{{"recipients": [{}"ana@example.org"]{end}"#,
        list.concat()
    )
}

#[tokio::test]
async fn fields_come_in_any_order_also_after_a_long_list() {
    let app = spawn_app().await;
    let end = r#", "draft": true, "body": "<p>b</p>", "name": "n", "subject": "s"}"#;
    let answer = app.post("/api/emails", long_request(end)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let created: CampaignCreated = answer.json();
    let summary = created.campaign.summary;
    assert_eq!(
        (summary.name.as_str(), summary.subject.as_str()),
        ("n", "s")
    );
    assert_eq!(
        (summary.counts.total, created.left_out.duplicates),
        (9_001, 0)
    );
}

#[tokio::test]
async fn what_is_wrong_after_a_long_list_takes_all_of_it_away_with_its_key() {
    let app = spawn_app().await;
    let keyed = |body: String| {
        let mut request = post("/api/emails", body);
        let key = "october".parse().unwrap();
        request.headers_mut().insert("idempotency-key", key);
        request
    };
    for (end, code) in [
        (r#", "subject": "s"}"#, ErrorCode::ValidationFailed),
        (
            r#", "subject": "s", "body": "b", "replyTo": "x"}"#,
            ErrorCode::ValidationFailed,
        ),
        (
            r#", "subject": "s", "body": nonsense"#,
            ErrorCode::Malformed,
        ),
        (r#", "subject": "s", "body": "b""#, ErrorCode::Malformed),
    ] {
        let answer = app.call(keyed(long_request(end))).await;
        assert_eq!(answer.problem().code, code, "{end}");
        assert_eq!(app.campaigns().await, [], "{end}");
    }
    let end = r#", "subject": "s", "body": "b", "draft": true}"#;
    let answer = app.call(keyed(long_request(end))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let again = app.call(keyed(long_request(end))).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    assert_eq!(again.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_packed_request_is_read_and_may_not_unpack_to_more_than_the_limit() {
    let app = spawn_app_with(&[("BODY_LIMIT", "1KiB")]).await;
    for (body, status) in [
        (SMALL.to_owned(), StatusCode::CREATED),
        (" ".repeat(1 << 20), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let mut packed = post("/api/emails", crate::import::gzip(&body));
        let gzip = "gzip".parse().unwrap();
        packed.headers_mut().insert(header::CONTENT_ENCODING, gzip);
        let answer = app.call(packed).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}
