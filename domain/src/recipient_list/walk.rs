//! The one way through a list's text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::InvalidReason;
use super::cells::{Cell, next_row, without_cell_quotes};
use super::header::{Header, Row};
use super::tokens::{Lines, Tokens};
use crate::address::{AddressError, MailboxRef};

/// What becomes of the pieces of a list, each told to exactly one of the three.
pub(super) trait Sink {
    fn valid(&mut self, line: u32, mailbox: &MailboxRef<'_>, row: Option<&Row<'_, '_>>);
    fn duplicate(&mut self, line: u32, first_line: u32, written: Cow<'_, str>);
    fn invalid(&mut self, line: u32, written: Cow<'_, str>, reason: InvalidReason);
}

/// Tells the sink every piece of the text, in order.
pub(super) fn walk(text: &str, sink: &mut impl Sink) {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut lines = Lines {
        rest: text,
        number: 1,
    };
    skip_blank_lines(&mut lines);
    let header = Header::take(&mut lines);
    let mut walk = Walk {
        first_lines: HashMap::new(),
        sink,
    };
    match header {
        Some(header) if !header.is_single_column() => walk.rows(lines, &header),
        _ => walk.plain_lines(lines),
    }
}

struct Walk<'t, 's, S> {
    /// By key, where each address was first met.
    first_lines: HashMap<Cow<'t, str>, u32>,
    sink: &'s mut S,
}

impl<'t, S: Sink> Walk<'t, '_, S> {
    fn plain_lines(&mut self, lines: Lines<'t>) {
        for (number, line) in lines {
            let mut line_has_at = None;
            for token in Tokens::of(line) {
                if let Err(error) = self.accept(number, without_cell_quotes(token), None) {
                    let reason = match error {
                        AddressError::NoAt
                            if *line_has_at.get_or_insert_with(|| line.contains('@')) =>
                        {
                            InvalidReason::MissingHeader
                        }
                        AddressError::TwoAts if token.contains(char::is_whitespace) => {
                            InvalidReason::TwoAddresses
                        }
                        error => InvalidReason::Address(error),
                    };
                    self.sink.invalid(number, Cow::Borrowed(token), reason);
                }
            }
        }
    }

    fn rows(&mut self, mut lines: Lines<'t>, header: &Header) {
        let mut cells = Vec::new();
        while let Some(number) = next_row(&mut lines, header.delimiter, &mut cells) {
            if cells.iter().all(|cell| cell.is_blank()) {
                continue;
            }
            let row = Row {
                header,
                cells: &cells,
            };
            let written = row.address();
            if written.is_empty() {
                self.sink
                    .invalid(number, first_text(&cells), InvalidReason::EmptyCell);
            } else if let Err(error) = self.accept(number, written.clone(), Some(&row)) {
                let reason = if error == AddressError::TwoAts {
                    InvalidReason::TwoAddresses
                } else {
                    error.into()
                };
                self.sink.invalid(number, written, reason);
            }
        }
    }

    fn accept(
        &mut self,
        line: u32,
        written: Cow<'t, str>,
        row: Option<&Row<'_, '_>>,
    ) -> Result<(), AddressError> {
        let (mailbox, key) = match &written {
            // The key of most addresses is a piece of the text itself: nothing to allocate.
            Cow::Borrowed(text) => {
                let mailbox: MailboxRef<'t> = MailboxRef::parse(text)?;
                let key = mailbox.address.key();
                (mailbox, key)
            }
            Cow::Owned(text) => {
                let mailbox = MailboxRef::parse(text)?;
                let key = Cow::Owned(mailbox.address.key().into_owned());
                (mailbox, key)
            }
        };
        match self.first_lines.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(line);
                self.sink.valid(line, &mailbox, row);
            }
            Entry::Occupied(first) => {
                let first_line = *first.get();
                self.sink.duplicate(line, first_line, written);
            }
        }
        Ok(())
    }
}

fn skip_blank_lines(lines: &mut Lines<'_>) {
    let mut ahead = lines.clone();
    while let Some((_, line)) = ahead.next() {
        if Tokens::of(line).next().is_some() {
            return;
        }
        *lines = ahead.clone();
    }
}

/// What the row says first, to recognise it by.
fn first_text<'t>(cells: &[Cell<'t>]) -> Cow<'t, str> {
    cells
        .iter()
        .find(|cell| !cell.is_blank())
        .map(|cell| cell.text())
        .unwrap_or_default()
}
