//! The stores a test works on, its own each: an SQLite file and the queue inside the process, or
//! a fresh database on a MySQL server and a prefix of its own in Redis.
//!
//! Which of the two says the environment, so that the same tests run on both:
//! `PALOMAR_TEST_DATABASE_URL`, a server whose user may create databases, together with
//! `PALOMAR_TEST_REDIS_URL`; neither set means SQLite. `scripts/test` starts both servers for the
//! tests; what tests leave in them goes away with them.
//!
//! A [`Process`] is a server or a worker as an operator runs it, [`Redis`] one that may come and go.
//! [`Client`] asks such a server, [`http`] likewise but in plain text, [`Session`] the database itself.

#![expect(
    clippy::missing_panics_doc,
    reason = "a test that has no stores fails here"
)]

mod client;
pub mod http;
mod process;
mod redis;
mod session;

use std::path::Path;

use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use tempfile::TempDir;
use url::Url;

pub use client::Client;
pub use process::{Process, Settings, run, server_beside, signal};
pub use redis::{Redis, free_address};
pub use session::{Lock, Session};

/// The servers that tests share.
#[derive(Clone, Debug)]
struct Servers {
    database: Url,
    redis: String,
}

impl Servers {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the servers are is a matter of whoever runs the tests"
    )]
    fn find() -> Option<Self> {
        let database = std::env::var("PALOMAR_TEST_DATABASE_URL").ok();
        let redis = std::env::var("PALOMAR_TEST_REDIS_URL").ok();
        match (database, redis) {
            (Some(database), Some(redis)) => Some(Self {
                database: database
                    .parse()
                    .expect("PALOMAR_TEST_DATABASE_URL must be a URL"),
                redis,
            }),
            (None, None) => None,
            _ => {
                panic!("set both PALOMAR_TEST_DATABASE_URL and PALOMAR_TEST_REDIS_URL, or neither")
            }
        }
    }
}

/// Whether tests run on MySQL and Redis.
pub fn is_distributed() -> bool {
    Servers::find().is_some()
}

/// The stores of one test, and a folder of its own.
#[derive(Debug)]
pub struct Stores {
    settings: Vec<(String, String)>,
    folder: TempDir,
}

impl Stores {
    /// Empty stores nobody else uses.
    pub async fn new() -> Self {
        let Some(servers) = Servers::find() else {
            return Self::embedded();
        };
        let name = format!("palomar_test_{:016x}", rand::random::<u64>());
        let url = create_database(&servers.database, &name).await;
        Self {
            settings: vec![
                setting("DATABASE_URL", url),
                setting("REDIS_URL", servers.redis),
                setting("REDIS_PREFIX", name),
            ],
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// An SQLite file, whatever the tests run on.
    pub fn embedded() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("palomar.db");
        let url = format!("sqlite://{}", file.display());
        Self {
            settings: vec![setting("DATABASE_URL", url)],
            folder,
        }
    }

    /// `DATABASE_URL`, and with Redis `REDIS_URL` and `REDIS_PREFIX`.
    pub fn settings(&self) -> impl Iterator<Item = (String, String)> {
        self.settings.clone().into_iter()
    }

    /// The database, for a look of the test's own.
    pub fn database_url(&self) -> &str {
        &self.settings[0].1
    }

    /// The place in Redis, where there is one: its URL and its prefix.
    pub fn redis(&self) -> Option<(&str, &str)> {
        match &self.settings[..] {
            [_, (_, url), (_, prefix)] => Some((url, prefix)),
            _ => None,
        }
    }

    /// A folder that goes away with the test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn setting(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// Makes a database on this server and returns its URL.
async fn create_database(server: &Url, name: &str) -> String {
    let mut options = ConnectOptions::new(server.as_str());
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options)
        .await
        .expect("PALOMAR_TEST_DATABASE_URL must be a server that answers");
    connection
        .execute_unprepared(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"))
        .await
        .expect("the user of PALOMAR_TEST_DATABASE_URL must be allowed to create databases");
    connection.close().await.expect("an orderly end");
    let mut url = server.clone();
    url.set_path(name);
    url.into()
}
