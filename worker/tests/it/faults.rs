//! What becomes of recipients when the SMTP server misbehaves.

use domain::{campaign::CampaignStatus, recipient::RecipientStatus};

use crate::support::Palomar;

#[tokio::test]
async fn a_line_that_dies_after_the_dot_leaves_the_outcome_unknown_and_sends_nothing_again() {
    let palomar = Palomar::start().await;
    let id = palomar
        .create(&["ana@example.org", "lost+drop-after-dot@example.org"])
        .await;
    let campaign = palomar.ended(id).await;
    assert_eq!(campaign.summary.status, CampaignStatus::Completed);
    assert_eq!(
        (
            campaign.summary.counts.sent,
            campaign.summary.counts.unknown
        ),
        (1, 1)
    );
    assert_eq!(campaign.errors[0].status, RecipientStatus::Unknown);
    assert_eq!(
        palomar
            .caught()
            .delivered_to("lost+drop-after-dot@example.org"),
        1
    );
}

#[tokio::test]
async fn a_short_message_whose_line_dies_is_unknown_since_its_dot_was_in_the_same_write() {
    let palomar = Palomar::start().await;
    let id = palomar.create(&["rude+drop-in-data@example.org"]).await;
    assert_eq!(palomar.ended(id).await.summary.counts.unknown, 1);
}

#[tokio::test]
async fn a_server_that_leaves_on_one_recipient_burns_nobody_and_at_last_puts_that_one_off() {
    let palomar = Palomar::start().await;
    let mut emails: Vec<String> = (0..200).map(|n| format!("person{n}@example.org")).collect();
    emails.insert(100, "rude+421@example.org".to_owned());
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let id = palomar.create(&emails).await;
    let campaign = palomar.until(id, |c| c.counts.deferred == 1).await;
    assert_eq!(campaign.counts.sent, 200);
    let rude = &palomar.recipients(id).await[100];
    assert_eq!(
        (rude.status, rude.code),
        (RecipientStatus::Deferred, Some(421))
    );
    assert_eq!(rude.attempts, 1);
}

#[tokio::test]
async fn a_reply_that_does_not_come_keeps_nobody_waiting_but_its_own_recipient() {
    let palomar = Palomar::with(&[("WORKER_CONCURRENCY", "2")], catcher::Options::default()).await;
    let mut emails: Vec<String> = (0..60).map(|n| format!("person{n}@example.org")).collect();
    emails.insert(10, "patience+slow60s@example.org".to_owned());
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let id = palomar.create(&emails).await;
    palomar.until(id, |c| c.counts.sent == 60).await;
    let slow = &palomar.recipients(id).await[10];
    assert_eq!(slow.status, RecipientStatus::Sending);
}

#[tokio::test]
async fn a_354_after_a_refusal_sends_nobody_an_empty_message() {
    let palomar = Palomar::with(&[("WORKER_CONCURRENCY", "1")], catcher::Options::default()).await;
    let id = palomar
        .create(&[
            "a@example.org",
            "no+354-after-refusal@example.org",
            "b@example.org",
        ])
        .await;
    let campaign = palomar.ended(id).await;
    assert_eq!(
        (campaign.summary.counts.sent, campaign.summary.counts.failed),
        (2, 1)
    );
    assert_eq!(palomar.caught().accepted(), 2);
}

#[tokio::test]
async fn a_connection_the_server_closes_after_some_messages_costs_nobody_an_attempt() {
    let palomar = Palomar::with(
        &[("WORKER_CONCURRENCY", "2")],
        catcher::Options::default().max_messages(7),
    )
    .await;
    let emails: Vec<String> = (0..100).map(|n| format!("person{n}@example.org")).collect();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let id = palomar.create(&emails).await;
    assert_eq!(palomar.ended(id).await.summary.counts.sent, 100);
    assert!(
        palomar
            .recipients(id)
            .await
            .iter()
            .all(|recipient| recipient.attempts == 1)
    );
    assert!(palomar.caught().duplicates().is_empty());
}

#[tokio::test]
async fn a_campaign_whose_sender_is_refused_stands_still_alone_and_says_why() {
    let palomar = Palomar::with(
        &[("MAIL_FROM", "Palomar <palomar+mail550@example.org>")],
        catcher::Options::default(),
    )
    .await;
    let id = palomar
        .create(&["ana@example.org", "luis@example.org"])
        .await;
    let campaign = palomar
        .until(id, |c| c.status == CampaignStatus::Paused)
        .await;
    assert!(campaign.waiting_for.unwrap().contains("550"));
    assert_eq!(palomar.statuses(id).await, [RecipientStatus::Pending; 2]);
    assert_eq!(palomar.recipients(id).await[0].attempts, 0);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_burns_nobody_and_the_campaign_says_so() {
    let palomar = Palomar::with(
        &[("SMTP_URL", "smtp://127.0.0.1:9?tls=none")],
        catcher::Options::default(),
    )
    .await;
    let id = palomar
        .create(&["ana@example.org", "luis@example.org"])
        .await;
    let campaign = palomar.until(id, |c| c.waiting_for.is_some()).await;
    assert!(campaign.waiting_for.unwrap().contains("unreachable"));
    assert_eq!(palomar.statuses(id).await, [RecipientStatus::Pending; 2]);
}
