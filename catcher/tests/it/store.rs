//! What is kept, counted, listed and read.

use catcher::Options;

use crate::{ready, ready_with};

const MULTIPART: &str = "Message-ID:\r\n <folded@example.org>\r\n\
    From: =?UTF-8?Q?Jos=C3=A9?= <jose@example.org>\r\n\
    To: Ana <ana@example.org>, luis@example.org\r\n\
    Date: Tue, 24 Nov 2026 08:00:00 +0100\r\n\
    Subject: =?UTF-8?B?wqFIb2xhLCBhw7FvIG51ZXZvIQ==?=\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nca=C3=B1a\r\n\
    --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>caña</p>\r\n\
    --b--";

#[tokio::test]
async fn headers_and_bodies_are_decoded() {
    let (catcher, mut client) = ready_with(Options::default().now(|| 1_234)).await;
    client.deliver("ana@example.org", MULTIPART).await;
    let message = catcher.store().get(1).unwrap();
    let summary = &message.summary;
    assert_eq!(summary.subject, "¡Hola, año nuevo!");
    assert_eq!(summary.from, "José <jose@example.org>");
    assert_eq!(summary.to, "Ana <ana@example.org>, luis@example.org");
    assert_eq!(summary.message_id.as_deref(), Some("folded@example.org"));
    assert_eq!(summary.date, Some(1_795_503_600_000));
    assert_eq!(summary.received_at, 1_234);
    assert_eq!(summary.size, message.source.len());
    assert_eq!(message.text.as_deref().map(str::trim_end), Some("caña"));
    assert_eq!(
        message.html.as_deref().map(str::trim_end),
        Some("<p>caña</p>")
    );
}

#[tokio::test]
async fn a_body_that_is_not_there_is_not_made_up() {
    let (catcher, mut client) = ready().await;
    client
        .deliver("a@example.org", "Subject: x\r\n\r\nplain")
        .await;
    client
        .deliver("a@example.org", "Content-Type: text/html\r\n\r\n<p>x</p>")
        .await;
    let store = catcher.store();
    assert_eq!(store.get(1).unwrap().html, None);
    assert_eq!(store.get(2).unwrap().text, None);
}

#[tokio::test]
async fn copies_are_counted_by_message_id() {
    let (catcher, mut client) = ready().await;
    for id in ["one", "two", "two", "three", "three", "three"] {
        let message = format!("Subject: x\r\nmessage-id: <{id}@example.org>\r\n\r\nx");
        client.deliver("ana@example.org", &message).await;
    }
    client
        .deliver(
            "ana@example.org",
            "Subject: none\r\n\r\nMessage-ID: <one@example.org>",
        )
        .await;
    let store = catcher.store();
    assert_eq!(store.accepted(), 7);
    assert_eq!(store.copies_of("one@example.org"), 1);
    assert_eq!(store.copies_of("absent@example.org"), 0);
    assert_eq!(
        store.duplicates(),
        [
            ("three@example.org".to_owned(), 3),
            ("two@example.org".to_owned(), 2)
        ]
    );
}

#[tokio::test]
async fn deliveries_are_counted_by_recipient() {
    let (catcher, mut client) = ready().await;
    client.deliver("ana@example.org", "x").await;
    client.deliver("ana@example.org", "x").await;
    client.deliver("luis@example.org", "x").await;
    let store = catcher.store();
    assert_eq!(store.delivered_to("ana@example.org"), 2);
    assert_eq!(store.delivered_to("nobody@example.org"), 0);
    assert_eq!(store.recipients(), 2);
    assert_eq!(
        store.deliveries(),
        [
            ("ana@example.org".to_owned(), 2),
            ("luis@example.org".to_owned(), 1)
        ]
    );
}

