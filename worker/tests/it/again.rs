//! Sending again, and settling what nobody can know.

use domain::{
    campaign::{
        CampaignStatus, EventKind, Resolution, ResolveRequest, RetryRequest, RetryStatus, Whom,
    },
    recipient::RecipientStatus,
};
use service::{Actor, Error};

use crate::support::Palomar;

const LOST: &str = "lost+drop-after-dot@example.org";

fn resolve(resolution: Resolution, recipient_ids: Whom) -> ResolveRequest {
    ResolveRequest {
        resolution,
        recipient_ids,
    }
}

#[tokio::test]
async fn an_unknown_outcome_can_be_taken_for_sent_one_by_one_or_all() {
    let palomar = Palomar::start().await;
    let other = "other+drop-after-dot@example.org";
    let id = palomar.create(&["ana@example.org", LOST, other]).await;
    palomar.ended(id).await;
    let lost = palomar.recipients(id).await[1].id;
    let campaigns = palomar.campaigns();
    let one = resolve(Resolution::Sent, Whom::These(vec![lost]));
    let counts = campaigns.resolve(&Actor::Local, id, one.clone()).await;
    let counts = counts.unwrap().summary.counts;
    assert_eq!((counts.sent, counts.unknown), (2, 1));
    // Said again it changes nothing.
    let counts = campaigns.resolve(&Actor::Local, id, one).await.unwrap();
    assert_eq!(counts.summary.counts.sent, 2);
    let all = resolve(Resolution::Sent, Whom::All);
    let campaign = campaigns.resolve(&Actor::Local, id, all).await.unwrap();
    assert_eq!(campaign.summary.counts.sent, 3);
    assert_eq!(campaign.summary.status, CampaignStatus::Completed);
    assert_eq!(palomar.caught().delivered_to(LOST), 1, "nothing was sent");
}

#[tokio::test]
async fn an_unknown_outcome_is_sent_again_only_by_a_persons_hand_and_then_once() {
    let palomar = Palomar::start().await;
    let id = palomar.create(&["ana@example.org", LOST]).await;
    assert_eq!(palomar.ended(id).await.summary.counts.unknown, 1);
    let all = resolve(Resolution::Resend, Whom::All);
    let resumed = palomar.campaigns().resolve(&Actor::Local, id, all).await;
    assert!(!resumed.unwrap().summary.status.has_ended());
    let ended = palomar.ended(id).await.summary;
    assert_eq!(ended.counts.sent + ended.counts.unknown, 2);
    assert_eq!(palomar.caught().delivered_to(LOST), 2);
    assert_eq!(palomar.caught().delivered_to("ana@example.org"), 1);
    let events = palomar.campaigns().events(&Actor::Local, id).await.unwrap();
    assert!(
        events
            .iter()
            .any(|e| e.kind == EventKind::Resent && e.amount == Some(1))
    );
}

#[tokio::test]
async fn those_who_failed_are_sent_to_again_by_their_code_and_the_numbers_stay_true() {
    let palomar = Palomar::start().await;
    let id = palomar
        .create(&["a+550@example.org", "b+552@example.org", "ana@example.org"])
        .await;
    palomar.ended(id).await;
    let failed = RetryRequest {
        code: Some(550),
        ..RetryRequest::default()
    };
    let resumed = palomar.campaigns().retry(&Actor::Local, id, failed).await;
    assert_eq!(resumed.unwrap().summary.status, CampaignStatus::Processing);
    let counts = palomar.ended(id).await.summary.counts;
    // It is refused again, and nobody else was asked.
    assert_eq!((counts.sent, counts.failed, counts.pending), (1, 2, 0));
    let attempts: Vec<_> = palomar
        .recipients(id)
        .await
        .iter()
        .map(|r| r.attempts)
        .collect();
    assert_eq!(attempts, [1, 1, 1], "a retry begins to count anew");
    assert_eq!(palomar.caught().delivered_to("ana@example.org"), 1);
}

#[tokio::test]
async fn a_campaign_that_reached_nobody_goes_on_when_it_is_tried_again() {
    let palomar = Palomar::start().await;
    let id = palomar.create(&["a+550@example.org"]).await;
    assert_eq!(
        palomar.ended(id).await.summary.status,
        CampaignStatus::Failed
    );
    let again = RetryRequest::default();
    palomar
        .campaigns()
        .retry(&Actor::Local, id, again)
        .await
        .unwrap();
    assert_eq!(
        palomar.ended(id).await.summary.status,
        CampaignStatus::Failed
    );
}

#[tokio::test]
async fn a_cancelled_campaign_never_sends_again() {
    let palomar = Palomar::start().await;
    let id = palomar
        .create(&["a+550@example.org", "later+451@example.org"])
        .await;
    palomar.until(id, |c| c.counts.failed == 1).await;
    palomar.campaigns().cancel(&Actor::Local, id).await.unwrap();
    palomar.ended(id).await;
    let again = RetryRequest {
        status: RetryStatus::Failed,
        ..RetryRequest::default()
    };
    let again = palomar.campaigns().retry(&Actor::Local, id, again).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
}

#[tokio::test]
async fn where_uncertain_messages_are_resent_nothing_is_unknown_while_a_try_is_left() {
    let settings = [("DELIVERY_UNCERTAIN", "resend"), ("RETRY_SCHEDULE", "1s")];
    let palomar = Palomar::with(&settings, catcher::Options::default()).await;
    let id = palomar.create(&["ana@example.org", LOST]).await;
    palomar.until(id, |c| c.counts.deferred == 1).await;
    palomar.clock.advance(std::time::Duration::from_secs(1));
    // The second copy got no answer either, and there is no third try.
    let counts = palomar.ended(id).await.summary.counts;
    assert_eq!((counts.sent, counts.unknown), (1, 1));
    assert_eq!(palomar.caught().delivered_to(LOST), 2);
    assert_eq!(palomar.statuses(id).await[1], RecipientStatus::Unknown);
}
