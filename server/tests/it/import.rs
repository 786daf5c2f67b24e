//! `POST /api/emails/{id}/recipients`: all of a list comes in, or nothing of it.

use std::io::{self, Write};

use axum::{
    body::{Body, Bytes},
    http::{Method, Request, StatusCode, header},
};
use domain::{
    ErrorCode,
    campaign::{Campaign, CampaignCreated, ImportReport},
    page::Page,
    recipient::Recipient,
};
use flate2::{Compression, write::GzEncoder};
use futures::StreamExt;

use crate::app::{Answer, TestApp, request, spawn_app, spawn_app_with};

/// A draft with one recipient, and where it is.
async fn draft(app: &TestApp) -> String {
    let body = r#"{"subject": "a", "body": "b", "recipients": ["ana@example.org"], "draft": true}"#;
    let created: CampaignCreated = app.post("/api/emails", body).await.json();
    format!("/api/emails/{}", created.campaign.summary.id)
}

fn list(draft: &str, query: &str, media: &str, body: impl Into<Body>) -> Request<Body> {
    let path = format!("{draft}/recipients{query}");
    let mut request = request(Method::POST, &path, body);
    let media = media.parse().unwrap();
    request.headers_mut().insert(header::CONTENT_TYPE, media);
    request
}

async fn import(app: &TestApp, draft: &str, media: &str, body: impl Into<Body>) -> Answer {
    app.call(list(draft, "", media, body)).await
}

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn packed(mut request: Request<Body>, encoding: &str) -> Request<Body> {
    let encoding = encoding.parse().unwrap();
    request
        .headers_mut()
        .insert(header::CONTENT_ENCODING, encoding);
    request
}

/// A list of 9,000, an address a line.
fn people() -> String {
    let lines: Vec<_> = (0..9_000)
        .map(|n| format!("person{n}@example.org\n"))
        .collect();
    lines.concat()
}

/// Everybody the campaign shows, and how many it says there are.
async fn shown(app: &TestApp, draft: &str) -> (Vec<String>, u64) {
    let page: Page<Recipient> = app
        .get(&format!("{draft}/recipients?limit=500"))
        .await
        .json();
    let campaign: Campaign = app.get(draft).await.json();
    let emails = page.items.into_iter().map(|recipient| recipient.email);
    (emails.collect(), campaign.summary.counts.total)
}

/// That the draft has the list it had.
async fn is_as_it_was(app: &TestApp, draft: &str) {
    let as_it_was = (vec!["ana@example.org".to_owned()], 1);
    assert_eq!(shown(app, draft).await, as_it_was);
}

#[tokio::test]
async fn every_format_says_the_same() {
    let app = spawn_app().await;
    for (media, body) in [
        (
            "text/csv; charset=utf-8",
            "email,city\nbob@example.org,Lima\nANA@example.org,Quito\nnobody,Cusco\ncarl@example.org,\"La\nPaz\"\n",
        ),
        (
            "application/x-ndjson",
            "\"bob@example.org\"\n\n{\"email\": \"ANA@example.org\"}\n{\"mail\": 1}\n{\"email\": \"carl@example.org\", \"vars\": {\"city\": \"La Paz\"}}",
        ),
        (
            "application/json",
            r#"["bob@example.org", {"email": "ANA@example.org"}, "nobody", {"email": "carl@example.org", "vars": {"city": "La Paz"}}]"#,
        ),
    ] {
        for is_gzip in [false, true] {
            let draft = draft(&app).await;
            let answer = if is_gzip {
                app.call(packed(list(&draft, "", media, gzip(body)), "gzip"))
                    .await
            } else {
                import(&app, &draft, media, body).await
            };
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let report: ImportReport = answer.json();
            let counts = report.counts;
            assert_eq!(
                (
                    counts.accepted,
                    counts.duplicates,
                    counts.rejected,
                    counts.total_emails
                ),
                (2, 1, 1, 3),
                "{media}"
            );
            assert_eq!(report.rejected_rows.len(), 1);
            let (emails, total) = shown(&app, &draft).await;
            assert_eq!(
                emails,
                ["ana@example.org", "bob@example.org", "carl@example.org"]
            );
            assert_eq!(total, 3);
        }
    }
}

