//! A server and the stores that its workers share with it, and a catcher for what they send.

use std::time::{Duration, Instant};

use catcher::{Catcher, Store};
use domain::{
    campaign::{Campaign, CampaignSummary},
    page::Page,
    recipient::Recipient,
};
use serde::de::DeserializeOwned;
use testbed::Stores;

use super::{
    process::{self, Process, Settings},
    redis::Redis,
};

/// What no test takes.
const PATIENCE: Duration = Duration::from_mins(3);
/// Connections of each worker; twice as many of its recipients may be on their way.
pub(crate) const CONNECTIONS: u64 = 5;
pub(crate) const WINDOW: u64 = 2 * CONNECTIONS;

pub(crate) struct Cluster {
    pub(crate) stores: Stores,
    pub(crate) redis: Redis,
    server: Option<Process>,
    pub(crate) settings: Settings,
    catcher: Catcher,
    address: String,
}

impl Cluster {
    /// A server without workers, with leases of three seconds.
    pub(crate) async fn start(options: catcher::Options) -> Self {
        Self::with(Redis::started(), options).await
    }

    pub(crate) async fn with(redis: Redis, options: catcher::Options) -> Self {
        let stores = Stores::new().await;
        let catcher = Catcher::start(options).await.unwrap();
        let mut settings: Settings = stores.settings().collect();
        for (name, value) in [
            ("REDIS_URL", redis.url()),
            ("SMTP_URL", format!("smtp://{}?tls=none", catcher.address())),
            ("MAIL_FROM", "News <news@example.org>".to_owned()),
            ("HTTP_BIND", "127.0.0.1:0".to_owned()),
            ("WORKER_CONCURRENCY", CONNECTIONS.to_string()),
            ("DELIVERY_LEASE", "3s".to_owned()),
        ] {
            settings.insert(name.to_owned(), value);
        }
        let (server, address) = serve(&settings, &stores);
        Self {
            stores,
            redis,
            server: Some(server),
            settings,
            catcher,
            address,
        }
    }

    pub(crate) fn server(&self) -> &Process {
        self.server.as_ref().expect("a server that runs")
    }

    /// SIGKILL.
    pub(crate) fn stop_server(&mut self) {
        self.server = None;
    }

    pub(crate) fn start_server(&mut self) {
        let (server, address) = serve(&self.settings, &self.stores);
        (self.server, self.address) = (Some(server), address);
    }

    /// With one setting of its own.
    pub(crate) fn start_server_with(&mut self, name: &str, value: &str) {
        let (server, address) = serve(&with(&self.settings, name, value), &self.stores);
        (self.server, self.address) = (Some(server), address);
    }

    /// Waits until the server ends by itself.
    pub(crate) fn server_ends(&mut self) {
        self.server.take().expect("a server").ends();
    }

    /// One worker more, with one setting of its own, that may end before it is ready.
    pub(crate) fn worker_with(&self, name: &str, value: &str) -> Process {
        let settings = with(&self.settings, name, value);
        Process::start(&process::worker(), &settings, self.stores.folder())
    }

    /// One worker more, that is ready.
    pub(crate) fn worker(&self) -> Process {
        let worker = Process::start(&process::worker(), &self.settings, self.stores.folder());
        worker.says("sending");
        worker
    }

    pub(crate) fn caught(&self) -> Store {
        self.catcher.store()
    }

    /// Creates a campaign, at a server that may end before it answers.
    pub(crate) fn try_create(&self, emails: &[String]) {
        let _ = testbed::http::try_call(&self.address, "POST", "/api/emails", &create_body(emails));
    }

    /// Every campaign there is.
    pub(crate) fn campaigns(&self) -> Vec<CampaignSummary> {
        self.json::<Page<CampaignSummary>>("/api/emails").items
    }

    /// Creates a campaign and returns its number.
    pub(crate) fn create(&self, emails: &[String]) -> i64 {
        let (status, body) = self.call("POST", "/api/emails", &create_body(emails));
        assert_eq!(status, 201, "{body}");
        serde_json::from_str::<Campaign>(&body)
            .unwrap()
            .summary
            .id
            .0
    }

    pub(crate) fn campaign(&self, id: i64) -> CampaignSummary {
        self.json::<Campaign>(&format!("/api/emails/{id}")).summary
    }

    /// Waits until `reached` holds for the campaign.
    pub(crate) fn until(
        &self,
        id: i64,
        reached: impl Fn(&CampaignSummary) -> bool,
    ) -> CampaignSummary {
        let began = Instant::now();
        loop {
            let campaign = self.campaign(id);
            if reached(&campaign) {
                return campaign;
            }
            assert!(began.elapsed() < PATIENCE, "never reached: {campaign:#?}");
        }
    }

    pub(crate) fn ended(&self, id: i64) -> CampaignSummary {
        self.until(id, |campaign| campaign.status.has_ended())
    }

    /// Those whose outcome is not known.
    pub(crate) fn unknown(&self, id: i64) -> Vec<Recipient> {
        self.json::<Page<Recipient>>(&format!(
            "/api/emails/{id}/recipients?status=UNKNOWN&limit=500"
        ))
        .items
    }

    pub(crate) fn status(&self, path: &str) -> u16 {
        self.call("GET", path, "").0
    }

    fn json<T: DeserializeOwned>(&self, path: &str) -> T {
        let (_, body) = self.call("GET", path, "");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    fn call(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        testbed::http::call(&self.address, method, path, body)
    }

    /// Checks the promise for a campaign that has ended: nobody lost, nobody doubled, and only
    /// those UNKNOWN of whom nobody can tell.
    pub(crate) fn keeps_its_word(&self, id: i64, emails: &[String]) -> CampaignSummary {
        let campaign = self.campaign(id);
        let counts = &campaign.counts;
        assert!(campaign.status.has_ended(), "{campaign:#?}");
        assert_eq!(
            counts.sent + counts.failed + counts.unknown,
            emails.len() as u64,
            "{counts:?}"
        );
        let store = self.caught();
        let unknown = self.unknown(id);
        assert_eq!(unknown.len() as u64, counts.unknown);
        let is_unknown = |email: &String| unknown.iter().any(|other| &other.email == email);
        for email in emails {
            let copies = store.delivered_to(email);
            let right = match () {
                () if is_unknown(email) => copies <= 1,
                () if email.contains("+550") => copies == 0,
                () => copies == 1,
            };
            assert!(right, "{email} got {copies}");
        }
        campaign
    }
}

fn create_body(emails: &[String]) -> String {
    let recipients: Vec<_> = emails.iter().map(|email| format!("{email:?}")).collect();
    format!(
        r#"{{"subject":"Hola","body":"<p>Hola</p>","recipients":[{}]}}"#,
        recipients.join(",")
    )
}

fn with(settings: &Settings, name: &str, value: &str) -> Settings {
    let mut settings = settings.clone();
    settings.insert(name.to_owned(), value.to_owned());
    settings
}

/// A server, and the address it listens at.
fn serve(settings: &Settings, stores: &Stores) -> (Process, String) {
    let server = Process::start(&process::server(), settings, stores.folder());
    let line = server.says("listening on http://");
    let (_, address) = line.split_once("listening on http://").unwrap();
    let address = address.trim().to_owned();
    (server, address)
}

/// Addresses of which one in a hundred is refused.
pub(crate) fn emails(count: usize) -> Vec<String> {
    (0..count)
        .map(|n| {
            let fault = if n % 100 == 99 { "+550" } else { "" };
            format!("person{n}{fault}@example.org")
        })
        .collect()
}
