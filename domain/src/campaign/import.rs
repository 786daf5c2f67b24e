//! Recipients that come as a list of their own: `POST /api/emails/{id}/recipients`.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::InvalidRecipients;

/// What an import is told beside its list, in the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ImportRequest {
    /// What to do with rows that cannot be taken; they are left out unless told otherwise.
    #[garde(skip)]
    pub invalid_recipients: InvalidRecipients,
}

impl Default for ImportRequest {
    fn default() -> Self {
        Self {
            invalid_recipients: InvalidRecipients::Skip,
        }
    }
}

/// What became of an imported list. Every row of it is in one of the first three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportCounts {
    /// Recipients the campaign has more than before.
    pub accepted: u64,
    /// Rows whose mailbox the campaign, or the list, had before.
    pub duplicates: u64,
    /// Rows that were left out.
    pub rejected: u64,
    /// Recipients the campaign has now.
    pub total_emails: u64,
}

/// The answer to an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// How many rows went where.
    #[serde(flatten)]
    pub counts: ImportCounts,
    /// Every row that was left out, in the list's order.
    pub rejected_rows: Vec<RejectedRow>,
}

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectedRow {
    /// The line it begins on, counted from 1; of a JSON array, the position of its element, counted
    /// from 1.
    pub line: u64,
    /// What stands there, shortened to 120 characters.
    pub written: String,
    /// Why it was left out, as a short phrase for people.
    pub reason: String,
}
