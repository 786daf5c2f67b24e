//! A server and the stores that its workers share with it, and a catcher for what they send.

use std::path::Path;

use catcher::{Catcher, Store};
use domain::{campaign::CampaignSummary, recipient::Recipient};
use testbed::{Client, Process, Redis, Settings, Stores};

/// Connections of each worker; twice as many of its recipients may be on their way.
pub(crate) const CONNECTIONS: u64 = 5;
pub(crate) const WINDOW: u64 = 2 * CONNECTIONS;

/// The worker's binary.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_palomar-worker"))
}

pub(crate) struct Cluster {
    pub(crate) stores: Stores,
    pub(crate) redis: Redis,
    server: Option<Process>,
    pub(crate) settings: Settings,
    catcher: Catcher,
    client: Client,
}

impl Cluster {
    /// A server without workers, with leases of three seconds.
    pub(crate) async fn start(options: catcher::Options) -> Self {
        Self::with(Redis::started(), options).await
    }

    /// The same, whose SMTP server has these limits.
    pub(crate) async fn limited(limits: &str) -> Self {
        let file = format!(
            "[[smtp]]\nname = \"default\"\nurl = \"smtp://set.by.smtp.url\"\nlimits = {limits}\n"
        );
        let stores = Stores::new().await;
        std::fs::write(stores.folder().join("palomar.toml"), file).unwrap();
        Self::around(stores, Redis::started(), catcher::Options::default()).await
    }

    pub(crate) async fn with(redis: Redis, options: catcher::Options) -> Self {
        Self::around(Stores::new().await, redis, options).await
    }

    async fn around(stores: Stores, redis: Redis, options: catcher::Options) -> Self {
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
        let (server, client) = serve(&settings, &stores);
        Self {
            stores,
            redis,
            server: Some(server),
            settings,
            catcher,
            client,
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
        let (server, client) = serve(&self.settings, &self.stores);
        (self.server, self.client) = (Some(server), client);
    }

    /// With one setting of its own.
    pub(crate) fn start_server_with(&mut self, name: &str, value: &str) {
        let (server, client) = serve(&with(&self.settings, name, value), &self.stores);
        (self.server, self.client) = (Some(server), client);
    }

    /// Waits until the server ends by itself.
    pub(crate) fn server_ends(&mut self) {
        self.server.take().expect("a server").ends();
    }

    /// One worker more, with one setting of its own, that may end before it is ready.
    pub(crate) fn worker_with(&self, name: &str, value: &str) -> Process {
        let settings = with(&self.settings, name, value);
        Process::start(program(), &settings, self.stores.folder())
    }

    /// One worker more, that is ready.
    pub(crate) fn worker(&self) -> Process {
        let worker = Process::start(program(), &self.settings, self.stores.folder());
        worker.says("sending");
        worker
    }

    /// Whoever asks the server.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn caught(&self) -> Store {
        self.catcher.store()
    }

    /// Creates a campaign, at a server that may end before it answers.
    pub(crate) fn try_create(&self, emails: &[String]) {
        let _ = self.client.try_create(emails);
    }

    /// Every campaign there is.
    pub(crate) fn campaigns(&self) -> Vec<CampaignSummary> {
        self.client.campaigns().unwrap()
    }

    /// Creates a campaign and returns its number.
    pub(crate) fn create(&self, emails: &[String]) -> i64 {
        self.client.create(emails)
    }

    pub(crate) fn campaign(&self, id: i64) -> CampaignSummary {
        self.client.campaign(id).unwrap()
    }

    /// Waits until `reached` holds for the campaign.
    pub(crate) fn until(
        &self,
        id: i64,
        reached: impl Fn(&CampaignSummary) -> bool,
    ) -> CampaignSummary {
        self.client.until(id, reached)
    }

    pub(crate) fn ended(&self, id: i64) -> CampaignSummary {
        self.until(id, |campaign| campaign.status.has_ended())
    }

    /// Those whose outcome is not known.
    pub(crate) fn unknown(&self, id: i64) -> Vec<Recipient> {
        self.client.recipients(id, "status=UNKNOWN").unwrap()
    }

    /// Everybody in it.
    pub(crate) fn recipients(&self, id: i64) -> Vec<Recipient> {
        self.client.recipients(id, "").unwrap()
    }

    pub(crate) fn status(&self, path: &str) -> u16 {
        self.client.status(path).unwrap()
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

fn with(settings: &Settings, name: &str, value: &str) -> Settings {
    let mut settings = settings.clone();
    settings.insert(name.to_owned(), value.to_owned());
    settings
}

/// A server, and who asks it.
fn serve(settings: &Settings, stores: &Stores) -> (Process, Client) {
    let program = testbed::server_beside(program());
    let server = Process::start(&program, settings, stores.folder());
    let client = server.client();
    (server, client)
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
