//! The queue between processes.

use std::fmt;

use redis::IntoConnectionInfo;

use super::{sources::Settings, values};

/// A prefix this long is a mistake.
const LONGEST_PREFIX: usize = 64;

/// The Redis that bells are rung in. Its `Debug` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// `REDIS_URL`.
    pub url: String,
    /// `REDIS_PREFIX`: every key begins with it.
    pub prefix: String,
}

impl RedisConfig {
    /// None when `REDIS_URL` is not set: the queue is inside the process then.
    pub(super) fn read(settings: &mut Settings) -> Option<Self> {
        let prefix = settings.required("REDIS_PREFIX", prefix);
        let url = settings.optional("REDIS_URL", url);
        if settings.is_set("REDIS_URL") {
            check_company(settings);
        }
        Some(Self {
            url: url?,
            prefix: prefix?,
        })
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("url", &values::without_secrets(&self.url))
            .field("prefix", &self.prefix)
            .finish()
    }
}

/// With Redis the parts are processes of their own, so what is inside one process cannot be
/// shared between them.
fn check_company(settings: &mut Settings) {
    let sqlite = settings
        .text("DATABASE_URL")
        .is_some_and(|url| url.starts_with("sqlite:"));
    if sqlite {
        settings.fault(
            "REDIS_URL: cannot go with an SQLite database, which only one process may use; set \
             DATABASE_URL to mysql://user:password@host:3306/palomar, or leave REDIS_URL out"
                .to_owned(),
        );
    }
    if !settings.has_smtp() {
        settings.fault(
            "REDIS_URL: workers of their own need an SMTP server they can all reach; set SMTP_URL \
             (the built-in catcher is inside the server's process)"
                .to_owned(),
        );
    }
}

/// The message never repeats the URL: it may hold a password.
fn url(text: &str) -> Result<String, String> {
    let known = ["redis://", "rediss://"];
    if !known.iter().any(|scheme| text.starts_with(scheme)) {
        return Err("does not begin with redis:// (or rediss:// for TLS)".to_owned());
    }
    match text.into_connection_info() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("is not a URL such as redis://127.0.0.1:6379".to_owned()),
    }
}

fn prefix(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.len() > LONGEST_PREFIX || !text.chars().all(is_plain) {
        return Err(format!(
            "“{text}” is not a short name of letters, digits, “-”, “_” and “.”"
        ));
    }
    Ok(text.to_owned())
}
