//! The promise, with the real process killed: nothing lost, nothing sent twice in silence, and
//! the few that were in flight are shown as UNKNOWN.

use std::{path::Path, time::Duration};

use catcher::{Catcher, Options, Store};
use domain::campaign::CampaignStatus;
use testbed::{Client, Process, Settings};

const RECIPIENTS: usize = 6_000;
const CONNECTIONS: u64 = 8;
/// The most that one kill may leave unknown.
const WINDOW: u64 = 2 * CONNECTIONS;

/// A server that sends to `smtp` and keeps everything in `folder`, and who asks it.
fn serve(folder: &Path, smtp: &str) -> (Process, Client) {
    let settings: Settings = [
        ("HTTP_BIND", "127.0.0.1:0".to_owned()),
        ("SMTP_URL", smtp.to_owned()),
        ("MAIL_FROM", "News <news@example.org>".to_owned()),
        ("WORKER_CONCURRENCY", CONNECTIONS.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let program = Path::new(env!("CARGO_BIN_EXE_palomar-server"));
    let server = Process::start(program, &settings, folder);
    let client = server.client();
    (server, client)
}

fn emails() -> Vec<String> {
    (0..RECIPIENTS)
        .map(|n| format!("person{n}@example.org"))
        .collect()
}

/// How many recipients got a message more than once, and how many got none.
fn doubled_and_missed(store: &Store) -> (usize, usize) {
    let copies: Vec<_> = emails()
        .iter()
        .map(|email| store.delivered_to(email))
        .collect();
    let doubled = copies.iter().filter(|copies| **copies > 1).count();
    let missed = copies.iter().filter(|copies| **copies == 0).count();
    (doubled, missed)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_three_times_it_loses_nothing_doubles_nothing_and_says_what_it_cannot_know() {
    if testbed::is_distributed() {
        return; // About everything in one process; the worker's tests kill several.
    }
    let catcher = Catcher::start(Options::default().delay(Duration::from_millis(2)))
        .await
        .unwrap();
    let smtp = format!("smtp://{}?tls=none", catcher.address());
    let store = catcher.store();
    let end = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let (mut server, mut client) = serve(folder.path(), &smtp);
        let id = client.create(&emails());
        for kills in 1..=3 {
            let enough = kills * 700;
            let campaign = client.until(id, |campaign| campaign.counts.sent >= enough);
            assert!(
                kills > 1 || campaign.counts.pending > 0,
                "it was done too soon"
            );
            server.kill();
            (server, client) = serve(folder.path(), &smtp);
        }
        let campaign = client.until(id, |campaign| campaign.status.has_ended());
        let unknown = client.recipients(id, "status=UNKNOWN").unwrap();
        server.kill();
        (campaign, unknown)
    });
    let (campaign, unknown) = end.await.unwrap();
    let counts = campaign.counts;
    assert_eq!(campaign.status, CampaignStatus::Completed);
    assert_eq!(
        counts.sent + counts.unknown,
        RECIPIENTS as u64,
        "{counts:?}"
    );
    assert!(counts.unknown <= 3 * WINDOW, "{counts:?}");
    let (doubled, missed) = doubled_and_missed(&store);
    assert_eq!(doubled, 0);
    // Whoever got none is among those it cannot vouch for.
    assert!(
        missed as u64 <= counts.unknown,
        "{missed} got none, {counts:?}"
    );
    assert_eq!(unknown.len() as u64, counts.unknown);
    assert!(unknown.iter().all(|recipient| recipient.error.is_some()));
}
