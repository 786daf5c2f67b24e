//! What an SMTP server said, and where in the dialogue it said it.
//!
//! These types are kept with every recipient and shown to people, so they hold text that is safe to store and to
//! print: no control characters, bounded in length, with the enhanced status code taken out of the words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest text an [`SmtpReply`] keeps, in characters.
pub const REPLY_TEXT_LIMIT: usize = 500;

/// A reply code that SMTP knows: always between 200 and 599 (RFC 5321 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct ReplyCode(u16);

impl ReplyCode {
    /// 421: the server closes the connection, whatever was asked.
    pub const CLOSING: Self = Self(421);
    /// 354: the server waits for the message.
    pub const START_CONTENT: Self = Self(354);

    /// Takes a number from 200 to 599; others are no SMTP reply codes.
    pub fn new(code: u16) -> Result<Self, NotAReplyCode> {
        if (200..=599).contains(&code) {
            Ok(Self(code))
        } else {
            Err(NotAReplyCode(code))
        }
    }

    /// The number itself.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// True for 2xx: what was asked is done.
    pub const fn is_positive(self) -> bool {
        self.0 / 100 == 2
    }

    /// True for 3xx: the server waits for more.
    pub const fn is_intermediate(self) -> bool {
        self.0 / 100 == 3
    }

    /// True for 4xx: refused now, perhaps not later.
    pub const fn is_transient(self) -> bool {
        self.0 / 100 == 4
    }

    /// True for 5xx: refused for good.
    pub const fn is_permanent(self) -> bool {
        self.0 / 100 == 5
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl TryFrom<u16> for ReplyCode {
    type Error = NotAReplyCode;

    fn try_from(code: u16) -> Result<Self, Self::Error> {
        Self::new(code)
    }
}

impl From<ReplyCode> for u16 {
    fn from(code: ReplyCode) -> Self {
        code.0
    }
}

/// The number is no SMTP reply code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not an SMTP reply code (200 to 599)")]
pub struct NotAReplyCode(pub u16);

/// An enhanced status code such as `5.1.1` (RFC 3463): class 2, 4 or 5, then a subject and a detail up to 999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedCode {
    /// 2 is success, 4 a transient and 5 a permanent failure.
    pub class: u8,
    /// What it is about: 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// The particular condition within the subject.
    pub detail: u16,
}

impl EnhancedCode {
    /// Splits the code off the beginning of a reply's text; without one the text comes back as it was. Some servers
    /// write `#5.1.0`.
    pub fn split_from(text: &str) -> (Option<Self>, &str) {
        let trimmed = text.trim_start();
        let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
        let (word, rest) = trimmed.split_at(end);
        match word.trim_start_matches('#').parse() {
            Ok(code) => (Some(code), rest.trim_start()),
            Err(_) => (None, text),
        }
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl FromStr for EnhancedCode {
    type Err = NotAnEnhancedCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.');
        let mut next = |limit: usize| {
            let part = parts
                .next()
                .filter(|part| (1..=limit).contains(&part.len()))
                .ok_or(NotAnEnhancedCode)?;
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(NotAnEnhancedCode);
            }
            part.parse::<u16>().map_err(|_| NotAnEnhancedCode)
        };
        let (class, subject, detail) = (next(1)?, next(3)?, next(3)?);
        let class = match class {
            2 => 2,
            4 => 4,
            5 => 5,
            _ => return Err(NotAnEnhancedCode),
        };
        if parts.next().is_some() {
            return Err(NotAnEnhancedCode);
        }
        Ok(Self {
            class,
            subject,
            detail,
        })
    }
}

impl Serialize for EnhancedCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EnhancedCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The text is no enhanced status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an enhanced status code such as 5.1.1")]
pub struct NotAnEnhancedCode;

/// One complete reply of a server, fit to be stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SmtpReply {
    /// The three digits every line of the reply began with.
    pub code: ReplyCode,
    /// The enhanced status code, where the server gave one (RFC 2034).
    pub enhanced: Option<EnhancedCode>,
    /// The server's words: lines joined by a space, without the enhanced code, without control characters, at most
    /// [`REPLY_TEXT_LIMIT`] characters.
    pub text: String,
}

impl SmtpReply {
    /// Makes a reply of its lines, given without code, separator and line end; bytes that are no UTF-8 become `U+FFFD`.
    ///
    /// The first enhanced code counts; those of further lines are left out of the text when they repeat it.
    pub fn from_lines<'line>(
        code: ReplyCode,
        lines: impl IntoIterator<Item = &'line [u8]>,
    ) -> Self {
        let mut enhanced = None;
        let mut text = String::new();
        let mut left = REPLY_TEXT_LIMIT;
        for line in lines {
            let line = String::from_utf8_lossy(line);
            let words = match EnhancedCode::split_from(&line) {
                (Some(found), rest) if enhanced.is_none_or(|known| known == found) => {
                    enhanced = Some(found);
                    rest
                }
                _ => line.as_ref(),
            };
            let words = words.trim();
            if words.is_empty() || left == 0 {
                continue;
            }
            if !text.is_empty() {
                text.push(' ');
                left -= 1;
            }
            for character in words.chars().take(left) {
                text.push(if character.is_control() {
                    char::REPLACEMENT_CHARACTER
                } else {
                    character
                });
                left -= 1;
            }
        }
        Self {
            code,
            enhanced,
            text,
        }
    }
}

impl fmt::Display for SmtpReply {
    /// As the server would have written it on one line: `550 5.1.1 User unknown`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code.fmt(formatter)?;
        if let Some(enhanced) = self.enhanced {
            write!(formatter, " {enhanced}")?;
        }
        if !self.text.is_empty() {
            write!(formatter, " {}", self.text)?;
        }
        Ok(())
    }
}

/// Where in a dialogue something happened, in the order in which a dialogue goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SmtpPhase {
    /// Finding the host and opening the connection.
    Connect,
    /// The handshake of TLS, and the `STARTTLS` before it.
    Tls,
    /// The server's first words.
    Greeting,
    /// `EHLO`, or `HELO` where the server knows no other.
    Hello,
    /// `AUTH`.
    Auth,
    /// `RSET`, which takes an earlier envelope back.
    Reset,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`, up to the server's 354.
    Data,
    /// The message, up to the buffer that holds the final dot.
    Content,
    /// The final dot and the reply to it.
    Dot,
}

impl SmtpPhase {
    /// The word it is stored and sent as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Tls => "TLS",
            Self::Greeting => "GREETING",
            Self::Hello => "HELLO",
            Self::Auth => "AUTH",
            Self::Reset => "RESET",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Content => "CONTENT",
            Self::Dot => "DOT",
        }
    }
}

impl fmt::Display for SmtpPhase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
