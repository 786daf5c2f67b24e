//! The promise, with the real process killed: nothing lost, nothing sent twice in silence, and
//! the few that were in flight are shown as UNKNOWN.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use catcher::{Catcher, Options, Store};
use domain::{
    campaign::{Campaign, CampaignStatus},
    page::Page,
    recipient::Recipient,
};

const RECIPIENTS: usize = 6_000;
/// `WORKER_CONCURRENCY` × 2, so the most that one kill may leave unknown.
const WINDOW: u64 = 16;

/// The real server, killed without mercy when dropped.
struct Palomar {
    process: Child,
    address: String,
}

impl Palomar {
    fn start(folder: &Path, smtp: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_palomar-server"))
            .current_dir(folder)
            .env_clear()
            .env("HTTP_BIND", "127.0.0.1:0")
            .env("SMTP_URL", smtp)
            .env("MAIL_FROM", "News <news@example.org>")
            .env("WORKER_CONCURRENCY", "8")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| Some(line.split_once("listening on http://")?.1.trim().to_owned()))
            .expect("it says where it listens");
        // What nobody reads would fill the pipe and stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    /// `kill -9`.
    fn kill(self) {
        drop(self);
    }

    fn json<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        let (_, body) = testbed::http::call(&self.address, "GET", path, "");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    fn campaign(&self) -> Campaign {
        self.json("/api/emails/1")
    }

    /// Reads the campaign's events until `reached` holds for one, and returns the state then.
    fn until(&self, reached: impl Fn(&Campaign) -> bool) -> Campaign {
        loop {
            let campaign = self.campaign();
            if reached(&campaign) {
                return campaign;
            }
            // Blocks until something changes: the stream's first two events are the present
            // state and the next one.
            let mut stream = TcpStream::connect(&self.address).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(1)))
                .unwrap();
            write!(
                stream,
                "GET /api/emails/1/events HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                self.address
            )
            .unwrap();
            let events = BufReader::new(stream).lines().map_while(Result::ok);
            let _ = events.filter(|line| line.starts_with("data:")).nth(1);
        }
    }
}

impl Drop for Palomar {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn create(palomar: &Palomar) {
    let recipients: Vec<String> = (0..RECIPIENTS)
        .map(|n| format!("\"person{n}@example.org\""))
        .collect();
    let body = format!(
        r#"{{"subject":"Hola","body":"<p>Hola</p>","recipients":[{}]}}"#,
        recipients.join(",")
    );
    let (status, answer) = testbed::http::call(&palomar.address, "POST", "/api/emails", &body);
    assert_eq!(status, 201, "{answer}");
}

/// How many recipients got a message more than once, and how many got none.
fn doubled_and_missed(store: &Store) -> (usize, usize) {
    let copies: Vec<_> = (0..RECIPIENTS)
        .map(|n| store.delivered_to(&format!("person{n}@example.org")))
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
        let mut palomar = Palomar::start(folder.path(), &smtp);
        create(&palomar);
        for kills in 1..=3 {
            let enough = kills * 700;
            let campaign = palomar.until(|campaign| campaign.summary.counts.sent >= enough);
            assert!(
                kills > 1 || campaign.summary.counts.pending > 0,
                "it was done too soon"
            );
            palomar.kill();
            palomar = Palomar::start(folder.path(), &smtp);
        }
        let campaign = palomar.until(|campaign| campaign.summary.status.has_ended());
        let unknown: Page<Recipient> =
            palomar.json("/api/emails/1/recipients?status=UNKNOWN&limit=500");
        palomar.kill();
        (campaign, unknown.items)
    });
    let (campaign, unknown) = end.await.unwrap();
    let counts = campaign.summary.counts;
    assert_eq!(campaign.summary.status, CampaignStatus::Completed);
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
