//! Where mail goes, and from whom.

use std::{collections::BTreeSet, fmt, ops::Deref, time::Duration};

use domain::address::Mailbox;
use serde::Deserialize;

use super::{Limit, sources::Settings, values};
use crate::mail::server::{Deadlines, SmtpServer};

/// The name of the server that `SMTP_URL` sets up.
pub const DEFAULT_SERVER: &str = "default";
/// A connection nobody used for so long is said goodbye to; servers close them soon after.
const IDLE: Duration = Duration::from_secs(30);

/// An `SMTP_URL`. It may hold a password, so its `Debug` shows scheme, host and port only.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl(String);

impl SmtpUrl {
    /// Checks the whole of it. The message never repeats what may be a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        SmtpServer::from_url(text).map_err(|error| error.to_string())?;
        Ok(Self(text.to_owned()))
    }

    /// Where the built-in catcher listens.
    pub(crate) fn of_catcher(address: std::net::SocketAddr) -> Self {
        Self(format!("smtp://{address}?tls=none"))
    }
}

impl Deref for SmtpUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&values::without_secrets(&self.0))
    }
}

/// One SMTP server and what it asks of us.
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    /// By which campaigns and people call it.
    pub name: String,
    /// Where it is, and who we are to it.
    pub url: SmtpUrl,
    /// The domains of the senders it takes, their subdomains too; every sender's when empty.
    pub from_domains: Vec<String>,
    /// Connections of each worker to it; as many as `WORKER_CONCURRENCY` when not set.
    pub connections: Option<u32>,
    /// Messages over one connection; many relays close it after some.
    pub max_messages: Option<u64>,
    /// How long a connection is kept that nobody uses.
    pub idle: Duration,
    /// All of them are kept.
    pub limits: Vec<Limit>,
    /// The server that takes over while this one is away.
    pub fallback: Option<String>,
    /// How long each step of a dialogue may take.
    pub deadlines: Deadlines,
}

impl SmtpConfig {
    /// A server of which nothing is known but where it is.
    pub fn at(name: &str, url: SmtpUrl) -> Self {
        Self {
            name: name.to_owned(),
            url,
            from_domains: Vec::new(),
            connections: None,
            max_messages: None,
            idle: IDLE,
            limits: Vec::new(),
            fallback: None,
            deadlines: Deadlines::default(),
        }
    }

    /// Whether it takes mail from this domain.
    pub fn sends_for(&self, domain: &str) -> bool {
        self.from_domains.is_empty() || self.names(domain)
    }

