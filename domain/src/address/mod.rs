//! E-mail addresses: what counts as one, how it is written on the wire, and when two are the same.
//!
//! | module | holds |
//! |---|---|
//! | `characters` | which characters may stand where |
//! | `quotes` | quoted strings |
//! | `syntax` | the grammar: RFC 5321 and 6531 for the local part, UTS 46 for the domain |
//! | `error` | why a text is no address, in words for people |
//! | `mailbox` | an address with a display name |
//!
//! The grammar is our own because a list is only as good as its reasons, and because the crates for it refuse
//! addresses that are valid: quoted local parts with letters beyond ASCII, Indic local parts, escaped spaces.
//! The tests hold it against one of them where both should agree.

pub(crate) mod characters;
mod error;
mod mailbox;
pub(crate) mod quotes;
mod syntax;

pub use error::AddressError;
pub use mailbox::Mailbox;
pub(crate) use mailbox::{MailboxRef, tidy_name};
pub(crate) use syntax::AddressRef;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

/// An address that can be sent to: it keeps RFC 5321's grammar and limits, its domain has a form on the wire, and
/// it holds no control character, so it can stand in an SMTP command and in a header as it is.
///
/// Kept as first written; equality is that of the text. Compare [`EmailAddress::key`] to ask whether two addresses
/// reach the same mailbox. Serialises as the text and parses it again when read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct EmailAddress {
    written: String,
    /// Where the `@` between the two parts stands.
    at: usize,
    /// Only when it differs from the domain as written.
    ascii_domain: Option<String>,
}

impl EmailAddress {
    /// Accepts exactly one address and nothing around it: no spaces, no display name, no angle brackets.
    ///
    /// Plus tags, quoted local parts, international local parts (RFC 6531) and international domains (UTS 46) are
    /// fine; IP literals are not. The only domain without a dot is `localhost`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        AddressRef::parse(text).map(|address| Self::from(&address))
    }

    /// The address exactly as it was given.
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// The part before the `@` as written, with its quotes where it has them.
    pub fn local_part(&self) -> &str {
        &self.written[..self.at]
    }

    /// The part after the `@` as written, perhaps in capitals or beyond ASCII.
    pub fn domain(&self) -> &str {
        &self.written[self.at + 1..]
    }

    /// The domain in the form DNS and SMTP use: lower case, international labels in punycode, at most 253 octets.
    pub fn ascii_domain(&self) -> &str {
        self.ascii_domain.as_deref().unwrap_or(self.domain())
    }

    /// The address as it goes into `RCPT TO`: the local part as written, the domain in ASCII, at most 254 octets.
    ///
    /// It is ASCII unless [`EmailAddress::needs_smtp_utf8`].
    pub fn wire(&self) -> Cow<'_, str> {
        match &self.ascii_domain {
            None => Cow::Borrowed(&self.written),
            Some(domain) => Cow::Owned(format!("{}@{domain}", self.local_part())),
        }
    }

    /// Whether only a server that offers SMTPUTF8 (RFC 6531) can take it: its local part is beyond ASCII.
    pub fn needs_smtp_utf8(&self) -> bool {
        !self.local_part().is_ascii()
    }

    /// The same text for every way of writing one mailbox, at most 254 characters: domain in ASCII, local part in
    /// lower case, without quotes it doesn't need.
    ///
    /// RFC 5321 lets a host tell `Ana` from `ana`; hosts that do are not met in practice, people who write their
    /// address both ways are. Plus tags stay: they are for the owner to interpret.
    pub fn key(&self) -> String {
        self.borrow_parts().key().into_owned()
    }

    /// Enough to recognise a case in a log without keeping a person's address there: `a…@example.org`.
    pub fn masked(&self) -> String {
        let first = self.local_part().chars().next().unwrap_or_default();
        format!("{first}…@{}", self.ascii_domain())
    }

    fn borrow_parts(&self) -> AddressRef<'_> {
        AddressRef {
            written: &self.written,
            at: self.at,
            ascii_domain: Cow::Borrowed(self.ascii_domain()),
        }
    }
}

impl From<&AddressRef<'_>> for EmailAddress {
    fn from(address: &AddressRef<'_>) -> Self {
        Self {
            written: address.written.to_owned(),
            at: address.at,
            ascii_domain: (address.ascii_domain != address.domain())
                .then(|| address.ascii_domain.clone().into_owned()),
        }
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}
