//! What a [`Catcher`](crate::Catcher) is told before it starts.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use smtp_proto::{
    EXT_8BIT_MIME, EXT_ENHANCED_STATUS_CODES, EXT_PIPELINING, EXT_SIZE, EXT_SMTP_UTF8,
};

/// Where the time comes from: milliseconds since the Unix epoch.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How a connection becomes encrypted.
#[derive(Debug, Clone)]
pub enum Tls {
    /// Plain at first; STARTTLS is offered (RFC 3207).
    StartTls(Arc<ServerConfig>),
    /// Encrypted from the first byte (RFC 8314).
    Implicit(Arc<ServerConfig>),
}

/// Who may come in. Each mechanism is offered, and each checks against these.
#[derive(Clone)]
pub struct Credentials {
    /// The user's name, for PLAIN, LOGIN and XOAUTH2.
    pub user: String,
    /// The password, for PLAIN and LOGIN.
    pub password: String,
    /// The access token, for XOAUTH2; `None` refuses every token.
    pub token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Everything a catcher can be told. The default suits a person at their own machine: a free port of the loopback
/// interface, every extension offered, no TLS, no authentication, the last 1,000 messages kept.
#[derive(Clone)]
pub struct Options {
    pub(crate) bind: SocketAddr,
    pub(crate) hostname: String,
    pub(crate) keep: usize,
    pub(crate) keep_bytes: usize,
    pub(crate) max_size: usize,
    pub(crate) max_messages: Option<u64>,
    pub(crate) delay: Duration,
    pub(crate) idle_limit: Duration,
    pub(crate) tls: Option<Tls>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) require_auth: bool,
    /// What is offered, as the protocol crate's `EXT_` bits.
    pub(crate) extensions: u32,
    pub(crate) now: Now,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: (Ipv4Addr::LOCALHOST, 0).into(),
            hostname: "catcher.localhost".to_owned(),
            keep: 1_000,
            keep_bytes: 64 * 1024 * 1024,
            max_size: 32 * 1024 * 1024,
            max_messages: None,
            delay: Duration::ZERO,
            idle_limit: Duration::from_mins(5),
            tls: None,
            credentials: None,
            require_auth: false,
            extensions: EXT_PIPELINING
                | EXT_8BIT_MIME
                | EXT_SMTP_UTF8
                | EXT_SIZE
                | EXT_ENHANCED_STATUS_CODES,
            now: Arc::new(system_now),
        }
    }
}

impl Options {
    /// Listens on this address; port 0 takes a free one.
    #[must_use]
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.bind = address;
        self
    }

    /// Calls itself this in the greeting and in the answer to EHLO.
    #[must_use]
    pub fn hostname(mut self, hostname: impl Into<String>) -> Self {
        self.hostname = hostname.into();
        self
    }

    /// Keeps the last `messages` whole; 0 only counts.
    #[must_use]
    pub fn keep(mut self, messages: usize) -> Self {
        self.keep = messages;
        self
    }

    /// Keeps at most this many bytes of messages, whatever their number; a larger message is counted, not kept.
    #[must_use]
    pub fn keep_bytes(mut self, bytes: usize) -> Self {
        self.keep_bytes = bytes;
        self
    }

    /// Refuses messages of more bytes than this, and announces it (RFC 1870).
    #[must_use]
    pub fn max_size(mut self, bytes: usize) -> Self {
        self.max_size = bytes;
        self
    }

    /// Answers 421 and closes when a connection begins another message after this many.
    #[must_use]
    pub fn max_messages(mut self, messages: u64) -> Self {
        self.max_messages = Some(messages);
        self
    }

    /// Waits this long before the reply to every message.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Answers 421 and closes when a client has been silent, or has not read, for this long.
    #[must_use]
    pub fn idle_limit(mut self, limit: Duration) -> Self {
        self.idle_limit = limit;
        self
    }

    /// Encrypts connections.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Offers AUTH (RFC 4954) with PLAIN, LOGIN and XOAUTH2, on plain connections too.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Refuses MAIL with `530 5.7.0` until the client has authenticated; without credentials that is for ever.
    #[must_use]
    pub fn require_auth(mut self) -> Self {
        self.require_auth = true;
        self
    }

    /// Does not offer PIPELINING (RFC 2920); a client that sends ahead all the same is told `503 5.5.0` and closed.
    #[must_use]
    pub fn without_pipelining(mut self) -> Self {
        self.extensions &= !EXT_PIPELINING;
        self
    }

    /// Does not offer 8BITMIME (RFC 6152); a client that asks for it is told `555 5.5.4`.
    #[must_use]
    pub fn without_8bitmime(mut self) -> Self {
        self.extensions &= !EXT_8BIT_MIME;
        self
    }

    /// Does not offer SMTPUTF8 (RFC 6531); a client that asks for it is told `555 5.5.4`.
    #[must_use]
    pub fn without_smtputf8(mut self) -> Self {
        self.extensions &= !EXT_SMTP_UTF8;
        self
    }

    /// Takes the time from `now`: milliseconds since the Unix epoch.
    #[must_use]
    pub fn now(mut self, now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        self.now = Arc::new(now);
        self
    }

    /// Whether the extension of this `EXT_` bit is offered.
    pub(crate) fn offers(&self, extension: u32) -> bool {
        self.extensions & extension != 0
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the catcher stands alone, so the default of its own clock is here; whoever has another passes it"
)]
fn system_now() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |elapsed| {
            i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
        })
}
