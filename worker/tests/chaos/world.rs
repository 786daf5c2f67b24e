//! Everything there is: Palomar's processes, what they keep their things in, and the SMTP server.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use catcher::{Catcher, Store};
use tempfile::TempDir;
use testbed::{Client, Process, Session, Settings};

use super::{
    event::Event,
    exposure::{CONNECTIONS, LEASE},
    plan::Size,
    proxy::Proxy,
    stores::Stores,
};

/// How long the catcher thinks about each message, so that there is time for something to happen.
const DELAY: Duration = Duration::from_millis(80);
/// How often the rounds look at something they wait for.
pub(crate) const LOOK: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_mins(1);

/// A worker that is a process of its own.
pub(crate) struct Worker {
    pub(crate) process: Process,
    pub(crate) id: String,
}

// In the order in which they go: whoever uses something before what it uses.
pub(crate) struct World {
    pub(crate) workers: Vec<Worker>,
    pub(crate) server: Option<Process>,
    pub(crate) client: Client,
    pub(crate) proxy: Proxy,
    pub(crate) stores: Stores,
    catcher: Catcher,
    settings: Settings,
    processes: usize,
    folder: TempDir,
}

impl World {
    /// The stores and the server; workers come with the rounds.
    pub(crate) async fn start(size: Size) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("palomar-chaos-")
            .disable_cleanup(true)
            .tempdir()
            .unwrap();
        let path = folder.path();
        println!("logs are in {}, while all is not well", path.display());
        let catcher = catcher::Options::default().keep(0).delay(DELAY);
        let catcher = Catcher::start(catcher).await.unwrap();
        let proxy = Proxy::to(catcher.address()).await;
        let stores = Stores::start(size, path).await;
        let address = testbed::free_address();
        let mut settings: Settings = [
            ("DATABASE_URL", stores.database_url.clone()),
            ("SMTP_URL", format!("smtp://{}?tls=none", proxy.address())),
            ("MAIL_FROM", "News <news@example.org>".to_owned()),
            ("HTTP_BIND", address.to_string()),
            ("WORKER_CONCURRENCY", CONNECTIONS.to_string()),
            ("DELIVERY_LEASE", format!("{}s", LEASE.as_secs())),
            ("RETRY_SCHEDULE", "1s 1s 2s".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Some(redis) = &stores.redis {
            settings.insert("REDIS_URL".to_owned(), redis.url());
        }
        let mut world = Self {
            workers: Vec::new(),
            server: None,
            client: Client::at(address.to_string()),
            proxy,
            stores,
            catcher,
            settings,
            processes: 0,
            folder,
        };
        world.start_server();
        world
    }

    pub(crate) fn size(&self) -> Size {
        match self.stores.mariadb {
            Some(_) => Size::Distributed,
            None => Size::Embedded,
        }
    }

    /// Whether it can happen here.
    pub(crate) fn can(&self, event: &Event) -> bool {
        self.stores.disk.is_some() || !matches!(event, Event::FullDisk(_))
    }

    pub(crate) fn caught(&self) -> Store {
        self.catcher.store()
    }

    /// Keeps what is in the database too, which a disk in memory would take with it, and says where
    /// everything is.
    pub(crate) fn keep(&self) -> PathBuf {
        let folder = self.folder.path();
        if self.stores.disk.is_some() {
            let copied = Command::new("cp")
                .args(["-r", "disk", "database"])
                .current_dir(folder)
                .status();
            assert!(copied.unwrap().success());
        }
        folder.to_owned()
    }

    /// Leaves nothing behind; otherwise the folder stays, whatever happens.
    pub(crate) fn clean_up(mut self) {
        self.folder.disable_cleanup(false);
    }

    pub(crate) fn start_server(&mut self) {
        let server = self.process(&testbed::server_beside(program()));
        server.says("listening on http://");
        self.server = Some(server);
    }

    /// One worker more, that is ready.
    pub(crate) async fn start_worker(&mut self) {
        let before: HashSet<String> = self.worker_ids().await.into_iter().collect();
        let process = self.process(program());
        process.says("sending");
        let began = Instant::now();
        let mut looks = tokio::time::interval(LOOK);
        let id = loop {
            looks.tick().await;
            let now = self.worker_ids().await;
            if let Some(id) = now.into_iter().find(|id| !before.contains(id)) {
                break id;
            }
            assert!(began.elapsed() < PATIENCE, "a worker never showed itself");
        };
        self.workers.push(Worker { process, id });
    }

    async fn worker_ids(&self) -> Vec<String> {
        let session = Session::reach(&self.stores.database_url).await.unwrap();
        let ids = session.texts("SELECT id AS value FROM worker_process");
        ids.await.unwrap()
    }

    /// Makes it so many workers.
    pub(crate) async fn staff(&mut self, workers: usize) {
        while self.workers.len() > workers {
            let worker = self.workers.remove(0);
            assert!(worker.process.terminate().success());
        }
        while self.workers.len() < workers {
            self.start_worker().await;
        }
    }

    /// Returns when the server can serve.
    pub(crate) async fn is_ready(&self) {
        let began = Instant::now();
        let mut looks = tokio::time::interval(LOOK);
        while self.client.status("/readyz") != Ok(200) {
            assert!(began.elapsed() < PATIENCE, "the server is never ready");
            looks.tick().await;
        }
    }

    /// Starts a program whose log has a folder of its own.
    fn process(&mut self, program: &Path) -> Process {
        self.processes += 1;
        let name = program.file_name().unwrap().to_string_lossy();
        let log = format!("logs/{:03}-{name}", self.processes);
        let log = self.folder.path().join(log);
        fs::create_dir_all(&log).unwrap();
        let mut settings = self.settings.clone();
        settings.insert("LOG_DIR".to_owned(), log.display().to_string());
        Process::start(program, &settings, self.folder.path())
    }
}

/// The worker's binary.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_palomar-worker"))
}
