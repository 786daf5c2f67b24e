//! What a person wants to see of a message, read from its bytes when somebody looks.

use std::borrow::Cow;
use std::fmt::Write as _;

use mail_parser::{Address, Message, MessageParser, PartType};

use crate::store::Caught;

/// One line of the list of caught messages; header fields are decoded (RFC 2047).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaughtSummary {
    /// The number of the message; later messages have higher ones.
    pub id: u64,
    /// When it was received, in milliseconds since the Unix epoch.
    pub received_at: i64,
    /// The envelope sender; empty for the null sender.
    pub sender: String,
    /// The envelope recipients that were accepted.
    pub recipients: Vec<String>,
    /// The Message-ID without its angle brackets.
    pub message_id: Option<String>,
    /// The Subject; empty when there is none.
    pub subject: String,
    /// The From field, as `Name <address>`.
    pub from: String,
    /// The To field, as `Name <address>, …`.
    pub to: String,
    /// What the Date field says, in milliseconds since the Unix epoch.
    pub date: Option<i64>,
    /// The size of the source in bytes.
    pub size: usize,
}

impl CaughtSummary {
    /// Reads the header of a caught message.
    pub(crate) fn read(caught: &Caught) -> Self {
        let header = MessageParser::default().parse_headers(&*caught.source);
        let header = header.as_ref();
        Self {
            id: caught.id,
            received_at: caught.received_at,
            sender: caught.envelope.sender.clone(),
            recipients: caught.envelope.recipients.clone(),
            message_id: caught.message_id.as_deref().map(str::to_owned),
            subject: header
                .and_then(Message::subject)
                .unwrap_or_default()
                .to_owned(),
            from: header
                .and_then(Message::from)
                .map(addresses)
                .unwrap_or_default(),
            to: header
                .and_then(Message::to)
                .map(addresses)
                .unwrap_or_default(),
            date: header
                .and_then(Message::date)
                .map(|date| date.to_timestamp().saturating_mul(1_000)),
            size: caught.source.len(),
        }
    }

    /// Whether `needle`, in lower case, occurs in a header field shown here or in the envelope.
    pub(crate) fn contains(&self, needle: &str) -> bool {
        let fields = [&self.subject, &self.from, &self.to, &self.sender];
        fields
            .into_iter()
            .chain(&self.recipients)
            .chain(&self.message_id)
            .any(|field| field.to_lowercase().contains(needle))
    }
}

/// A caught message, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaughtMessage {
    /// Its line of the list.
    pub summary: CaughtSummary,
    /// The first plain-text body, decoded; `None` when there is none.
    pub text: Option<String>,
    /// The first HTML body, decoded; `None` when there is none. It is what a stranger sent: show it sandboxed.
    pub html: Option<String>,
    /// The message as it came, dots unstuffed; what is not UTF-8 is replaced by U+FFFD.
    pub source: String,
}

impl CaughtMessage {
    /// Reads a caught message.
    pub(crate) fn read(summary: CaughtSummary, source: &[u8]) -> Self {
        let message = MessageParser::default().parse(source);
        let message = message.as_ref();
        let text = message.and_then(|message| {
            message.text_bodies().find_map(|part| match &part.body {
                PartType::Text(body) => Some(body.to_string()),
                _ => None,
            })
        });
        let html = message.and_then(|message| {
            message.html_bodies().find_map(|part| match &part.body {
                PartType::Html(body) => Some(body.to_string()),
                _ => None,
            })
        });
        Self {
            summary,
            text,
            html,
            source: String::from_utf8_lossy(source).into_owned(),
        }
    }
}

fn addresses(field: &Address<'_>) -> String {
    let mut line = String::new();
    for entry in field.iter() {
        if !line.is_empty() {
            line.push_str(", ");
        }
        let address = entry.address().unwrap_or_default();
        match entry.name() {
            Some(name) => write!(line, "{name} <{address}>"),
            None => write!(line, "{address}"),
        }
        .expect("writing to a string in memory cannot fail");
    }
    line
}

/// Finds the Message-ID in the header of `source`, without its angle brackets and without parsing the message.
pub(crate) fn message_id(source: &[u8]) -> Option<Cow<'_, str>> {
    const NAME: &[u8] = b"message-id:";
    let mut rest = source;
    while !rest.is_empty() && !rest.starts_with(b"\r\n") && !rest.starts_with(b"\n") {
        let (line, tail) = rest.split_at(line_length(rest));
        if line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME) {
            let mut length = line.len();
            while let Some(b' ' | b'\t') = rest.get(length) {
                length += line_length(&rest[length..]);
            }
            let value = rest[NAME.len()..length].trim_ascii();
            let value = value.strip_prefix(b"<").unwrap_or(value);
            let value = value.strip_suffix(b">").unwrap_or(value);
            return (!value.is_empty()).then(|| String::from_utf8_lossy(value));
        }
        rest = tail;
    }
    None
}

/// The length of the first line with its end.
fn line_length(text: &[u8]) -> usize {
    memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::message_id;

    #[test]
    fn the_message_id_is_found_in_the_header_alone() {
        for (source, expected) in [
            ("Message-ID: <1@a>\r\n\r\n", Some("1@a")),
            ("X: y\r\nMESSAGE-id:<1@a>\r\nY: z\r\n\r\n", Some("1@a")),
            ("Message-ID:\r\n\t<1@a>\r\n\r\n", Some("1@a")),
            ("Message-ID: 1@a", Some("1@a")),
            ("Message-ID: <>\r\n\r\n", None),
            ("Message-ID:\r\n\r\n<1@a>", None),
            ("X-Message-ID: <1@a>\r\n\r\n", None),
            ("Subject: x\r\n\r\nMessage-ID: <1@a>\r\n", None),
            ("\r\nMessage-ID: <1@a>\r\n", None),
            ("", None),
        ] {
            let found = message_id(source.as_bytes());
            assert_eq!(found.as_deref(), expected, "{source:?}");
        }
    }
}
