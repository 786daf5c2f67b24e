//! Several SMTP servers, and what each may be handed.

use domain::{
    campaign::CampaignCreate,
    recipient::{Recipient, RecipientStatus},
};
use service::Actor;

use crate::support::Palomar;

/// The catcher as the only server, set up with `rest`.
async fn one_server(rest: &str) -> Palomar {
    Palomar::from_file(|url| {
        format!(
            r#"
mail_from = "News <news@example.org>"
[[smtp]]
name = "news"
url = "{url}"
{rest}
"#
        )
    })
    .await
}

#[tokio::test]
async fn a_campaign_goes_by_the_server_it_names_or_by_its_senders() {
    let palomar = Palomar::from_file(|url| {
        format!(
            r#"
mail_from = "News <news@example.org>"
[[smtp]]
name = "nowhere"
url = "smtp://127.0.0.1:9?tls=none"
[[smtp]]
name = "news"
url = "{url}"
from_domains = ["example.org"]
"#
        )
    })
    .await;
    let by_sender = palomar.create(&["ana@example.org"]).await;
    assert_eq!(palomar.ended(by_sender).await.summary.counts.sent, 1);
    let by_name = CampaignCreate {
        smtp_server: Some("nowhere".to_owned()),
        ..CampaignCreate::default()
    };
    let by_name = palomar.create_with(&["ana@example.org"], by_name).await;
    let waiting = palomar.until(by_name, |c| c.waiting_for.is_some()).await;
    assert!(waiting.waiting_for.unwrap().contains("unreachable"));
    // The one that waits holds nobody up who goes another way.
    let other = palomar.create(&["eva@example.org"]).await;
    assert_eq!(palomar.ended(other).await.summary.counts.sent, 1);
}

#[tokio::test]
async fn while_a_server_is_away_the_one_that_is_named_takes_over_at_nobodys_cost() {
    let palomar = Palomar::from_file(|url| {
        format!(
            r#"
mail_from = "News <news@example.org>"
[[smtp]]
name = "first"
url = "smtp://127.0.0.1:9?tls=none"
fallback = "second"
[[smtp]]
name = "second"
url = "{url}"
"#
        )
    })
    .await;
    let emails: Vec<String> = (0..50).map(|n| format!("p{n}@example.org")).collect();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let id = palomar.create(&emails).await;
    assert_eq!(palomar.ended(id).await.summary.counts.sent, 50);
    let recipients = palomar.recipients(id).await;
    let by_second = |r: &Recipient| r.attempts == 1 && r.smtp_server.as_deref() == Some("second");
    assert!(recipients.iter().all(by_second), "{recipients:?}");
}

#[tokio::test]
async fn a_quota_holds_over_restarts_and_the_campaign_says_until_when() {
    let palomar = one_server(r#"limits = ["10/d"]"#).await;
    let emails: Vec<String> = (0..15).map(|n| format!("p{n}@example.org")).collect();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let id = palomar.create(&emails).await;
    let waiting = palomar.until(id, |c| c.waiting_for.is_some()).await;
    assert!(waiting.waiting_for.unwrap().starts_with("rate limit until"));
    assert_eq!(waiting.counts.sent, 10);
    let palomar = palomar.restart().await;
    let other = palomar.create(&["eva@example.org"]).await;
    palomar.until(other, |c| c.waiting_for.is_some()).await;
    assert_eq!(palomar.caught().accepted(), 10);
    assert_eq!(palomar.statuses(other).await, [RecipientStatus::Pending]);
    palomar.campaigns().cancel(&Actor::Local, id).await.unwrap();
    assert_eq!(palomar.ended(id).await.summary.counts.skipped, 5);
}

#[tokio::test]
async fn a_connection_carries_no_more_messages_than_its_server_is_set_up_for() {
    let palomar = one_server("connections = 1\nmax_messages = 4").await;
    let emails: Vec<String> = (0..10).map(|n| format!("p{n}@example.org")).collect();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let id = palomar.create(&emails).await;
    assert_eq!(palomar.ended(id).await.summary.counts.sent, 10);
    assert_eq!(palomar.caught().connections(), 3);
}

#[tokio::test]
async fn a_reply_that_takes_longer_than_its_server_may_is_not_waited_for() {
    let palomar = one_server(
        r#"connections = 1
deadlines = { dot = "500ms" }"#,
    )
    .await;
    let id = palomar
        .create(&["late+slow3000ms@example.org", "ana@example.org"])
        .await;
    let counts = palomar.ended(id).await.summary.counts;
    // What came too late for the one is never taken for the other's.
    assert_eq!((counts.sent, counts.unknown), (1, 1));
    assert!(palomar.caught().connections() >= 2);
}
