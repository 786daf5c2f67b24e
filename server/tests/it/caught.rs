//! The catcher's memory, as the service reads it.

use std::fmt::Write;

use catcher::{Catcher, Options};
use domain::caught::CaughtList;
use server::inbox::CaughtMail;
use service::inbox::Inbox;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A catcher's memory with `number` messages.
async fn caught(number: usize) -> CaughtMail {
    let catcher = Catcher::start(Options::default()).await.unwrap();
    let mut dialogue = "EHLO localhost\r\n".to_owned();
    for n in 0..number {
        write!(
            dialogue,
            "MAIL FROM:<news@example.org>\r\nRCPT TO:<p{n}@example.org>\r\nDATA\r\n\
             Message-ID: <{n}@example.org>\r\nFrom: News <news@example.org>\r\n\
             Subject: =?utf-8?q?Hola_{n}?=\r\n\r\nHola\r\n.\r\n"
        )
        .unwrap();
    }
    dialogue.push_str("QUIT\r\n");
    let mut stream = TcpStream::connect(catcher.address()).await.unwrap();
    stream.write_all(dialogue.as_bytes()).await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    CaughtMail::new(catcher.store())
}

#[tokio::test]
async fn caught_mail_is_listed_newest_first_and_page_by_page() {
    let mail = caught(51).await;
    let first = mail.list(&CaughtList::default());
    assert_eq!(first.items.len(), 50);
    assert_eq!(first.items[0].subject, "Hola 50");
    let next = CaughtList {
        cursor: first.next_cursor,
        ..CaughtList::default()
    };
    let last = mail.list(&next);
    assert_eq!(last.items.len(), 1);
    assert_eq!(last.items[0].subject, "Hola 0");
    assert_eq!(last.next_cursor, None);
}

#[tokio::test]
async fn a_caught_message_is_found_whole_by_its_id() {
    let mail = caught(2).await;
    let sought = CaughtList {
        q: Some("p1@example.org".to_owned()),
        ..CaughtList::default()
    };
    let found = mail.list(&sought).items;
    assert_eq!(found.len(), 1);
    let message = mail.find(found[0].id).unwrap();
    assert_eq!(message.summary, found[0]);
    assert_eq!(message.summary.from, "News <news@example.org>");
    assert_eq!(message.sender, "news@example.org");
    assert_eq!(message.message_id, "1@example.org");
    assert!(message.source.contains("Hola"));
    assert_eq!(mail.find(99), None);
}
