//! One SMTP server: where it is, how its line is protected and who we are to it.
//!
//! - [`url`]: reads all of it from one line of configuration.
//! - [`deadlines`]: how long each step may take.
//! - [`tls`]: which certificates are trusted.

pub mod deadlines;
pub mod tls;
pub mod url;

use std::fmt;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use secrecy::SecretString;

pub use self::deadlines::Deadlines;
pub use self::tls::TrustError;
pub use self::url::UrlError;

/// How the line to a server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Plaintext, wanted as such.
    None,
    /// `STARTTLS` where it is offered, whatever the certificate; a handshake that fails is an error, never a reason to
    /// go on in plaintext.
    Opportunistic,
    /// `STARTTLS` and a valid certificate, or no session.
    Required,
    /// TLS from the first byte and a valid certificate (RFC 8314).
    Implicit,
}

/// Which mechanism of `AUTH` is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AuthChoice {
    /// `PLAIN` where it is offered, otherwise `LOGIN`.
    #[default]
    Best,
    /// `PLAIN` only (RFC 4616).
    Plain,
    /// `LOGIN` only.
    Login,
    /// `XOAUTH2` only; the password is an access token.
    XOAuth2,
}

/// Who we are to a server. `Debug` doesn't show the password.
#[derive(Clone, Debug)]
pub struct Credentials {
    user: String,
    password: SecretString,
}

impl Credentials {
    /// Takes any text without NUL, which `AUTH PLAIN` uses as its separator.
    pub fn new(
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Result<Self, InvalidCredentials> {
        let (user, password) = (user.into(), password.into());
        if user.contains('\0') || password.contains('\0') || user.is_empty() || password.is_empty()
        {
            return Err(InvalidCredentials);
        }
        Ok(Self {
            user,
            password: password.into(),
        })
    }

    /// The user's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password or access token.
    pub fn password(&self) -> &SecretString {
        &self.password
    }
}

/// The user or the password is empty or contains NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("user and password must not be empty nor contain NUL")]
pub struct InvalidCredentials;

/// The name given in `EHLO`: a host name or an address literal, at most 255 octets, nothing that could end a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloName(String);

impl HelloName {
    /// Takes letters, digits, `-`, `.`, `_`, and `[`, `]`, `:` for address literals.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidHelloName> {
        let name = name.into();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
        if (1..=255).contains(&name.len()) && name.bytes().all(fits) {
            Ok(Self(name))
        } else {
            Err(InvalidHelloName)
        }
    }

    /// The address literal of RFC 5321 §4.1.3, for a host that has no name.
    pub(crate) fn literal(address: std::net::IpAddr) -> Self {
        match address {
            std::net::IpAddr::V4(address) => Self(format!("[{address}]")),
            std::net::IpAddr::V6(address) => Self(format!("[IPv6:{address}]")),
        }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text can't stand in `EHLO`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name for EHLO must be a host name or an address literal")]
pub struct InvalidHelloName;

/// Everything a session needs to know of its server. `Debug` and `Display` never show the password.
#[derive(Clone)]
pub struct SmtpServer {
    name: String,
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    auth: AuthChoice,
    hello_name: Option<HelloName>,
    deadlines: Deadlines,
    roots: RootCertStore,
    client_config: Arc<ClientConfig>,
}

impl SmtpServer {
    /// A server without credentials, named by its host and port.
    pub fn new(host: impl Into<String>, port: u16, tls: Tls) -> Self {
        let host = host.into();
        let roots = tls::public_roots();
        Self {
            name: format!("{host}:{port}"),
            host,
            port,
            tls,
            credentials: None,
            auth: AuthChoice::Best,
            hello_name: None,
            deadlines: Deadlines::default(),
            client_config: trust(tls, roots.clone()),
            roots,
        }
    }

    /// Reads `smtp://user:password@host:587?tls=required&auth=plain` or `smtps://…`; see [`url`].
    pub fn from_url(url: &str) -> Result<Self, UrlError> {
        url::parse(url)
    }

    /// Gives it the name by which campaigns and people call it.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Authenticates with these.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials, auth: AuthChoice) -> Self {
        self.credentials = Some(credentials);
        self.auth = auth;
        self
    }

    /// Says this name in `EHLO`; without it, the address of our own end of the connection.
    #[must_use]
    pub fn with_hello_name(mut self, name: HelloName) -> Self {
        self.hello_name = Some(name);
        self
    }

    /// Waits as long as this.
    #[must_use]
    pub fn with_deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// Trusts these roots too: a PEM text with one certificate or more.
    pub fn with_extra_roots(mut self, pem: &[u8]) -> Result<Self, TrustError> {
        tls::add_pem(&mut self.roots, pem)?;
        self.client_config = trust(self.tls, self.roots.clone());
        Ok(self)
    }

    /// The name by which campaigns and people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its host, as it was written.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How the line is protected.
    pub fn tls(&self) -> Tls {
        self.tls
    }

    /// Who we are to it, if it asks.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Which mechanism of `AUTH` is used.
    pub fn auth(&self) -> AuthChoice {
        self.auth
    }

    /// The name said in `EHLO`, where one was given.
    pub fn hello_name(&self) -> Option<&HelloName> {
        self.hello_name.as_ref()
    }

    /// How long each step may take.
    pub fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    /// What rustls needs: shared, so that TLS sessions can be resumed.
    pub(crate) fn client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.client_config)
    }
}

fn trust(tls: Tls, roots: RootCertStore) -> Arc<ClientConfig> {
    match tls {
        Tls::None | Tls::Opportunistic => tls::encrypting(),
        Tls::Required | Tls::Implicit => tls::verifying(roots),
    }
}

impl fmt::Display for SmtpServer {
    /// `smtp://host:port`, without user and password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls == Tls::Implicit {
            "smtps"
        } else {
            "smtp"
        };
        if self.host.contains(':') {
            write!(formatter, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SmtpServer")
            .field("name", &self.name)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("credentials", &self.credentials)
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}
