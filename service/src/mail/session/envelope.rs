//! Who sends to whom, and what became of the question.

use std::{fmt, sync::Arc};

use domain::smtp_reply::{SmtpPhase, SmtpReply};

use super::capabilities::Capabilities;
use super::failure::Cause;

/// An address as it stands between `<` and `>` in an envelope: within the limits of RFC 5321 §4.5.3.1, and nothing in
/// it can end the path or the line. A clone copies nothing. `Debug` shows the domain only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EnvelopeAddress(Arc<str>);

impl EnvelopeAddress {
    /// Takes `local@domain` of at most 64 and 255 octets, 254 together. Only a quoted local part may hold what
    /// separates or quotes.
    pub fn new(address: impl Into<Arc<str>>) -> Result<Self, InvalidAddress> {
        let address = address.into();
        let (local, domain) = address.rsplit_once('@').ok_or(InvalidAddress)?;
        let bounded = address.len() <= 254 && (1..=64).contains(&local.len()) && !domain.is_empty();
        let printable = !address.chars().any(char::is_control);
        let plain = |text: &str| !text.contains([' ', '<', '>', '@', '"', '\\']);
        if bounded && printable && plain(domain) && (plain(local) || is_quoted(local)) {
            Ok(Self(address))
        } else {
            Err(InvalidAddress)
        }
    }

    /// The address without `<` and `>`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EnvelopeAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.0.rsplit_once('@').map_or("", |(_, domain)| domain);
        write!(formatter, "EnvelopeAddress(…@{domain})")
    }
}

/// True for one quoted string and nothing behind it (RFC 5321 §4.1.2): a quote inside is escaped.
fn is_quoted(local: &str) -> bool {
    let Some(inner) = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return false;
    };
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        let closes = character == '"' || (character == '\\' && characters.next().is_none());
        if closes {
            return false;
        }
    }
    true
}

/// The text can't stand in an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address can't stand in an SMTP envelope")]
pub struct InvalidAddress;

/// One message's way: one sender, one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Where bounces go.
    pub sender: EnvelopeAddress,
    /// Who gets it; an international domain already as punycode.
    pub recipient: EnvelopeAddress,
    /// The message's size in octets, as [`Content::size`](super::Content::size) tells it.
    pub size: u64,
    /// The message has octets above 127. Where the server doesn't offer `8BITMIME` it is sent as it is.
    pub eight_bit: bool,
    /// The message's headers are UTF-8. An address that is not ASCII needs SMTPUTF8 whatever is said here.
    pub needs_smtp_utf8: bool,
}

impl Envelope {
    pub(super) fn wants_smtp_utf8(&self) -> bool {
        self.needs_smtp_utf8 || !self.sender.0.is_ascii() || !self.recipient.0.is_ascii()
    }

    /// Why this server can't be asked at all.
    pub(super) fn obstacle(&self, capabilities: &Capabilities) -> Option<NotPossible> {
        if self.wants_smtp_utf8() && !capabilities.smtp_utf8 {
            let message_is_plain = self.sender.0.is_ascii() && !self.needs_smtp_utf8;
            return Some(if message_is_plain {
                NotPossible::RecipientNeedsSmtpUtf8
            } else {
                NotPossible::MessageNeedsSmtpUtf8
            });
        }
        match capabilities.size {
            Some(limit) if self.size > limit => Some(NotPossible::TooLarge {
                size: self.size,
                limit,
            }),
            _ => None,
        }
    }
}

/// Why nothing was asked: the server has already said that it can't.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    /// Only the recipient's address needs what the server doesn't offer.
    #[error("the address needs SMTPUTF8, which the server does not offer")]
    RecipientNeedsSmtpUtf8,
    /// The sender's address or the message's headers need it: every recipient of the campaign meets the same.
    #[error("the sender or the message needs SMTPUTF8, which the server does not offer")]
    MessageNeedsSmtpUtf8,
    /// The server takes no message of this size.
    #[error("the message has {size} octets and the server takes at most {limit}")]
    TooLarge {
        /// The message's size in octets.
        size: u64,
        /// The server's limit in octets.
        limit: u64,
    },
}

/// What became of an envelope. In every case nothing of a message has been sent.
#[derive(Debug)]
#[must_use]
pub enum EnvelopeOutcome {
    /// The server waits for the message: the next call is [`content`](super::Session::content) or
    /// [`abandon`](super::Session::abandon).
    Ready,
    /// The server said 4xx or 5xx. The session goes on, unless [`is_usable`](super::Session::is_usable) denies it.
    Refused {
        /// What it refused: `MAIL`, `RCPT` or `DATA`.
        phase: SmtpPhase,
        /// Its words.
        reply: SmtpReply,
    },
    /// The dialogue broke; the session is lost.
    Broken {
        /// How far it had come.
        phase: SmtpPhase,
        /// What broke it.
        cause: Cause,
    },
    /// Nothing was written, and the session goes on.
    NotPossible {
        /// Why this server can't take the message.
        reason: NotPossible,
    },
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::super::command;
    use super::*;

    fn address(text: &str) -> EnvelopeAddress {
        EnvelopeAddress::new(text).unwrap()
    }

    fn longest() -> EnvelopeAddress {
        address(&format!("{}@{}", "l".repeat(64), "d".repeat(189)))
    }

    #[test]
    fn nothing_that_ends_a_path_or_a_line_is_an_address() {
        for text in [
            "a@b\r\nRCPT TO:<c@d>",
            "a@b\n",
            "a@b\0",
            "a\u{7f}@b",
            "a@b> SIZE=1",
            "a b@c",
            "<a@b",
            "a@b c",
            "a",
            "@b",
            "a@",
            "",
            "a@b@c",
            "\"a\"> SIZE=1 <\"@b",
            "\"a\\\"@b",
            "\"@b",
            "a\"b@c",
            "a@b\"c",
        ] {
            assert_eq!(EnvelopeAddress::new(text), Err(InvalidAddress), "{text:?}");
        }
        let too_long = [
            format!("{}@b", "l".repeat(65)),
            format!("l@{}", "d".repeat(253)),
        ];
        for text in too_long {
            assert_eq!(
                EnvelopeAddress::new(text.clone()),
                Err(InvalidAddress),
                "{text:?}"
            );
        }
        for text in [
            "a@b",
            "ana+tag@example.org",
            "\"a <b> c\"@example.org",
            "\"a\\\"b\\\\\"@example.org",
            "\"\"@example.org",
            "jörg@example.org",
            "a@[127.0.0.1]",
        ] {
            assert_eq!(address(text).as_str(), text);
        }
    }

    #[test]
    fn the_longest_commands_stay_within_512_octets() {
        let envelope = Envelope {
            sender: longest(),
            recipient: longest(),
            size: u64::MAX,
            eight_bit: true,
            needs_smtp_utf8: true,
        };
        let everything = Capabilities {
            size_declared: true,
            eight_bit_mime: true,
            smtp_utf8: true,
            ..Capabilities::default()
        };
        let mut line = BytesMut::new();
        command::mail(&mut line, &envelope, &everything);
        assert!(line.len() <= 512, "{}", line.len());
        line.clear();
        command::rcpt(&mut line, &envelope);
        assert!(line.len() <= 512, "{}", line.len());
    }

    #[test]
    fn an_address_is_masked_in_logs() {
        assert_eq!(
            format!("{:?}", address("ana@example.org")),
            "EnvelopeAddress(…@example.org)"
        );
    }
}