#[tokio::test]
async fn only_the_last_messages_are_kept_and_all_are_counted() {
    let (catcher, mut client) = ready_with(Options::default().keep(2)).await;
    for _ in 0..5 {
        client
            .deliver("ana@example.org", "Message-ID: <1@example.org>\r\n\r\nx")
            .await;
    }
    let store = catcher.store();
    let ids: Vec<_> = store
        .list(None, 10, None)
        .iter()
        .map(|one| one.id)
        .collect();
    assert_eq!(ids, [5, 4]);
    assert_eq!(store.get(3), None);
    assert_eq!(store.accepted(), 5);
    assert_eq!(store.copies_of("1@example.org"), 5);
}

#[tokio::test]
async fn the_bytes_kept_have_a_limit_too() {
    let (catcher, mut client) = ready_with(Options::default().keep_bytes(100)).await;
    for size in [40, 40, 40, 200] {
        client.deliver("ana@example.org", &"x".repeat(size)).await;
    }
    let store = catcher.store();
    let ids: Vec<_> = store
        .list(None, 10, None)
        .iter()
        .map(|one| one.id)
        .collect();
    assert_eq!(ids, [3, 2], "the fourth is larger than everything together");
    assert_eq!(store.accepted(), 4);
}

#[tokio::test]
async fn the_list_is_newest_first_and_goes_on_before_an_id() {
    let (catcher, mut client) = ready().await;
    for number in 1..=5 {
        let message = format!("Subject: number {number}\r\n\r\nx");
        client.deliver("ana@example.org", &message).await;
    }
    let store = catcher.store();
    let subjects = |before, limit| -> Vec<String> {
        let page = store.list(before, limit, None);
        page.into_iter().map(|one| one.subject).collect()
    };
    assert_eq!(subjects(None, 2), ["number 5", "number 4"]);
    assert_eq!(subjects(Some(4), 2), ["number 3", "number 2"]);
    assert_eq!(subjects(Some(2), 2), ["number 1"]);
    assert_eq!(subjects(Some(1), 2), [""; 0]);
}

#[tokio::test]
async fn the_search_looks_at_headers_and_envelope_in_any_case() {
    let (catcher, mut client) = ready().await;
    client.deliver("ana@example.org", MULTIPART).await;
    client
        .deliver("luis@example.net", "Subject: other\r\n\r\nx")
        .await;
    let store = catcher.store();
    let found = |words| -> Vec<u64> {
        let page = store.list(None, 10, Some(words));
        page.iter().map(|one| one.id).collect()
    };
    assert_eq!(found("AÑO"), [1]);
    assert_eq!(found("josé"), [1]);
    assert_eq!(found("folded@"), [1]);
    assert_eq!(found("EXAMPLE.NET"), [2]);
    assert_eq!(found("sender@"), [2, 1]);
    assert_eq!(found(" "), [2, 1]);
    assert_eq!(found("absent"), [0; 0]);
}

#[tokio::test]
async fn clear_forgets_messages_and_counts_and_goes_on_with_the_ids() {
    let (catcher, mut client) = ready().await;
    client
        .deliver("ana@example.org", "Message-ID: <1@example.org>\r\n\r\nx")
        .await;
    let store = catcher.store();
    store.clear();
    assert_eq!(store.accepted(), 0);
    assert_eq!(store.recipients(), 0);
    assert_eq!(store.copies_of("1@example.org"), 0);
    assert_eq!(store.list(None, 10, None), []);
    client.deliver("ana@example.org", "x").await;
    assert_eq!(store.list(None, 10, None)[0].id, 2);
}

#[tokio::test]
async fn a_message_of_garbage_is_kept_and_shown() {
    let (catcher, mut client) = ready().await;
    client.open("s@example.org", "ana@example.org").await;
    client.send(b"\xff\xfe: \0\r\n=?bad?\r\n.\r\n").await;
    assert!(client.reply().await.starts_with("250 "));
    let message = catcher.store().get(1).unwrap();
    assert_eq!(message.summary.subject, "");
    assert!(message.source.starts_with('\u{fffd}'));
}
