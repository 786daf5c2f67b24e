//! The message. What does not vary is built once per campaign, by lettre; a message then costs
//! its own few headers.

use std::fmt::Write as _;

use domain::{CampaignId, RecipientId, Timestamp, address::EmailAddress};
use hmac::{Hmac, Mac, digest::Key};
use jiff::{fmt::rfc2822::DateTimePrinter, tz::TimeZone};
use lettre::message::{Mailbox, Message, MultiPart};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::session::{Content, Envelope, EnvelopeAddress, Stuffed};

/// Columns of the plain text made from an HTML body; RFC 5322 asks for at most 78.
const TEXT_WIDTH: usize = 76;

/// Why no message can be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// An address cannot stand where it must.
    #[error("the address {0} cannot be written into a message")]
    Address(String),
    /// The parts do not make a message.
    #[error("the message cannot be built")]
    Build(#[from] lettre::error::Error),
}

/// A campaign's content, as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The campaign.
    pub campaign: CampaignId,
    /// The subject.
    pub subject: &'a str,
    /// The HTML body.
    pub html: &'a str,
    /// The plain-text body; made from the HTML when absent.
    pub text: Option<&'a str>,
    /// The sender's display name.
    pub from_name: Option<&'a str>,
    /// The sender's address.
    pub from_email: &'a str,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<&'a str>,
}

/// A campaign's message, ready but for its recipient.
#[derive(Debug)]
pub struct Template {
    campaign: CampaignId,
    sender: EnvelopeAddress,
    sender_domain: String,
    /// The headers and the body that everybody gets, dots doubled.
    shared: Stuffed,
    needs_smtp_utf8: bool,
    key: Hmac<Sha256>,
}

impl Template {
    /// Builds what everybody gets. `secret` is the installation's: it makes Message-IDs that
    /// nobody else can make, and the same ones in every process.
    pub fn new(letter: &Letter<'_>, secret: &SecretString) -> Result<Self, BuildError> {
        let sender = parse(letter.from_email)?;
        let text = letter
            .text
            .map_or_else(|| text_from_html(letter.html), ToOwned::to_owned);
        let mut builder = Message::builder()
            .from(mailbox(letter.from_name, &sender)?)
            // lettre insists on a recipient in the envelope it makes; ours is made per message.
            .to(mailbox(None, &sender)?)
            .subject(letter.subject);
        if let Some(reply_to) = letter.reply_to {
            builder = builder.reply_to(mailbox(None, &parse(reply_to)?)?);
        }
        let built = builder
            .multipart(MultiPart::alternative_plain_html(
                text,
                letter.html.to_owned(),
            ))?
            .formatted();
        let shared = without_headers(&built, &["to", "date"]);
        // One block, so that no length can be wrong.
        let mut key = Key::<Hmac<Sha256>>::default();
        key[..32].copy_from_slice(&Sha256::digest(secret.expose_secret()));
        Ok(Self {
            campaign: letter.campaign,
            needs_smtp_utf8: header_has_octets_above_127(&shared),
            sender: envelope_address(&sender)?,
            sender_domain: sender.ascii_domain().to_owned(),
            shared: Stuffed::new(&shared),
            key: Hmac::new(&key),
        })
    }

    /// The message for one recipient. Its Message-ID is the same on every attempt.
    pub fn message(
        &self,
        recipient: RecipientId,
        to: &str,
        now: Timestamp,
    ) -> Result<(Envelope, Content), BuildError> {
        let address = parse(to)?;
        let wire = address.wire();
        let mut headers = String::with_capacity(256);
        // Writing into a string cannot fail.
        let _ = write!(
            headers,
            "To: {wire}\r\nMessage-ID: <{}>\r\nDate: {}\r\n",
            self.message_id(recipient),
            rfc_5322(now),
        );
        let content = Content::with_shared(Stuffed::new(headers.as_bytes()), self.shared.clone());
        let envelope = Envelope {
            sender: self.sender.clone(),
            recipient: envelope_address(&address)?,
            size: content.size(),
            eight_bit: false,
            needs_smtp_utf8: self.needs_smtp_utf8,
        };
        Ok((envelope, content))
    }

    /// A template that says hello.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        tests::template(&tests::letter())
    }

    /// Depends on the campaign and the recipient only, and cannot be guessed by others.
    pub fn message_id(&self, recipient: RecipientId) -> String {
        let mut mac = self.key.clone();
        mac.update(format!("message-id:{}:{recipient}", self.campaign).as_bytes());
        let tag = hex::encode(&mac.finalize().into_bytes()[..10]);
        format!("{}.{recipient}.{tag}@{}", self.campaign, self.sender_domain)
    }
}

fn parse(address: &str) -> Result<EmailAddress, BuildError> {
    EmailAddress::parse(address).map_err(|_| BuildError::Address(address.to_owned()))
}

fn envelope_address(address: &EmailAddress) -> Result<EnvelopeAddress, BuildError> {
    EnvelopeAddress::new(address.wire())
        .map_err(|_| BuildError::Address(address.as_written().to_owned()))
}

