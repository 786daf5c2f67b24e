//! Every row of the table of faults.

use std::time::{Duration, Instant};

use crate::client::Client;
use crate::ready;

async fn refusal_of(client: &mut Client, recipient: &str) -> String {
    client.say("RSET").await;
    client.say("MAIL FROM:<s@example.org>").await;
    client.say(&format!("RCPT TO:<{recipient}>")).await
}

#[tokio::test]
async fn a_code_in_the_recipient_refuses_it() {
    let (_catcher, mut client) = ready().await;
    for (recipient, expected) in [
        ("ana+550@example.org", "550 5.1.1 user unknown"),
        ("ana+552@example.org", "552 5.2.2 "),
        ("ana+553@example.org", "553 5.1.3 "),
        ("ana+599@example.org", "599 5.0.0 "),
        ("ana+450@example.org", "450 4.2.0 "),
        ("ana+452@example.org", "452 4.2.2 "),
        ("ana+news+550@example.org", "550 5.1.1 "),
    ] {
        let reply = refusal_of(&mut client, recipient).await;
        assert!(reply.starts_with(expected), "{recipient}: {reply}");
    }
}

#[tokio::test]
async fn what_is_in_no_row_means_nothing() {
    let (_catcher, mut client) = ready().await;
    for recipient in [
        "550@example.org",
        "ana+550x@example.org",
        "ana+5500@example.org",
        "ana+354@example.org",
        "ana+250@example.org",
        "ana+550+news@example.org",
        "ana+550x2@example.org",
        "ana+slow@example.org",
        "ana@x+550.example.org",
    ] {
        let reply = refusal_of(&mut client, recipient).await;
        assert!(reply.starts_with("250 2.1.5 "), "{recipient}: {reply}");
    }
}

#[tokio::test]
async fn a_refused_recipient_keeps_the_others() {
    let (catcher, mut client) = ready().await;
    client.say("MAIL FROM:<s@example.org>").await;
    client.say("RCPT TO:<ana+550@example.org>").await;
    client.say("RCPT TO:<luis@example.org>").await;
    client.say("DATA").await;
    assert!(client.say("x\r\n.").await.starts_with("250 "));
    assert_eq!(catcher.store().delivered_to("ana+550@example.org"), 0);
    assert_eq!(catcher.store().delivered_to("luis@example.org"), 1);
}

#[tokio::test]
async fn a_counted_refusal_ends_for_its_address_alone() {
    let (catcher, mut client) = ready().await;
    for expected in ["451 4.2.0 ", "451 4.2.0 ", "250 2.1.5 ", "250 2.1.5 "] {
        let reply = refusal_of(&mut client, "ana+451x2@example.org").await;
        assert!(reply.starts_with(expected), "{reply}");
    }
    let mut other = Client::connect(&catcher).await;
    other.hello().await;
    let reply = refusal_of(&mut other, "luis+451x2@example.org").await;
    assert!(reply.starts_with("451 4.2.0 "));
    let reply = refusal_of(&mut other, "ana+451x2@example.org").await;
    assert!(reply.starts_with("250 2.1.5 "));
}

