//! What a stop and a start in the middle cost: nothing.

use std::time::Duration;

use domain::campaign::CampaignStatus;
use service::{Actor, Config, Services, start::Surroundings};

use crate::support::Palomar;

#[tokio::test]
async fn a_campaign_goes_on_where_it_was_after_a_stop_and_nobody_gets_two() {
    let palomar = Palomar::with(
        &[("WORKER_CONCURRENCY", "4")],
        catcher::Options::default().delay(Duration::from_millis(1)),
    )
    .await;
    let emails: Vec<String> = (0..3_000)
        .map(|n| format!("person{n}@example.org"))
        .collect();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let id = palomar.create(&emails).await;
    palomar.until(id, |c| c.counts.sent > 50).await;
    let palomar = palomar.restart().await;
    let before = palomar.until(id, |_| true).await;
    assert!(
        before.counts.pending > 0,
        "it was done before the stop: {before:?}"
    );
    let campaign = palomar.ended(id).await.summary;
    assert_eq!(campaign.status, CampaignStatus::Completed);
    // A drained stop leaves nothing unknown.
    assert_eq!((campaign.counts.sent, campaign.counts.unknown), (3_000, 0));
    assert_eq!(palomar.caught().accepted(), 3_000);
    assert!(palomar.caught().duplicates().is_empty());
}

#[tokio::test]
async fn a_dialogue_that_has_begun_is_brought_to_its_end_before_a_stop() {
    let palomar = Palomar::start().await;
    let id = palomar.create(&["slow+slow300ms@example.org"]).await;
    let store = palomar.caught();
    while store.accepted() == 0 {
        tokio::task::yield_now().await;
    }
    let palomar = palomar.restart().await;
    let campaign = palomar.ended(id).await.summary;
    assert_eq!((campaign.counts.sent, campaign.counts.unknown), (1, 0));
}

#[tokio::test]
async fn what_is_cut_off_at_the_drain_deadline_is_unknown_and_not_sent_again() {
    let palomar = Palomar::with(&[("DRAIN_DEADLINE", "1s")], catcher::Options::default()).await;
    let id = palomar.create(&["slow+slow30s@example.org"]).await;
    let store = palomar.caught();
    while store.accepted() == 0 {
        tokio::task::yield_now().await;
    }
    let palomar = palomar.restart().await;
    let campaign = palomar.ended(id).await.summary;
    assert_eq!(campaign.counts.unknown, 1);
    assert_eq!(store.accepted(), 1);
}

#[tokio::test]
async fn a_second_process_on_the_same_file_refuses_to_start_and_says_why() {
    if testbed::is_distributed() {
        return;
    }
    let palomar = Palomar::start().await;
    let url = palomar.stores().database_url().to_owned();
    let settings = [("DATABASE_URL".to_owned(), url)];
    let config = Config::from_sources(settings.into_iter(), None).unwrap();
    let error = Services::start(&config, Surroundings::default())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("another Palomar is using"),
        "{error}"
    );
}

#[tokio::test]
async fn a_slice_that_silenced_five_workers_is_set_aside_until_somebody_resumes() {
    let settings = [
        ("SMTP_URL", "smtp://127.0.0.1:9?tls=none"),
        ("DELIVERY_LEASE", "1s"),
    ];
    let palomar = Palomar::with(&settings, catcher::Options::default()).await;
    let id = palomar.create(&["ana@example.org"]).await;
    palomar.until(id, |c| c.waiting_for.is_some()).await;
    // As if a sixth had taken it up and fallen silent.
    let session = testbed::Session::open(palomar.stores()).await;
    session
        .change(
            "UPDATE slice SET state = 'LEASED', owner = 'gone', epoch = epoch + 1, takeovers = 5",
        )
        .await;
    let paused = palomar
        .until(id, |c| c.status == CampaignStatus::Paused)
        .await;
    assert!(paused.waiting_for.unwrap().contains("fell silent"));
    let resumed = palomar.campaigns().resume(&Actor::Local, id).await.unwrap();
    assert_eq!(resumed.summary.status, CampaignStatus::Processing);
    assert_eq!(
        session.number("SELECT takeovers AS value FROM slice").await,
        0
    );
}
