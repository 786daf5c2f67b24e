//! What the built-in mail catcher shows of the messages it received.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One line of the list of caught messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaughtSummary {
    /// The catcher's own number for it, rising with time.
    pub id: u64,
    /// When the last byte had arrived.
    pub received_at: Timestamp,
    /// The `From` header, decoded.
    pub from: String,
    /// The envelope recipients.
    pub recipients: Vec<String>,
    /// The `Subject` header, decoded.
    pub subject: String,
    /// The message's size in octets.
    pub size: u64,
}

/// One caught message, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaughtMessage {
    /// What the list shows of it.
    pub summary: CaughtSummary,
    /// The envelope sender.
    pub sender: String,
    /// The `Message-ID`, without its angle brackets.
    pub message_id: String,
    /// The HTML part, if there is one.
    pub html: Option<String>,
    /// The plain-text part, if there is one.
    pub text: Option<String>,
    /// The message as it came, undecodable octets replaced.
    pub source: String,
}

/// Which caught messages are wanted: newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaughtList {
    /// Only those whose recipient, sender or subject contains this.
    #[garde(inner(length(chars, max = 200)))]
    pub q: Option<String>,
    /// The `nextCursor` of the page before.
    #[garde(inner(length(max = 64)))]
    pub cursor: Option<String>,
}