fn mailbox(name: Option<&str>, address: &EmailAddress) -> Result<Mailbox, BuildError> {
    let wire = address.wire();
    let parsed = wire
        .parse()
        .map_err(|_| BuildError::Address(wire.into_owned()))?;
    Ok(Mailbox::new(name.map(ToOwned::to_owned), parsed))
}

/// The message without some of its headers, folded lines included.
fn without_headers(message: &[u8], names: &[&str]) -> Vec<u8> {
    let end = memchr::memmem::find(message, b"\r\n\r\n").map_or(message.len(), |at| at + 2);
    let mut kept = Vec::with_capacity(message.len());
    let mut dropping = false;
    for line in message[..end].split_inclusive(|octet| *octet == b'\n') {
        let folded = line
            .first()
            .is_some_and(|octet| matches!(octet, b' ' | b'\t'));
        if !folded {
            let name = line
                .split(|octet| *octet == b':')
                .next()
                .unwrap_or_default();
            dropping = names
                .iter()
                .any(|drop| name.eq_ignore_ascii_case(drop.as_bytes()));
        }
        if !dropping {
            kept.extend_from_slice(line);
        }
    }
    kept.extend_from_slice(&message[end..]);
    kept
}

fn header_has_octets_above_127(message: &[u8]) -> bool {
    let end = memchr::memmem::find(message, b"\r\n\r\n").unwrap_or(message.len());
    !message[..end].is_ascii()
}

/// What a reader without HTML gets. A body html2text cannot read goes as it is.
fn text_from_html(html: &str) -> String {
    html2text::config::plain()
        .string_from_read(html.as_bytes(), TEXT_WIDTH)
        .unwrap_or_else(|_| html.to_owned())
}

fn rfc_5322(now: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(now.0)
        .map(|instant| instant.to_zoned_datetime(TimeZone::UTC))
        .and_then(|utc| DateTimePrinter::new().zoned_datetime_to_string(&utc))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn template(letter: &Letter<'_>) -> Template {
        Template::new(letter, &SecretString::from("a secret")).unwrap()
    }

    pub(super) fn letter() -> Letter<'static> {
        Letter {
            campaign: CampaignId(42),
            subject: "Hola, señora",
            html: "<p>Café a las <b>ocho</b></p>\n.\n",
            text: None,
            from_name: Some("Casa Palomar"),
            from_email: "news@example.org",
            reply_to: None,
        }
    }

    fn whole(template: &Template, to: &str) -> String {
        let (_, content) = template
            .message(RecipientId(9), to, Timestamp(1_795_503_451_000))
            .unwrap();
        content.to_text()
    }

    #[test]
    fn every_message_carries_each_header_once_and_both_bodies() {
        let message = whole(&template(&letter()), "ana@example.org");
        for header in [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "MIME-Version",
        ] {
            let lines = message
                .lines()
                .filter(|line| line.starts_with(&format!("{header}: ")));
            assert_eq!(lines.count(), 1, "{header} in\n{message}");
        }
        assert!(message.contains("To: ana@example.org\r\n"), "{message}");
        assert!(
            message.contains("Date: Tue, 24 Nov 2026 06:57:31 +0000\r\n"),
            "{message}"
        );
        assert!(message.contains("multipart/alternative"), "{message}");
        assert!(
            message.contains("text/plain") && message.contains("text/html"),
            "{message}"
        );
        assert!(message.is_ascii(), "{message}");
        assert!(message.lines().all(|line| line.len() <= 998), "{message}");
    }

    #[test]
    fn a_recipient_has_the_same_message_id_on_every_attempt_and_nobody_else_has_it() {
        let (one, again) = (template(&letter()), template(&letter()));
        assert_eq!(
            one.message_id(RecipientId(9)),
            again.message_id(RecipientId(9))
        );
        assert_ne!(
            one.message_id(RecipientId(9)),
            one.message_id(RecipientId(10))
        );
        let other = Letter {
            campaign: CampaignId(43),
            ..letter()
        };
        assert_ne!(
            one.message_id(RecipientId(9)),
            template(&other).message_id(RecipientId(9))
        );
        assert!(one.message_id(RecipientId(9)).ends_with("@example.org"));
    }

    #[test]
    fn an_international_domain_goes_out_as_punycode() {
        let template = template(&letter());
        let (envelope, _) = template
            .message(RecipientId(1), "jurgen@bücher.example", Timestamp(0))
            .unwrap();
        assert_eq!(envelope.recipient.as_str(), "jurgen@xn--bcher-kva.example");
        assert!(
            whole(&template, "jurgen@bücher.example").contains("To: jurgen@xn--bcher-kva.example")
        );
    }

    #[test]
    fn no_subject_can_break_out_of_its_header() {
        let subject = "a".repeat(400);
        let message = whole(
            &template(&Letter {
                subject: &subject,
                ..letter()
            }),
            "ana@example.org",
        );
        let head = message.split("\r\n\r\n").next().unwrap();
        assert!(
            !head.contains("\r\n\r\n") && head.contains("Subject: "),
            "{head}"
        );
    }
}
