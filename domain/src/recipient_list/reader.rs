//! A list that comes piece by piece, of any length.

use std::borrow::Cow;

use super::header::Row;
use super::walk::{Pieces, Walk};
use super::{InvalidLine, InvalidReason, ListEntry};
use crate::address::{AddressError, MailboxRef};

/// The longest line, or row over several lines, of a list that comes piece by piece, in octets: 1 MiB.
pub const MAX_LINE_LENGTH: usize = 1 << 20;

/// What a list says next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Somebody to send to, unless an earlier line has the same address.
    Recipient(ListEntry),
    /// What is no address, or cannot be taken as it stands.
    Invalid(InvalidLine),
}

/// Reads a list of any length in memory for one line of it, with the rules of [`parse`](super::parse). What differs:
/// it does not tell duplicates; a line over [`MAX_LINE_LENGTH`] is invalid, and a cell goes over no more lines than
/// fit that; so is a row with a character that was not UTF-8, wherever it stands.
///
/// How the text is cut into pieces makes no difference.
#[derive(Debug)]
pub struct ListReader {
    walk: Walk,
    /// What was not understood yet: less than a line, mostly.
    rest: String,
}

impl Default for ListReader {
    fn default() -> Self {
        Self::with_limit(MAX_LINE_LENGTH)
    }
}

impl ListReader {
    /// The same with another limit for lines.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            walk: Walk::new(limit.max(4)),
            rest: String::new(),
        }
    }

    /// Tells `each` what is certain with this text more.
    pub fn push(&mut self, text: &str, each: &mut impl FnMut(Piece)) {
        let mut told = Told(each);
        if self.rest.is_empty() {
            let done = self.walk.on(text, false, &mut told);
            self.rest.push_str(&text[done..]);
            return;
        }
        self.rest.push_str(text);
        let done = self.walk.on(&self.rest, false, &mut told);
        self.rest.drain(..done);
    }

    /// Tells `each` what is left, now that no more text comes.
    pub fn finish(mut self, each: &mut impl FnMut(Piece)) {
        self.walk.on(&self.rest, true, &mut Told(each));
    }
}

struct Told<'e, F>(&'e mut F);

impl<'t, F: FnMut(Piece)> Pieces<'t> for Told<'_, F> {
    fn address(
        &mut self,
        line: u32,
        written: Cow<'t, str>,
        row: Option<&Row<'_, 't>>,
    ) -> Result<(), AddressError> {
        let mailbox = MailboxRef::parse(&written)?;
        if row.is_some_and(Row::is_unreadable) {
            self.invalid(line, Cow::Borrowed(&written), InvalidReason::Unreadable);
        } else {
            (self.0)(Piece::Recipient(ListEntry::of(line, &mailbox, row)));
        }
        Ok(())
    }

    fn invalid(&mut self, line: u32, written: Cow<'_, str>, reason: InvalidReason) {
        (self.0)(Piece::Invalid(InvalidLine::new(line, &written, reason)));
    }
}
