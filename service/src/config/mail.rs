//! Where mail goes, and from whom.

use std::{fmt, ops::Deref};

use lettre::message::Mailbox;
use url::Url;

use super::sources::Settings;

/// An `SMTP_URL`. It may hold a password, so its `Debug` shows scheme, host and port only.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl(String);

impl SmtpUrl {
    /// Checks scheme and host. The message never repeats what may be a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text)
            .map_err(|_| "is not a URL such as smtp://mail.example.org:587".to_owned())?;
        if !matches!(url.scheme(), "smtp" | "smtps") {
            return Err(format!(
                "begins with {}://, but must begin with smtp:// or smtps://",
                url.scheme()
            ));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("names no host".to_owned());
        }
        Ok(Self(text.to_owned()))
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
        let Ok(url) = Url::parse(&self.0) else {
            return f.write_str("(unreadable)");
        };
        write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or("?"))?;
        match url.port() {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// `MAIL_FROM`. With a real SMTP server its domain cannot be `localhost`: nobody could answer,
/// and most servers refuse it.
pub(super) fn read_sender(settings: &mut Settings) -> Option<String> {
    let leaves = settings.is_set("SMTP_URL");
    settings.required("MAIL_FROM", |text| {
        let mailbox: Mailbox = text.parse().map_err(|_| {
            format!("“{text}” is not a sender such as Palomar <palomar@example.org>")
        })?;
        let domain = mailbox.email.domain();
        if leaves && domain.eq_ignore_ascii_case("localhost") {
            return Err(format!(
                "“{text}” is not an address others can answer, and SMTP_URL sends mail out; \
                 set MAIL_FROM to an address of yours"
            ));
        }
        Ok(text.to_owned())
    })
}
