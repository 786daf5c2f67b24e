//! Where mail goes, and from whom.

use std::{fmt, ops::Deref};

use domain::address::Mailbox;

use super::{sources::Settings, values};
use crate::mail::server::SmtpServer;

/// An `SMTP_URL`. It may hold a password, so its `Debug` shows scheme, host and port only.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl(String);

impl SmtpUrl {
    /// Checks the whole of it. The message never repeats what may be a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        SmtpServer::from_url(text).map_err(|error| error.to_string())?;
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
        f.write_str(&values::without_secrets(&self.0))
    }
}

/// `MAIL_FROM`. With a real SMTP server its domain cannot be `localhost`: nobody could answer,
/// and most servers refuse it.
pub(super) fn read_sender(settings: &mut Settings) -> Option<String> {
    let leaves = settings.is_set("SMTP_URL");
    settings.required("MAIL_FROM", |text| {
        let mailbox = Mailbox::parse(text).map_err(|reason| {
            format!("“{text}” is not a sender such as Palomar <palomar@example.org>: {reason}")
        })?;
        let domain = mailbox.address().domain();
        if leaves && domain.eq_ignore_ascii_case("localhost") {
            return Err(format!(
                "“{text}” is not an address others can answer, and SMTP_URL sends mail out; \
                 set MAIL_FROM to an address of yours"
            ));
        }
        Ok(text.to_owned())
    })
}
