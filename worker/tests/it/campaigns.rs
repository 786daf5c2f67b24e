//! What a campaign comes to when nothing is in the way.

use std::time::Duration;

use domain::{
    campaign::CampaignStatus,
    recipient::{RecipientList, RecipientStatus},
};
use service::Actor;

use crate::support::Palomar;

#[tokio::test]
async fn every_recipient_gets_exactly_one_message() {
    let palomar = Palomar::start().await;
    let emails: Vec<String> = (0..2_500)
        .map(|n| format!("person{n}@example.org"))
        .collect();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let id = palomar.create(&emails).await;
    let campaign = palomar.ended(id).await.summary;
    assert_eq!(campaign.status, CampaignStatus::Completed);
    assert_eq!(campaign.counts.sent, 2_500);
    assert_eq!(campaign.counts.total, 2_500);
    assert_eq!(palomar.caught().accepted(), 2_500);
    assert!(palomar.caught().duplicates().is_empty());
    assert_eq!(palomar.caught().delivered_to("person1234@example.org"), 1);
}

#[tokio::test]
async fn a_refused_recipient_shows_code_and_words_and_the_others_get_theirs() {
    let palomar = Palomar::start().await;
    let id = palomar
        .create(&["ana@example.org", "no+550@example.org", "luis@example.org"])
        .await;
    let campaign = palomar.ended(id).await;
    assert_eq!(campaign.summary.status, CampaignStatus::Completed);
    assert_eq!(
        (campaign.summary.counts.sent, campaign.summary.counts.failed),
        (2, 1)
    );
    let error = &campaign.errors[0];
    assert_eq!(error.email, "no+550@example.org");
    assert_eq!(error.code, Some(550));
    assert_eq!(error.enhanced_code.as_deref(), Some("5.1.1"));
    assert!(!error.error.is_empty());
}

#[tokio::test]
async fn a_campaign_that_reached_nobody_has_failed() {
    let palomar = Palomar::start().await;
    let id = palomar
        .create(&["a+550@example.org", "b+552@example.org"])
        .await;
    assert_eq!(
        palomar.ended(id).await.summary.status,
        CampaignStatus::Failed
    );
}

#[tokio::test]
async fn a_recipient_refused_for_now_is_tried_again_at_its_time_and_not_before() {
    let palomar = Palomar::with(&[("RETRY_SCHEDULE", "1m 5m")], catcher::Options::default()).await;
    let id = palomar
        .create(&["ana@example.org", "later+451x2@example.org"])
        .await;
    let waiting = palomar
        .until(id, |c| c.counts.deferred == 1 && c.counts.sent == 1)
        .await;
    assert_eq!(waiting.status, CampaignStatus::Processing);
    assert!(waiting.next_attempt_at.is_some());
    let recipient = &palomar.recipients(id).await[1];
    assert_eq!(recipient.status, RecipientStatus::Deferred);
    assert_eq!((recipient.code, recipient.attempts), (Some(451), 1));

    palomar.clock.advance(Duration::from_mins(1));
    palomar
        .until(id, |c| c.next_attempt_at > waiting.next_attempt_at)
        .await;
    palomar.clock.advance(Duration::from_mins(5));
    let campaign = palomar.ended(id).await.summary;
    assert_eq!(campaign.counts.sent, 2);
    assert_eq!(palomar.recipients(id).await[1].attempts, 3);
    assert_eq!(palomar.caught().delivered_to("later+451x2@example.org"), 1);
}

#[tokio::test]
async fn a_recipient_that_is_refused_for_now_to_the_schedules_end_fails_with_the_servers_words() {
    let palomar = Palomar::with(&[("RETRY_SCHEDULE", "1m")], catcher::Options::default()).await;
    let id = palomar.create(&["never+451x9@example.org"]).await;
    palomar.until(id, |c| c.counts.deferred == 1).await;
    palomar.clock.advance(Duration::from_mins(1));
    let campaign = palomar.ended(id).await;
    assert_eq!(campaign.summary.status, CampaignStatus::Failed);
    assert_eq!(campaign.errors[0].code, Some(451));
}

#[tokio::test]
async fn a_small_campaign_does_not_wait_behind_a_large_one() {
    let palomar = Palomar::with(
        &[("WORKER_CONCURRENCY", "2")],
        catcher::Options::default().delay(Duration::from_millis(2)),
    )
    .await;
    let emails: Vec<String> = (0..6_000)
        .map(|n| format!("person{n}@example.org"))
        .collect();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let large = palomar.create(&emails).await;
    palomar.until(large, |c| c.counts.sent > 0).await;
    let small = palomar.create(&["ana@example.org"]).await;
    palomar.ended(small).await;
    let large = palomar.until(large, |_| true).await;
    assert!(
        large.counts.pending > 0,
        "the large one was done first: {large:?}"
    );
    palomar.restart().await;
}

#[tokio::test]
async fn an_address_that_needs_smtputf8_fails_where_the_server_lacks_it() {
    let palomar = Palomar::with(&[], catcher::Options::default().without_smtputf8()).await;
    let id = palomar
        .create(&["josé@example.org", "ana@bücher.example"])
        .await;
    let campaign = palomar.ended(id).await;
    assert_eq!(
        (campaign.summary.counts.sent, campaign.summary.counts.failed),
        (1, 1)
    );
    assert!(
        campaign.errors[0].error.contains("SMTPUTF8"),
        "{:?}",
        campaign.errors
    );
    assert_eq!(
        palomar.caught().delivered_to("ana@xn--bcher-kva.example"),
        1
    );
}

#[tokio::test]
async fn those_who_failed_for_one_reason_can_be_listed_without_the_others() {
    let palomar = Palomar::start().await;
    let id = palomar
        .create(&[
            "a+550@example.org",
            "b+554@example.org",
            "c+550@example.org",
        ])
        .await;
    palomar.ended(id).await;
    let campaigns = palomar.services.campaigns();
    let reasons = campaigns.failure_reasons(&Actor::Local, id).await.unwrap();
    assert_eq!(reasons.iter().map(|r| r.count).collect::<Vec<_>>(), [2, 1]);
    let request = RecipientList {
        code: reasons[0].code,
        enhanced_code: reasons[0].enhanced_code.clone(),
        ..RecipientList::default()
    };
    let page = campaigns
        .recipients(&Actor::Local, id, request)
        .await
        .unwrap();
    let emails: Vec<_> = page.items.iter().map(|r| r.email.as_str()).collect();
    assert_eq!(emails, ["a+550@example.org", "c+550@example.org"]);
}
