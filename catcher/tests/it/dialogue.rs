//! RFC 5321 and its extensions, as far as a client meets them.

use catcher::Options;

use crate::client::Client;
use crate::{ready, ready_with, start};

#[tokio::test]
async fn ehlo_offers_every_extension() {
    let catcher = start(Options::default().max_size(12_345)).await;
    let mut offered = Client::connect(&catcher).await.hello().await;
    offered.sort();
    assert_eq!(
        offered,
        [
            "8BITMIME",
            "ENHANCEDSTATUSCODES",
            "PIPELINING",
            "SIZE 12345",
            "SMTPUTF8"
        ]
    );
}

#[tokio::test]
async fn ehlo_leaves_out_what_is_switched_off() {
    let options = Options::default()
        .without_pipelining()
        .without_8bitmime()
        .without_smtputf8();
    let catcher = start(options).await;
    let mut client = Client::connect(&catcher).await;
    let offered = client.hello().await.join(" ");
    assert!(!offered.contains("PIPELINING"));
    assert!(!offered.contains("8BITMIME"));
    assert!(!offered.contains("SMTPUTF8"));
    for parameter in ["BODY=8BITMIME", "SMTPUTF8"] {
        let command = format!("MAIL FROM:<a@b.example> {parameter}");
        let reply = client.say(&command).await;
        assert!(reply.starts_with("555 5.5.4 "), "{parameter}: {reply}");
    }
}

#[tokio::test]
async fn a_message_is_accepted_and_kept() {
    let (catcher, mut client) = ready().await;
    let reply = client
        .deliver("ana@example.org", "Subject: Hola\r\n\r\nBody")
        .await;
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    let message = catcher.store().get(1).unwrap();
    assert_eq!(message.summary.sender, "sender@example.org");
    assert_eq!(message.summary.recipients, ["ana@example.org"]);
    assert_eq!(message.source, "Subject: Hola\r\n\r\nBody\r\n");
}

#[tokio::test]
async fn one_connection_carries_several_messages() {
    let (catcher, mut client) = ready().await;
    for recipient in ["a@example.org", "b@example.org", "c@example.org"] {
        client.deliver(recipient, "x").await;
    }
    assert!(client.say("QUIT").await.starts_with("221 2.0.0 "));
    assert!(client.is_closed().await);
    assert_eq!(catcher.store().accepted(), 3);
}

#[tokio::test]
async fn a_pipelined_group_is_answered_in_order() {
    let (_catcher, mut client) = ready().await;
    let replies = client
        .say_all(&[
            "MAIL FROM:<sender@example.org> SIZE=10 BODY=8BITMIME",
            "RCPT TO:<ana@example.org>",
            "RCPT TO:<luis+550@example.org>",
            "DATA",
        ])
        .await;
    let codes: Vec<_> = replies.iter().map(|reply| &reply[..9]).collect();
    assert_eq!(codes, ["250 2.1.0", "250 2.1.5", "550 5.1.1", "354 Send "]);
}

#[tokio::test]
async fn a_body_may_lead_the_next_group() {
    let (catcher, mut client) = ready().await;
    client.open("sender@example.org", "a@example.org").await;
    let replies = client
        .say_all(&[
            "first\r\n.",
            "MAIL FROM:<sender@example.org>",
            "RCPT TO:<b@example.org>",
            "DATA",
        ])
        .await;
    assert!(replies[0].starts_with("250 2.0.0 "));
    assert!(replies[3].starts_with("354 "));
    client.say("second\r\n.").await;
    let store = catcher.store();
    assert_eq!(store.get(1).unwrap().source, "first\r\n");
    assert_eq!(store.get(2).unwrap().source, "second\r\n");
}

#[tokio::test]
async fn commands_that_arrive_byte_by_byte_are_understood() {
    let (catcher, mut client) = ready().await;
    let dialogue =
        "MAIL FROM:<s@example.org>\r\nRCPT TO:<a@example.org>\r\nDATA\r\nx\r\n..\r\n.\r\n";
    for byte in dialogue.bytes() {
        client.send([byte]).await;
        tokio::task::yield_now().await;
    }
    for code in ["250", "250", "354", "250"] {
        assert!(client.reply().await.starts_with(code));
    }
    assert_eq!(catcher.store().get(1).unwrap().source, "x\r\n.\r\n");
}

#[tokio::test]
async fn commands_out_of_sequence_are_refused() {
    let catcher = start(Options::default()).await;
    let mut client = Client::connect(&catcher).await;
    for command in ["MAIL FROM:<a@b.example>", "RCPT TO:<a@b.example>", "DATA"] {
        let reply = client.say(command).await;
        assert!(reply.starts_with("503 5.5.1 "), "{command}: {reply}");
    }
    client.hello().await;
    client.say("MAIL FROM:<a@b.example>").await;
    for command in ["MAIL FROM:<a@b.example>", "DATA"] {
        let reply = client.say(command).await;
        assert!(reply.starts_with("503 5.5.1 "), "{command}: {reply}");
    }
}

