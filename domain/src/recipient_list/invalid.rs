//! What a list holds that is no address, and why.

use std::fmt;

use super::MAX_LINE_LENGTH;
use crate::address::AddressError;

const WRITTEN_LIMIT: usize = 120;

/// A piece of a list that is no address. Its text form is a sentence for people:
/// `Line 4 “not an address”: no @`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidLine {
    /// Counted from 1; of a row over several lines the first.
    pub line: u32,
    /// As it stands in the text, cut at 120 characters.
    pub written: String,
    /// What keeps it from being an address.
    pub reason: InvalidReason,
}

/// Why a piece of a list is no address, as a short phrase for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReason {
    /// The address itself is wrong.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Something beside an address on its line, as in `ana@example.org,Ana`: perhaps columns without a header row.
    #[error("no @; if the lines are columns, add a first line that names them, such as email,name")]
    MissingHeader,
    /// Several addresses with only a space between them, or in one cell.
    #[error("two @; one address a line, or a comma between them")]
    TwoAddresses,
    /// A cell in quotes goes over several lines, one of which is a row with another address by itself.
    #[error("a quote that is opened here is closed only on a line with another address")]
    OpenQuote,
    /// A line, or a row over several, that is longer than a reader of streams takes.
    #[error("the line is longer than {MAX_LINE_LENGTH} octets")]
    TooLong,
    /// A cell holds the replacement character: the text was not UTF-8 when it was read.
    #[error("a character could not be read; save the file as UTF-8")]
    Unreadable,
    /// A row whose cell in the column of addresses is empty.
    #[error("the cell for the address is empty")]
    EmptyCell,
}

impl InvalidLine {
    pub(super) fn new(line: u32, written: &str, reason: InvalidReason) -> Self {
        Self {
            line,
            written: shortened(written),
            reason,
        }
    }
}

impl fmt::Display for InvalidLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Line {} “{}”: {}",
            self.line, self.written, self.reason
        )
    }
}

/// The text's first 120 characters, with an ellipsis as the last of them when there are more.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(WRITTEN_LIMIT) {
        None => text.to_owned(),
        Some(_) => text.chars().take(WRITTEN_LIMIT - 1).chain(['…']).collect(),
    }
}
