//! What can be set, and to what it is set.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// The whole configuration, read once at start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens, and to whom.
    pub http: HttpConfig,
    /// `DATABASE_URL`: `sqlite://…` here; `mysql://…` with the distributed size.
    pub database_url: String,
    /// `SMTP_URL`; none means the built-in catcher.
    pub smtp_url: Option<String>,
    /// `MAIL_FROM`, as written: the sender of campaigns that name none.
    pub mail_from: String,
    /// How it delivers.
    pub delivery: DeliveryConfig,
    /// Where and how it logs.
    pub log: LogConfig,
}

/// Where the server listens, and to whom.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// `HTTP_BIND`.
    pub bind: SocketAddr,
    /// `LOCAL_MODE=published-on-loopback`.
    pub published_on_loopback: bool,
    /// `BODY_LIMIT`, in octets.
    pub body_limit: usize,
}

/// How messages are delivered.
#[derive(Clone, Debug)]
pub struct DeliveryConfig {
    /// `WORKER_CONCURRENCY`: connections, so messages in flight at once.
    pub concurrency: u32,
    /// `DELIVERY_WINDOW`: recipients in SENDING at once; 2 × connections when not set.
    pub window: u32,
    /// `DELIVERY_LEASE`.
    pub lease: Duration,
    /// `RETRY_SCHEDULE`: how long to wait before each further attempt.
    pub retry_schedule: Vec<Duration>,
    /// `DRAIN_DEADLINE`: how long a stop waits for dialogues to end.
    pub drain_deadline: Duration,
}

/// Where and how the process logs.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// `LOG_DIR`.
    pub directory: PathBuf,
    /// `LOG_FORMAT`.
    pub format: LogFormat,
    /// `RUST_LOG`.
    pub filter: String,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}
