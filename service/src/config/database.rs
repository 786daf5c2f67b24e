//! Where things are kept.

use std::{fmt, ops::Deref, str::FromStr};

use sea_orm::sqlx::mysql::MySqlConnectOptions;
use url::Url;

use super::values;

/// What may stand behind the `?` of a `mysql://` URL. A driver that passed over the others in
/// silence would leave a person believing that they do something.
const MYSQL_OPTIONS: [&str; 6] = [
    "ssl-mode",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "socket",
    "statement-cache-capacity",
];

/// A `DATABASE_URL`. It may hold a password, so its `Debug` shows where, not who.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Checks the whole of it. The message never repeats what may be a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(file) = text.strip_prefix("sqlite://") {
            if file.is_empty() {
                return Err("names no file; write sqlite://data/palomar.db, for example".to_owned());
            }
        } else if text.starts_with("mysql://") {
            check_mysql(text)?;
        } else {
            return Err(
                "begins with neither sqlite:// nor mysql://, as in sqlite://data/palomar.db or \
                 mysql://user:password@host:3306/palomar"
                    .to_owned(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

impl Deref for DatabaseUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.starts_with("sqlite:") {
            return f.write_str(&self.0);
        }
        f.write_str(&values::without_secrets(&self.0))
    }
}

fn check_mysql(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|_| {
        "is not a URL such as mysql://user:password@host:3306/palomar; a password with special \
         characters must be percent-encoded"
            .to_owned()
    })?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err("names no host".to_owned());
    }
    let database = url.path().trim_start_matches('/');
    if database.is_empty() || database.contains('/') {
        return Err("names no database; write it behind the host, as in …@host/palomar".to_owned());
    }
    for (option, _) in url.query_pairs() {
        if !MYSQL_OPTIONS.contains(&&*option) {
            return Err(format!(
                "has the option “{option}”; only {} are known",
                MYSQL_OPTIONS.join(", ")
            ));
        }
    }
    MySqlConnectOptions::from_str(text)
        .map(drop)
        .map_err(|_| "has an option whose value cannot be used".to_owned())
}
