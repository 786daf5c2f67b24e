//! Where the server listens, and to whom.

use std::net::SocketAddr;

use super::{sources::Settings, values};

/// The least `BODY_LIMIT` and `IMPORT_LIMIT`: a small campaign fits.
const MIN_BODY_LIMIT: usize = 1 << 10;

/// Where the server listens, and to whom.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// `HTTP_BIND`.
    pub bind: SocketAddr,
    /// `LOCAL_MODE=published-on-loopback`.
    pub published_on_loopback: bool,
    /// `BODY_LIMIT`, in octets.
    pub body_limit: usize,
    /// `IMPORT_LIMIT`, in octets.
    pub import_limit: usize,
}

impl HttpConfig {
    pub(super) fn read(settings: &mut Settings) -> Option<Self> {
        let published = settings.optional("LOCAL_MODE", |text| match text {
            "published-on-loopback" => Ok(true),
            _ => Err(format!(
                "“{text}” is not known; only published-on-loopback is"
            )),
        });
        let bind = settings.required("HTTP_BIND", |text| {
            text.parse().map_err(|_| {
                format!("“{text}” is not an address and a port such as 127.0.0.1:3000")
            })
        });
        let limit = |text: &str| match values::size(text)? {
            size if size < MIN_BODY_LIMIT => Err("must be at least 1KiB".to_owned()),
            size => Ok(size),
        };
        let body_limit = settings.required("BODY_LIMIT", limit);
        let import_limit = settings.required("IMPORT_LIMIT", limit);
        let config = Self {
            bind: bind?,
            published_on_loopback: published.unwrap_or(false),
            body_limit: body_limit?,
            import_limit: import_limit?,
        };
        if !config.bind.ip().is_loopback() && !config.published_on_loopback {
            settings.fault(format!(
                "HTTP_BIND: {} can be reached from other machines, and this version has no \
                 accounts to tell who may come in; use a loopback address such as 127.0.0.1:3000 \
                 (or LOCAL_MODE=published-on-loopback in a container whose port is published on \
                 the host's loopback only)",
                config.bind
            ));
        }
        Some(config)
    }
}