#[tokio::test]
async fn data_without_a_valid_recipient_is_refused() {
    let (_catcher, mut client) = ready().await;
    client.say("MAIL FROM:<a@b.example>").await;
    client.say("RCPT TO:<ana+550@example.org>").await;
    assert!(client.say("DATA").await.starts_with("554 5.5.1 "));
}

#[tokio::test]
async fn rset_forgets_the_envelope() {
    let (catcher, mut client) = ready().await;
    client.say("MAIL FROM:<a@b.example>").await;
    client.say("RCPT TO:<forgotten@example.org>").await;
    assert!(client.say("RSET").await.starts_with("250 2.0.0 "));
    client.deliver("ana@example.org", "x").await;
    assert_eq!(catcher.store().delivered_to("forgotten@example.org"), 0);
    assert_eq!(catcher.store().delivered_to("ana@example.org"), 1);
}

#[tokio::test]
async fn small_commands_have_their_codes() {
    let (_catcher, mut client) = ready().await;
    for (command, code) in [
        ("NOOP", "250 2.0.0 "),
        ("NOOP with words", "250 2.0.0 "),
        ("VRFY ana", "252 2.5.0 "),
        ("HELP", "214 2.0.0 "),
        ("EXPN list", "502 5.5.1 "),
        ("STARTTLS", "502 5.5.1 "),
        ("AUTH PLAIN", "502 5.5.1 "),
        ("NONSENSE", "500 5.5.1 "),
        ("", "500 5.5.1 "),
        ("MAIL ana", "501 5.5.2 "),
        ("MAIL FROM:<no-domain>", "501 5.1.7 "),
        ("MAIL FROM:<a@b.example> SIZE=x", "501 5.5.4 "),
        ("MAIL FROM:<a@b.example> COLOUR=red", "555 5.5.4 "),
        ("HELO client.example", "250 catcher.localhost"),
    ] {
        let reply = client.say(command).await;
        assert!(reply.starts_with(code), "{command}: {reply}");
    }
}

#[tokio::test]
async fn after_helo_there_are_no_extensions() {
    let (_catcher, mut client) = ready().await;
    client.say("HELO client.example").await;
    let reply = client.say("MAIL FROM:<a@b.example> BODY=8BITMIME").await;
    assert!(reply.starts_with("555 5.5.4 "));
    assert!(client.say("MAIL FROM:<>").await.starts_with("250 2.1.0 "));
}

#[tokio::test]
async fn postmaster_needs_no_domain_and_nobody_else_is_empty() {
    let (catcher, mut client) = ready().await;
    client.say("MAIL FROM:<>").await;
    for nobody in ["RCPT TO:<>", "RCPT TO:<> NOTIFY=NEVER"] {
        assert!(client.say(nobody).await.starts_with("501 5.1.3 "));
    }
    assert!(client.say("RCPT TO:<Postmaster>").await.starts_with("250 "));
    client.say("DATA").await;
    client.say(".").await;
    assert_eq!(catcher.store().delivered_to("postmaster"), 1);
}

#[tokio::test]
async fn a_line_too_long_is_refused_and_skipped() {
    let (_catcher, mut client) = ready().await;
    let reply = client.say(&format!("NOOP {}", "x".repeat(20_000))).await;
    assert!(reply.starts_with("500 5.5.2 "));
    assert!(client.say("NOOP").await.starts_with("250 "));
}

#[tokio::test]
async fn a_non_ascii_address_needs_smtputf8() {
    let (catcher, mut client) = ready().await;
    let refused = client.say("MAIL FROM:<josé@example.org>").await;
    assert!(refused.starts_with("553 5.6.7 "));
    client.say("MAIL FROM:<s@example.org>").await;
    let refused = client.say("RCPT TO:<josé@example.org>").await;
    assert!(refused.starts_with("553 5.6.7 "));
    client.say("RSET").await;
    client.say("MAIL FROM:<josé@example.org> SMTPUTF8").await;
    client.say("RCPT TO:<ñandú@example.org>").await;
    client.say("DATA").await;
    client.say("x\r\n.").await;
    assert_eq!(catcher.store().delivered_to("ñandú@example.org"), 1);
}

#[tokio::test]
async fn sending_ahead_is_refused_where_it_was_not_offered() {
    let (_catcher, mut client) = ready_with(Options::default().without_pipelining()).await;
    client.send("NOOP\r\nNOOP\r\n").await;
    assert!(client.reply().await.starts_with("250 "));
    assert!(client.reply().await.starts_with("503 5.5.0 "));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_connection_ends_after_its_most_messages() {
    let (catcher, mut client) = ready_with(Options::default().max_messages(2)).await;
    client.deliver("a@example.org", "x").await;
    client.deliver("b@example.org", "x").await;
    let reply = client.say("MAIL FROM:<s@example.org>").await;
    assert!(reply.starts_with("421 4.3.2 "));
    assert!(client.is_closed().await);
    assert_eq!(catcher.store().accepted(), 2);
}
