//! Recipient lists as people paste and drop them.
//!
//! Understood are: one address a line; several on a line, parted by `,` `;` or a tab; `Name <address>`; CSV with a
//! header row that names a column of addresses. A byte order mark, any kind of line break and blank lines make no
//! difference.
//!
//! Nothing is dropped silently: whatever is not an address is reported with its line and a reason.
//!
//! | module | holds |
//! |---|---|
//! | `walk` | the one way through a text, for [`parse`], [`survey`] and [`ListReader`] |
//! | `reader` | a list that comes piece by piece |
//! | `header` | the header row: whether there is one, and what its columns mean |
//! | `cells` | rows of cells (RFC 4180) |
//! | `tokens` | plain lines and the addresses on one |
//! | `invalid` | what was refused, and why |

mod cells;
mod header;
mod invalid;
mod reader;
mod tokens;
mod walk;

pub use invalid::{InvalidLine, InvalidReason};
pub use reader::{ListReader, MAX_LINE_LENGTH, Piece};

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::address::{EmailAddress, MailboxRef, tidy_name};
use header::Row;
use walk::{Sink, walk};

/// How many invalid lines a [`Survey`] shows; it counts them all.
pub const SURVEY_INVALID_SHOWN: usize = 100;

/// What a text holds, every address of it in exactly one of the three, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecipientList {
    /// Those to send to: the first of each key, as first written.
    pub entries: Vec<ListEntry>,
    /// Those whose key an earlier entry has.
    pub duplicates: Vec<Duplicate>,
    /// What is no address.
    pub invalid: Vec<InvalidLine>,
}

/// One recipient of a list. What was written is `address.as_written()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// Counted from 1; of a row over several lines the first.
    pub line: u32,
    /// From the column `name`, else from `Name <address>`.
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
    /// The row's other cells by their column, for merging into the message. Empty without a header row.
    pub vars: BTreeMap<String, String>,
}

/// An address that an earlier line already has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// Counted from 1.
    pub line: u32,
    /// The line of the entry that is kept.
    pub first_line: u32,
    /// As it stands in the text, cut at 120 characters.
    pub written: String,
}

/// The counts of a list, and the first of its invalid lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// How many would be sent to.
    pub valid: usize,
    /// How many are written more than once.
    pub duplicate: usize,
    /// How many are no address.
    pub invalid: usize,
    /// The first [`SURVEY_INVALID_SHOWN`] of the invalid ones.
    pub first_invalid: Vec<InvalidLine>,
}

/// Reads a list, in time proportional to its length. Never fails: a text that is no list at all is one of invalid
/// lines.
pub fn parse(text: &str) -> RecipientList {
    let mut list = RecipientList::default();
    walk(text, &mut list);
    list
}

/// Counts what [`parse`] would return without keeping it: light enough to run while a person types.
pub fn survey(text: &str) -> Survey {
    let mut survey = Survey::default();
    walk(text, &mut survey);
    survey
}

impl RecipientList {
    /// The counts of this list, equal to those of [`survey`] on its text.
    pub fn survey(&self) -> Survey {
        Survey {
            valid: self.entries.len(),
            duplicate: self.duplicates.len(),
            invalid: self.invalid.len(),
            first_invalid: self
                .invalid
                .iter()
                .take(SURVEY_INVALID_SHOWN)
                .cloned()
                .collect(),
        }
    }
}

impl ListEntry {
    fn of(line: u32, mailbox: &MailboxRef<'_>, row: Option<&Row<'_, '_>>) -> Self {
        let name = row
            .and_then(Row::name)
            .and_then(|name| tidy_name(&name))
            .or_else(|| mailbox.name());
        Self {
            line,
            name,
            address: EmailAddress::from(&mailbox.address),
            vars: row.map(Row::vars).unwrap_or_default(),
        }
    }
}

impl Sink for RecipientList {
    fn valid(&mut self, line: u32, mailbox: &MailboxRef<'_>, row: Option<&Row<'_, '_>>) {
        self.entries.push(ListEntry::of(line, mailbox, row));
    }

    fn duplicate(&mut self, line: u32, first_line: u32, written: Cow<'_, str>) {
        self.duplicates.push(Duplicate {
            line,
            first_line,
            written: invalid::shortened(&written),
        });
    }

    fn invalid(&mut self, line: u32, written: Cow<'_, str>, reason: InvalidReason) {
        self.invalid.push(InvalidLine::new(line, &written, reason));
    }
}

impl Sink for Survey {
    fn valid(&mut self, _line: u32, _mailbox: &MailboxRef<'_>, _row: Option<&Row<'_, '_>>) {
        self.valid += 1;
    }

    fn duplicate(&mut self, _line: u32, _first_line: u32, _written: Cow<'_, str>) {
        self.duplicate += 1;
    }

    fn invalid(&mut self, line: u32, written: Cow<'_, str>, reason: InvalidReason) {
        self.invalid += 1;
        if self.first_invalid.len() < SURVEY_INVALID_SHOWN {
            self.first_invalid
                .push(InvalidLine::new(line, &written, reason));
        }
    }
}