#[tokio::test]
async fn a_421_in_the_recipient_closes() {
    let (_catcher, mut client) = ready().await;
    // The rest of the group is not answered, and does not eat the 421.
    client
        .send("MAIL FROM:<s@example.org>\r\nRCPT TO:<ana+421@example.org>\r\nDATA\r\n")
        .await;
    assert!(client.reply().await.starts_with("250 "));
    assert!(client.reply().await.starts_with("421 4.3.2 "));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn drop_in_data_closes_inside_the_body_and_counts_nothing() {
    let (catcher, mut client) = ready().await;
    client
        .open("s@example.org", "ana+drop-in-data@example.org")
        .await;
    client.send("Subject: cut\r\n").await;
    assert!(client.is_closed().await);
    assert_eq!(catcher.store().accepted(), 0);
}

#[tokio::test]
async fn drop_after_dot_counts_and_keeps_and_says_nothing() {
    let (catcher, mut client) = ready().await;
    let recipient = "ana+drop-after-dot@example.org";
    client.open("s@example.org", recipient).await;
    client
        .send("Message-ID: <1@example.org>\r\n\r\nx\r\n.\r\n")
        .await;
    assert!(client.is_closed().await);
    let store = catcher.store();
    assert_eq!(store.accepted(), 1);
    assert_eq!(store.copies_of("1@example.org"), 1);
    assert_eq!(store.delivered_to(recipient), 1);
    assert_eq!(store.list(None, 10, None).len(), 1);
}

#[tokio::test]
async fn drop_after_dot_leaves_the_earlier_replies_of_its_group() {
    let (catcher, mut client) = ready().await;
    client.open("s@example.org", "luis@example.org").await;
    client
        .send("x\r\n.\r\nMAIL FROM:<s@example.org>\r\nRCPT TO:<ana+drop-after-dot@example.org>\r\nDATA\r\n")
        .await;
    for code in ["250 2.0.0 ", "250 2.1.0 ", "250 2.1.5 ", "354 "] {
        assert!(client.reply().await.starts_with(code));
    }
    client.send("y\r\n.\r\nMAIL FROM:<s@example.org>\r\n").await;
    assert!(client.is_closed().await);
    assert_eq!(catcher.store().accepted(), 2);
}

#[tokio::test]
async fn a_slow_recipient_waits_with_the_reply_to_the_dot() {
    let (catcher, mut client) = ready().await;
    let before = Instant::now();
    let reply = client.deliver("ana+slow120ms@example.org", "x").await;
    assert!(reply.starts_with("250 "));
    assert!(before.elapsed() >= Duration::from_millis(120));
    assert_eq!(catcher.store().accepted(), 1);
}

#[tokio::test]
async fn a_slow_message_is_counted_before_its_reply() {
    let (catcher, mut client) = ready().await;
    client
        .open("s@example.org", "ana+slow3600s@example.org")
        .await;
    client.send("x\r\n.\r\n").await;
    while catcher.store().accepted() == 0 {
        tokio::task::yield_now().await;
    }
    // Stopping ends the wait, and the reply that was owed still comes.
    catcher.stop().await;
    assert!(client.reply().await.starts_with("250 2.0.0 "));
    assert!(client.reply().await.starts_with("421 4.3.2 "));
}

#[tokio::test]
async fn data_after_refusal_takes_a_bare_dot_and_counts_nothing() {
    let (catcher, mut client) = ready().await;
    let replies = client
        .say_all(&[
            "MAIL FROM:<s@example.org>",
            "RCPT TO:<ana+354-after-refusal@example.org>",
            "DATA",
        ])
        .await;
    assert!(replies[1].starts_with("550 5.1.1 "));
    assert!(replies[2].starts_with("354 "));
    assert!(client.say(".").await.starts_with("554 5.5.1 "));
    assert_eq!(catcher.store().accepted(), 0);
    let reply = client.deliver("luis@example.org", "x").await;
    assert!(reply.starts_with("250 "));
}

#[tokio::test]
async fn a_code_for_the_dot_refuses_the_message() {
    let (catcher, mut client) = ready().await;
    for (recipient, expected) in [
        ("ana+dot550@example.org", "550 5.7.1 "),
        ("ana+dot451@example.org", "451 4.3.0 "),
        ("ana+dot552@example.org", "552 5.3.4 "),
        ("ana+dot554@example.org", "554 5.6.0 "),
    ] {
        let reply = client.deliver(recipient, "x").await;
        assert!(reply.starts_with(expected), "{recipient}: {reply}");
    }
    assert_eq!(catcher.store().accepted(), 0);
    assert!(
        client
            .deliver("luis@example.org", "x")
            .await
            .starts_with("250 ")
    );
}

#[tokio::test]
async fn a_code_in_the_sender_refuses_mail() {
    let (_catcher, mut client) = ready().await;
    for (sender, expected) in [
        ("bounce+mail550@example.org", "550 5.7.1 "),
        ("bounce+mail451@example.org", "451 4.3.0 "),
        ("bounce+550@example.org", "250 2.1.0 "),
    ] {
        let reply = client.say(&format!("MAIL FROM:<{sender}>")).await;
        assert!(reply.starts_with(expected), "{sender}: {reply}");
    }
}

#[tokio::test]
async fn of_several_recipients_the_earliest_drop_wins_over_a_refused_dot() {
    for (others, counted) in [
        (
            ["ana+dot550@example.org", "luis+drop-after-dot@example.org"],
            1,
        ),
        (
            [
                "ana+drop-after-dot@example.org",
                "luis+drop-in-data@example.org",
            ],
            0,
        ),
        (
            [
                "ana+drop-in-data@example.org",
                "luis+drop-after-dot@example.org",
            ],
            0,
        ),
    ] {
        let (catcher, mut client) = ready().await;
        client.say("MAIL FROM:<s@example.org>").await;
        for recipient in others {
            client.say(&format!("RCPT TO:<{recipient}>")).await;
        }
        client.say("DATA").await;
        client.send("x\r\n.\r\n").await;
        assert!(client.is_closed().await, "{others:?}");
        assert_eq!(catcher.store().accepted(), counted, "{others:?}");
    }
}
