//! What can be set, and to what it is set.
//!
//! `default.toml` is the list of keys, their defaults and the manual at once. Environment
//! variables beat `palomar.toml`, which beats the defaults; `sources` brings the three
//! together, and each section reads its keys out of them. Every fault is collected, so that
//! a person mends them all in one go.
//!
//! To add a key: say it in `default.toml`, name it in `sources::KEYS`, and read it in the
//! section it belongs to.

mod database;
mod delivery;
mod http;
mod limit;
mod log;
mod mail;
mod queue;
mod sources;
#[cfg(test)]
mod tests;
mod values;

use std::fmt;

pub use database::DatabaseUrl;
pub use delivery::{DeliveryConfig, Uncertain};
pub use http::HttpConfig;
pub use limit::{Limit, Period};
pub use log::{LogConfig, LogFormat};
pub use mail::{DEFAULT_SERVER, SmtpConfig, SmtpUrl};
pub use queue::RedisConfig;
use sources::Settings;

/// The defaults, with a comment on every key.
pub const DEFAULTS: &str = include_str!("default.toml");

/// The whole configuration, read once at start. Its `Debug` shows no password.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens, and to whom.
    pub http: HttpConfig,
    /// `DATABASE_URL`: `sqlite://…`, or `mysql://…` for several processes.
    pub database_url: DatabaseUrl,
    /// `REDIS_URL`; none means that queue and worker are inside the process.
    pub redis: Option<RedisConfig>,
    /// `SMTP_URL` and every `[[smtp]]`, the default one first; none means the built-in catcher.
    pub smtp: Vec<SmtpConfig>,
    /// `MAIL_FROM`, as written: the sender of campaigns that name none.
    pub mail_from: String,
    /// How it delivers.
    pub delivery: DeliveryConfig,
    /// Where and how it logs.
    pub log: LogConfig,
}

impl Config {
    /// Reads the process's environment and `palomar.toml`. Fails naming every fault there is.
    pub fn load() -> Result<Self, ConfigError> {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((
                    name.into_string().ok()?,
                    value.to_string_lossy().into_owned(),
                ))
            })
            .collect();
        let file = sources::find_file(&environment)?;
        Self::from_sources(environment.into_iter(), file.as_deref())
    }

    /// The same, for a worker process: it needs a queue that others ring in.
    pub fn for_worker(self) -> Result<Self, ConfigError> {
        if self.redis.is_some() {
            return Ok(self);
        }
        let fault = "REDIS_URL: is not set, and a worker of its own hears nothing without it; \
                     the server sends by itself then";
        Err(ConfigError {
            faults: vec![fault.to_owned()],
        })
    }

    /// The configuration that these variables and this `palomar.toml` make. It looks at nothing
    /// else but the files that a `…_FILE` setting points at. Fails naming every fault there is.
    pub fn from_sources(
        environment: impl Iterator<Item = (String, String)>,
        file: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let mut settings = Settings::collect(environment, file);
        let http = HttpConfig::read(&mut settings);
        let database_url = settings.required("DATABASE_URL", DatabaseUrl::parse);
        let leaves = settings.has_smtp();
        let redis = RedisConfig::read(&mut settings);
        let smtp = mail::read_servers(&mut settings);
        let mail_from = mail::read_sender(&mut settings, leaves);
        let delivery = DeliveryConfig::read(&mut settings, &smtp);
        let log = LogConfig::read(&mut settings);

        let faults = settings.into_faults();
        let config = (|| {
            Some(Self {
                http: http?,
                database_url: database_url?,
                redis,
                smtp,
                mail_from: mail_from?,
                delivery: delivery?,
                log: log?,
            })
        })();
        config
            .filter(|_| faults.is_empty())
            .ok_or(ConfigError { faults })
    }
}

/// Why the process cannot start as it is set up: every fault, each a sentence that names its
/// key and never repeats a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// What is wrong, one sentence each.
    pub faults: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not right:")?;
        for fault in &self.faults {
            write!(f, "\n  - {fault}")?;
        }
        Ok(())
    }
}
