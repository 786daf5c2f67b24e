//! An address with a display name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use super::characters::{is_atom_character, is_invisible, trim_noise};
use super::quotes::{end_of_quotes_at, unescaped};
use super::{AddressError, AddressRef, EmailAddress};

/// An address and perhaps the name to show with it (RFC 5322's `mailbox`).
///
/// The name is one line of text without control characters. Its text form, which is also how it serialises, reads
/// back as the same mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Mailbox {
    name: Option<String>,
    address: EmailAddress,
}

impl Mailbox {
    /// Joins a name to an address. Line breaks and other control characters in the name become spaces; a name of
    /// nothing else is none.
    pub fn new(name: Option<&str>, address: EmailAddress) -> Self {
        Self {
            name: name.and_then(tidy_name),
            address,
        }
    }

    /// Reads `Name <address>`, `"Quoted, Name" <address>`, `<address>` or a bare address. Spaces around the parts
    /// are ignored.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let mailbox = MailboxRef::parse(text)?;
        Ok(Self {
            name: mailbox.name(),
            address: EmailAddress::from(&mailbox.address),
        })
    }

    /// The name without quotes or escapes.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address.
    pub fn address(&self) -> &EmailAddress {
        &self.address
    }
}

/// A parsed mailbox that borrows its text.
#[derive(Debug)]
pub(crate) struct MailboxRef<'t> {
    /// With its quotes and escapes, perhaps empty.
    phrase: &'t str,
    pub(crate) address: AddressRef<'t>,
}

impl<'t> MailboxRef<'t> {
    /// See [`Mailbox::parse`].
    pub(crate) fn parse(text: &'t str) -> Result<Self, AddressError> {
        let text = trim_noise(text);
        let Some(open) = find_bracket(text) else {
            return Ok(Self {
                phrase: "",
                address: AddressRef::parse(text)?,
            });
        };
        let rest = &text[open + 1..];
        let inner = match rest.strip_suffix('>') {
            Some(inner) => trim_noise(inner),
            None if rest.contains('>') => return Err(AddressError::TextAfterBracket),
            None => return Err(AddressError::OpenBracket),
        };
        if inner.is_empty() {
            return Err(AddressError::EmptyBrackets);
        }
        Ok(Self {
            phrase: &text[..open],
            address: AddressRef::parse(inner)?,
        })
    }

    /// See [`Mailbox::name`].
    pub(crate) fn name(&self) -> Option<String> {
        if self.phrase.is_empty() {
            return None;
        }
        let mut name = String::with_capacity(self.phrase.len());
        let mut index = 0;
        while let Some(character) = self.phrase[index..].chars().next() {
            let end = if character == '"' {
                end_of_quotes_at(self.phrase, index)
            } else {
                None
            };
            if let Some(end) = end {
                name.extend(unescaped(&self.phrase[index + 1..end - 1]));
            } else {
                name.push(character);
            }
            index = end.unwrap_or(index + character.len_utf8());
        }
        tidy_name(&name)
    }
}

/// The first `<` outside quotes.
fn find_bracket(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        index = match bytes[index] {
            b'<' => return Some(index),
            b'"' => end_of_quotes_at(text, index).unwrap_or(index + 1),
            _ => index + 1,
        };
    }
    None
}

/// The name as one line: runs of spaces, control and invisible characters become one space, none at the ends.
pub(crate) fn tidy_name(name: &str) -> Option<String> {
    let gap = |character: char| {
        character.is_whitespace() || character.is_control() || is_invisible(character)
    };
    let mut tidy = String::with_capacity(name.len());
    for word in name.split(gap).filter(|word| !word.is_empty()) {
        if !tidy.is_empty() {
            tidy.push(' ');
        }
        tidy.push_str(word);
    }
    (!tidy.is_empty()).then_some(tidy)
}

impl fmt::Display for Mailbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(name) = &self.name else {
            return self.address.fmt(formatter);
        };
        if name
            .chars()
            .all(|character| character == ' ' || is_atom_character(character))
        {
            return write!(formatter, "{name} <{}>", self.address);
        }
        let escaped = name.replace('\\', r"\\").replace('"', r#"\""#);
        write!(formatter, "\"{escaped}\" <{}>", self.address)
    }
}

impl From<EmailAddress> for Mailbox {
    fn from(address: EmailAddress) -> Self {
        Self {
            name: None,
            address,
        }
    }
}

impl FromStr for Mailbox {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Mailbox {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl Serialize for Mailbox {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
