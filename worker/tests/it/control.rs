//! A person's hand on a campaign.

use std::time::Duration;

use domain::{
    CampaignId,
    campaign::{CampaignCreate, CampaignEdit, CampaignStatus, EventKind, RecipientInput},
    recipient::RecipientStatus,
};
use service::{Actor, Error};

use crate::support::Palomar;

/// So many people that a campaign is not over before somebody has a hand on it.
fn many() -> Vec<String> {
    (0..3_000).map(|n| format!("p{n}@example.org")).collect()
}

/// A campaign that is being sent, slowly.
async fn under_way() -> (Palomar, CampaignId) {
    let options = catcher::Options::default().delay(Duration::from_millis(2));
    let palomar = Palomar::with(&[], options).await;
    let emails = many();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let id = palomar.create(&emails).await;
    palomar.until(id, |c| c.counts.sent > 100).await;
    (palomar, id)
}

/// Until nobody holds anything of a campaign any more, and nothing is in its dialogue.
async fn let_go(palomar: &Palomar) {
    let session = testbed::Session::open(palomar.stores()).await;
    let held = "SELECT COUNT(*) AS value FROM slice WHERE state = 'LEASED'";
    while session.number(held).await > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_paused_campaign_sends_nothing_until_it_is_resumed_and_loses_nobody() {
    let (palomar, id) = under_way().await;
    let paused = palomar.campaigns().pause(&Actor::Local, id).await.unwrap();
    assert_eq!(paused.summary.status, CampaignStatus::Paused);
    let_go(&palomar).await;
    let sent = palomar.caught().accepted();
    assert!(sent < 3_000, "it was over before");
    let other = palomar.create(&["ana@example.org"]).await;
    palomar.ended(other).await;
    assert_eq!(
        palomar.caught().accepted(),
        sent + 1,
        "the other one's alone"
    );
    let counts = palomar.until(id, |_| true).await.counts;
    assert_eq!((counts.sent, counts.unknown), (sent, 0));
    // Asked for again it is as it was.
    palomar.campaigns().pause(&Actor::Local, id).await.unwrap();

    let resumed = palomar.campaigns().resume(&Actor::Local, id).await.unwrap();
    assert_eq!(resumed.summary.status, CampaignStatus::Processing);
    let ended = palomar.ended(id).await.summary;
    assert_eq!(
        (ended.status, ended.counts.sent),
        (CampaignStatus::Completed, 3_000)
    );
    assert!(palomar.caught().duplicates().is_empty());
}

#[tokio::test]
async fn a_cancelled_campaign_skips_whoever_is_left_and_says_so() {
    let (palomar, id) = under_way().await;
    palomar.campaigns().cancel(&Actor::Local, id).await.unwrap();
    let ended = palomar.ended(id).await.summary;
    assert_eq!(ended.status, CampaignStatus::Cancelled);
    assert!(ended.counts.skipped > 0);
    assert_eq!(ended.counts.sent + ended.counts.skipped, 3_000);
    assert_eq!(ended.counts.sent, palomar.caught().accepted());
    let resumed = palomar.campaigns().resume(&Actor::Local, id).await;
    assert!(matches!(resumed, Err(Error::Conflict(_))), "{resumed:?}");
}

#[tokio::test]
async fn cancelling_waits_for_no_second_try() {
    let palomar = Palomar::start().await;
    let id = palomar
        .create(&["later+451@example.org", "ana@example.org"])
        .await;
    palomar
        .until(id, |c| c.counts.deferred == 1 && c.counts.sent == 1)
        .await;
    palomar.campaigns().cancel(&Actor::Local, id).await.unwrap();
    let counts = palomar.ended(id).await.summary.counts;
    assert_eq!((counts.sent, counts.skipped, counts.deferred), (1, 1, 0));
}

#[tokio::test]
async fn a_cancelled_campaign_whose_smtp_server_is_away_ends_at_once() {
    let settings = [("SMTP_URL", "smtp://127.0.0.1:9?tls=none")];
    let palomar = Palomar::with(&settings, catcher::Options::default()).await;
    let id = palomar.create(&["ana@example.org"]).await;
    palomar.until(id, |c| c.waiting_for.is_some()).await;
    palomar.campaigns().cancel(&Actor::Local, id).await.unwrap();
    assert_eq!(palomar.ended(id).await.summary.counts.skipped, 1);
}

#[tokio::test]
async fn a_draft_is_sent_only_when_it_is_started_and_as_it_was_last_written() {
    let palomar = Palomar::start().await;
    let draft = CampaignCreate {
        draft: true,
        ..CampaignCreate::default()
    };
    let id = palomar.create_with(&["ana@example.org"], draft).await;
    let edit = CampaignEdit {
        subject: Some("Adiós".to_owned()),
        recipients: Some(vec![RecipientInput::to("luis@example.org")]),
        ..CampaignEdit::default()
    };
    let edited = palomar
        .campaigns()
        .edit(&Actor::Local, id, edit.clone())
        .await;
    let edited = edited.unwrap().summary;
    assert_eq!(
        (edited.status, edited.counts.total),
        (CampaignStatus::Draft, 1)
    );
    // Another campaign comes and goes, and the draft is as it was.
    let other = palomar.create(&["eva@example.org"]).await;
    palomar.ended(other).await;
    assert_eq!(palomar.statuses(id).await, [RecipientStatus::Pending]);

    palomar.campaigns().start(&Actor::Local, id).await.unwrap();
    palomar.ended(id).await;
    assert_eq!(palomar.caught().delivered_to("luis@example.org"), 1);
    assert_eq!(palomar.caught().delivered_to("ana@example.org"), 0);
    let late = palomar.campaigns().edit(&Actor::Local, id, edit).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
}

#[tokio::test]
async fn an_incomplete_draft_is_not_started_and_everything_it_lacks_is_named() {
    let palomar = Palomar::start().await;
    let draft = CampaignCreate {
        draft: true,
        ..CampaignCreate::default()
    };
    let created = palomar.campaigns().create(&Actor::Local, draft, None).await;
    let id = created.unwrap().created.campaign.summary.id;
    let started = palomar.campaigns().start(&Actor::Local, id).await;
    let Err(Error::Invalid(faults)) = started else {
        panic!("{started:?}");
    };
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(paths, ["subject", "body", "recipients"]);
}

#[tokio::test]
async fn a_scheduled_campaign_starts_at_its_time_and_not_before() {
    let palomar = Palomar::start().await;
    let at = palomar.services.now().plus(Duration::from_hours(2));
    let scheduled = CampaignCreate {
        scheduled_at: Some(at.to_string()),
        ..CampaignCreate::default()
    };
    let id = palomar.create_with(&["ana@example.org"], scheduled).await;
    palomar.clock.advance(Duration::from_mins(119));
    let other = palomar.create(&["eva@example.org"]).await;
    palomar.ended(other).await;
    let before = palomar.until(id, |_| true).await;
    assert_eq!(before.status, CampaignStatus::Scheduled);
    assert_eq!(before.scheduled_at, Some(at));
    palomar.clock.advance(Duration::from_mins(1));
    assert_eq!(palomar.ended(id).await.summary.counts.sent, 1);
}

#[tokio::test]
async fn a_copy_is_a_draft_with_the_same_list_and_touches_the_original_in_nothing() {
    let palomar = Palomar::start().await;
    let id = palomar
        .create(&["ana@example.org", "no+550@example.org"])
        .await;
    palomar.ended(id).await;
    let copy = palomar
        .campaigns()
        .duplicate(&Actor::Local, id)
        .await
        .unwrap();
    assert_eq!(copy.summary.status, CampaignStatus::Draft);
    assert_eq!(copy.summary.counts.total, 2);
    let copy = copy.summary.id;
    assert_eq!(palomar.statuses(copy).await, [RecipientStatus::Pending; 2]);
    palomar
        .campaigns()
        .start(&Actor::Local, copy)
        .await
        .unwrap();
    let counts = palomar.ended(copy).await.summary.counts;
    assert_eq!((counts.sent, counts.failed), (1, 1));
    assert_eq!(palomar.caught().delivered_to("ana@example.org"), 2);
    assert!(
        palomar.caught().duplicates().is_empty(),
        "another message, another identity"
    );
}

#[tokio::test]
async fn a_deleted_campaign_is_gone_with_everybody_in_it() {
    let palomar = Palomar::start().await;
    let id = palomar.create(&["ana@example.org"]).await;
    palomar.ended(id).await;
    palomar.campaigns().delete(&Actor::Local, id).await.unwrap();
    let gone = palomar.campaigns().get(&Actor::Local, id).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
}

#[tokio::test]
async fn what_happened_to_a_campaign_is_told_in_order() {
    let (palomar, id) = under_way().await;
    palomar.campaigns().pause(&Actor::Local, id).await.unwrap();
    palomar.campaigns().resume(&Actor::Local, id).await.unwrap();
    palomar.ended(id).await;
    let events = palomar.campaigns().events(&Actor::Local, id).await.unwrap();
    let kinds: Vec<_> = events.iter().rev().map(|event| event.kind).collect();
    let expected = [
        EventKind::Created,
        EventKind::TakenUp,
        EventKind::Paused,
        EventKind::Resumed,
        EventKind::Ended,
    ];
    assert_eq!(kinds, expected);
    assert_eq!(events.last().unwrap().amount, Some(3_000));
}