#[tokio::test]
async fn a_report_reads_well() {
    let app = spawn_app().await;
    let draft = draft(&app).await;
    let body = "email,name\nnobody,Bob\nbob@example.org,\"Bob\ncarl@example.org,Carl\"\n";
    let answer = import(&app, &draft, "text/csv", body).await;
    insta::assert_snapshot!(answer.text(), @r#"{"accepted":0,"duplicates":0,"rejected":2,"totalEmails":1,"rejectedRows":[{"line":2,"written":"nobody","reason":"no @"},{"line":3,"written":"bob@example.org","reason":"a quote that is opened here is closed only on a line with another address"}]}"#);
}

#[tokio::test]
async fn what_is_sent_is_who_was_imported() {
    let app = spawn_app().await;
    let draft = draft(&app).await;
    import(
        &app,
        &draft,
        "text/csv",
        "bob@example.org\ncarl@example.org\n",
    )
    .await;
    let started = app.post(&format!("{draft}/start"), "").await;
    assert_eq!(started.status, StatusCode::OK, "{}", started.text());
    let mut events = crate::app::Events::new(
        app.open(request(
            Method::GET,
            &format!("{draft}/events"),
            Body::empty(),
        ))
        .await,
    );
    while let Some(event) = events.next().await {
        if event.contains("COMPLETED") {
            break;
        }
    }
    for email in ["ana@example.org", "bob@example.org", "carl@example.org"] {
        assert_eq!(app.caught.delivered_to(email), 1, "{email}");
    }
    let late = import(&app, &draft, "text/csv", "dora@example.org").await;
    assert_eq!(late.problem().code, ErrorCode::Conflict);
}

#[tokio::test]
async fn every_row_that_is_left_out_is_named_however_many_there_are() {
    let app = spawn_app().await;
    let draft = draft(&app).await;
    let body = "nobody at all, as it seems\n".repeat(20_000);
    let answer = import(&app, &draft, "text/csv", body.clone()).await;
    let report: ImportReport = answer.json();
    assert_eq!(report.counts.rejected, 40_000);
    assert_eq!(report.rejected_rows.len(), 40_000);
    assert_eq!(report.rejected_rows[39_999].line, 20_000);

    let refused = app
        .call(list(&draft, "?invalidRecipients=reject", "text/csv", body))
        .await;
    let problem = refused.problem();
    assert_eq!(problem.code, ErrorCode::ValidationFailed);
    assert_eq!((problem.fields.len(), problem.fields_total), (100, 40_000));
    assert_eq!(problem.fields[0].path, "recipients[line 1]");
    is_as_it_was(&app, &draft).await;
}

#[tokio::test]
async fn what_cannot_be_read_to_its_end_leaves_the_draft_as_it_was() {
    let app = spawn_app_with(&[("IMPORT_LIMIT", "1MiB"), ("BODY_LIMIT", "1KiB")]).await;
    let draft = draft(&app).await;
    let csv = people();
    let elements = csv.replace("person", "\"person").replace('\n', "\",");
    let long = csv.repeat(9);
    for (media, body, code, path) in [
        ("text/csv", long.clone(), ErrorCode::PayloadTooLarge, ""),
        (
            "application/json",
            format!("[{elements}"),
            ErrorCode::Malformed,
            "",
        ),
        (
            "application/json",
            format!("[{elements} nonsense]"),
            ErrorCode::Malformed,
            "",
        ),
        (
            "application/json",
            format!("[{elements} 7]"),
            ErrorCode::ValidationFailed,
            "[9000]",
        ),
        (
            "application/json",
            format!("[{elements} {{\"vars\": {{}}}}]"),
            ErrorCode::ValidationFailed,
            "[9000].email",
        ),
        (
            "application/json",
            format!("[\"{}\"]", "a".repeat(1 << 20)),
            ErrorCode::PayloadTooLarge,
            "",
        ),
        (
            "text/plain",
            csv.clone(),
            ErrorCode::UnsupportedMediaType,
            "",
        ),
    ] {
        let answer = import(&app, &draft, media, body).await;
        let problem = answer.problem();
        assert_eq!(problem.code, code, "{media}: {problem}");
        let named = problem
            .fields
            .first()
            .map_or("", |field| field.path.as_str());
        assert_eq!(named, path, "{problem}");
        is_as_it_was(&app, &draft).await;
    }
    // The limit is on what it unpacks to.
    let bomb = packed(
        list(&draft, "", "text/csv", gzip(&" \n".repeat(8 << 20))),
        "gzip",
    );
    assert_eq!(
        app.call(bomb).await.problem().code,
        ErrorCode::PayloadTooLarge
    );
    for body in [gzip(&csv)[..9_000].to_vec(), b"not gzip".to_vec()] {
        let broken = packed(list(&draft, "", "text/csv", body), "gzip");
        assert_eq!(app.call(broken).await.problem().code, ErrorCode::Malformed);
    }
    let brotli = packed(list(&draft, "", "text/csv", "x"), "br");
    assert_eq!(
        app.call(brotli).await.problem().code,
        ErrorCode::UnsupportedMediaType
    );
    is_as_it_was(&app, &draft).await;
    // And all of it is still possible afterwards.
    let answer = import(&app, &draft, "text/csv", csv).await;
    let report: ImportReport = answer.json();
    assert_eq!(report.counts.total_emails, 9_001, "{}", answer.text());
}

/// A body that is under way until it is told how it ends.
fn held(text: String) -> (Body, futures::channel::oneshot::Sender<io::Result<Bytes>>) {
    let (end, ended) = futures::channel::oneshot::channel();
    let begun = futures::stream::iter([Ok(Bytes::from(text))]);
    let ends = futures::stream::once(ended).filter_map(|ended| std::future::ready(ended.ok()));
    (Body::from_stream(begun.chain(ends)), end)
}

/// Waits until somebody imports into the draft. Puts the list in the place of itself meanwhile.
async fn is_claimed(app: &TestApp, draft: &str) {
    let claimed = async {
        loop {
            let mut edit = crate::app::post(draft, r#"{"recipients": ["ana@example.org"]}"#);
            *edit.method_mut() = Method::PATCH;
            if app.call(edit).await.status == StatusCode::CONFLICT {
                return;
            }
        }
    };
    let claimed = tokio::time::timeout(crate::app::LIMIT, claimed).await;
    claimed.expect("an import must begin");
}

#[tokio::test]
async fn while_a_list_comes_in_nothing_of_it_is_seen_and_nothing_else_happens_to_the_list() {
    let app = spawn_app().await;
    let draft = draft(&app).await;
    let rows = people();
    let (body, end) = held(rows);
    let importing = app.call(list(&draft, "", "text/csv", body));
    let meanwhile = async {
        is_claimed(&app, &draft).await;
        let other = import(&app, &draft, "text/csv", "dora@example.org").await;
        assert_eq!(other.header("retry-after"), "1");
        assert_eq!(other.problem().code, ErrorCode::Importing);
        let started = app.post(&format!("{draft}/start"), "").await;
        assert_eq!(started.problem().code, ErrorCode::Importing);
        for edit in [
            r#"{"recipients": []}"#,
            r#"{"scheduledAt": "2126-12-01T09:00:00Z"}"#,
        ] {
            let mut edit = crate::app::post(&draft, edit);
            *edit.method_mut() = Method::PATCH;
            assert_eq!(app.call(edit).await.problem().code, ErrorCode::Importing);
        }
        is_as_it_was(&app, &draft).await;
        let copy = app.post(&format!("{draft}/duplicate"), "").await;
        is_as_it_was(&app, copy.header("location")).await;
        end.send(Ok(Bytes::from_static(b"last@example.org")))
            .unwrap();
    };
    let (answer, ()) = tokio::join!(importing, meanwhile);
    let report: ImportReport = answer.json();
    assert_eq!(report.counts.total_emails, 9_002, "{}", answer.text());
    let started = app.post(&format!("{draft}/start"), "").await;
    assert_eq!(started.status, StatusCode::OK, "{}", started.text());
}

#[tokio::test]
async fn a_connection_that_is_cut_leaves_the_draft_as_it_was() {
    let app = spawn_app().await;
    let draft = draft(&app).await;
    let rows = people();
    let (body, end) = held(rows.clone());
    let cut = io::Error::from(io::ErrorKind::ConnectionReset);
    end.send(Err(cut)).unwrap();
    let answer = import(&app, &draft, "text/csv", body).await;
    assert_eq!(answer.problem().code, ErrorCode::Malformed);
    is_as_it_was(&app, &draft).await;

    // And whoever goes away without a word.
    let (body, _end) = held(rows);
    let mut importing = Box::pin(app.open(list(&draft, "", "text/csv", body)));
    tokio::select! {
        answer = &mut importing => panic!("{answer:?}"),
        () = is_claimed(&app, &draft) => {}
    }
    drop(importing);
    let free = async {
        while import(&app, &draft, "text/csv", "bob@example.org")
            .await
            .status
            != StatusCode::OK
        {}
    };
    tokio::time::timeout(crate::app::LIMIT, free)
        .await
        .expect("the claim must go with it");
    assert_eq!(shown(&app, &draft).await.1, 2);
}

#[tokio::test]
async fn a_list_for_nothing_is_not_read() {
    let app = spawn_app().await;
    let unknown = import(&app, "/api/emails/7", "text/csv", "ana@example.org").await;
    assert_eq!(unknown.problem().code, ErrorCode::NotFound);
    let draft = draft(&app).await;
    let odd = app
        .call(list(&draft, "?invalid=skip", "text/csv", "x@y.org"))
        .await;
    assert_eq!(odd.problem().code, ErrorCode::ValidationFailed);
}