    /// Whether it is there for this domain.
    pub fn names(&self, domain: &str) -> bool {
        let domain = domain.to_ascii_lowercase();
        self.from_domains.iter().any(|named| {
            domain
                .strip_suffix(named.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

/// An entry of `[[smtp]]`, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    url: Option<String>,
    url_file: Option<String>,
    #[serde(default)]
    from_domains: Vec<String>,
    connections: Option<u32>,
    max_messages: Option<u64>,
    idle: Option<String>,
    #[serde(default)]
    limits: Vec<String>,
    fallback: Option<String>,
    #[serde(default)]
    deadlines: DeadlinesEntry,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DeadlinesEntry {
    connect: Option<String>,
    greeting: Option<String>,
    hello: Option<String>,
    mail: Option<String>,
    rcpt: Option<String>,
    data: Option<String>,
    content: Option<String>,
    dot: Option<String>,
}

/// Reads `SMTP_URL` and every `[[smtp]]`. The first is the default one; `SMTP_URL` stands for the
/// entry that is called `default`, or for one before all others.
pub(super) fn read_servers(settings: &mut Settings) -> Vec<SmtpConfig> {
    let url = settings.optional("SMTP_URL", SmtpUrl::parse);
    let mut servers: Vec<SmtpConfig> = Vec::new();
    for (number, entry) in (1..).zip(settings.take_smtp()) {
        let read = entry
            .try_into::<Entry>()
            .map_err(|error| vec![error.message().to_owned()])
            .and_then(read_entry);
        match read {
            Ok(server) => servers.push(server),
            Err(faults) => {
                for fault in faults {
                    settings.fault(format!("[[smtp]] number {number}: {fault}"));
                }
            }
        }
    }
    if let Some(url) = url {
        match servers.iter_mut().find(|s| s.name == DEFAULT_SERVER) {
            Some(server) => server.url = url,
            None => servers.insert(0, SmtpConfig::at(DEFAULT_SERVER, url)),
        }
    }
    check_together(settings, &servers);
    servers
}

fn read_entry(entry: Entry) -> Result<SmtpConfig, Vec<String>> {
    let mut faults = Vec::new();
    let mut keep = |key: &str, fault: String| faults.push(format!("{key}: {fault}"));
    if entry.name.is_empty() || entry.name.len() > 64 || entry.name.chars().any(char::is_control) {
        keep("name", "must be a short name".to_owned());
    }
    let url = match (entry.url, entry.url_file) {
        (Some(url), None) => Ok(url),
        (None, Some(path)) => std::fs::read_to_string(&path)
            .map(|text| text.trim().to_owned())
            .map_err(|error| format!("cannot read {path}: {error}")),
        _ => Err("set url or url_file".to_owned()),
    };
    let url = url.and_then(|url| SmtpUrl::parse(&url));
    let url = url.map_err(|fault| keep("url", fault)).ok();
    let limits = entry.limits.iter().filter_map(|text| {
        let limit = text.parse::<Limit>();
        limit.map_err(|fault| keep("limits", fault)).ok()
    });
    let limits = limits.collect();
    let mut duration = |key: &str, text: Option<String>, default| match text {
        None => default,
        Some(text) => values::duration(&text).unwrap_or_else(|fault| {
            keep(key, fault);
            default
        }),
    };
    let idle = duration("idle", entry.idle, IDLE);
    let (written, usual) = (entry.deadlines, Deadlines::default());
    let deadlines = Deadlines {
        connect: duration("deadlines.connect", written.connect, usual.connect),
        greeting: duration("deadlines.greeting", written.greeting, usual.greeting),
        hello: duration("deadlines.hello", written.hello, usual.hello),
        mail: duration("deadlines.mail", written.mail, usual.mail),
        rcpt: duration("deadlines.rcpt", written.rcpt, usual.rcpt),
        data: duration("deadlines.data", written.data, usual.data),
        content: duration("deadlines.content", written.content, usual.content),
        dot: duration("deadlines.dot", written.dot, usual.dot),
        quit: usual.quit,
    };
    for (key, number) in [
        ("connections", entry.connections.map(u64::from)),
        ("max_messages", entry.max_messages),
    ] {
        if number == Some(0) {
            keep(key, "must be at least 1".to_owned());
        }
    }
    let Some(url) = url.filter(|_| faults.is_empty()) else {
        return Err(faults);
    };
    let lower = |domain: String| domain.trim_start_matches('@').to_ascii_lowercase();
    Ok(SmtpConfig {
        name: entry.name,
        url,
        from_domains: entry.from_domains.into_iter().map(lower).collect(),
        connections: entry.connections,
        max_messages: entry.max_messages,
        idle,
        limits,
        fallback: entry.fallback,
        deadlines,
    })
}

/// What is wrong with the servers beside each other.
fn check_together(settings: &mut Settings, servers: &[SmtpConfig]) {
    let mut names = BTreeSet::new();
    for server in servers {
        if !names.insert(server.name.as_str()) {
            settings.fault(format!("[[smtp]]: two are called {}", server.name));
        }
        let mut limits = BTreeSet::new();
        for limit in &server.limits {
            if !limits.insert(limit.period) {
                settings.fault(format!(
                    "[[smtp]] {}: two limits are for the same time as {limit}",
                    server.name
                ));
            }
        }
        if let Some(fallback) = &server.fallback
            && (fallback == &server.name || servers.iter().all(|other| &other.name != fallback))
        {
            settings.fault(format!(
                "[[smtp]] {}: fallback: there is no other server called {fallback}",
                server.name
            ));
        }
    }
}

/// `MAIL_FROM`. With a real SMTP server its domain cannot be `localhost`: nobody could answer,
/// and most servers refuse it.
pub(super) fn read_sender(settings: &mut Settings, leaves: bool) -> Option<String> {
    settings.required("MAIL_FROM", |text| {
        let mailbox = Mailbox::parse(text).map_err(|reason| {
            format!("“{text}” is not a sender such as Palomar <palomar@example.org>: {reason}")
        })?;
        let domain = mailbox.address().domain();
        if leaves && domain.eq_ignore_ascii_case("localhost") {
            return Err(format!(
                "“{text}” is not an address others can answer, and mail goes out by SMTP; \
                 set MAIL_FROM to an address of yours"
            ));
        }
        Ok(text.to_owned())
    })
}
