//! The one way through a list's text, whether all of it is there or it comes piece by piece.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::InvalidReason;
use super::cells::{Cell, next_row, without_cell_quotes};
use super::header::{Header, Row};
use super::tokens::{Lines, Tokens};
use crate::address::{AddressError, MailboxRef};

/// Who hears of every piece of a text, in order.
pub(super) trait Pieces<'t> {
    /// Something that should be an address; the error is why it is none.
    fn address(
        &mut self,
        line: u32,
        written: Cow<'t, str>,
        row: Option<&Row<'_, 't>>,
    ) -> Result<(), AddressError>;

    fn invalid(&mut self, line: u32, written: Cow<'_, str>, reason: InvalidReason);
}

/// A way through a text, as far as it has come.
#[derive(Debug)]
pub(super) struct Walk {
    state: State,
    /// The number of the line that comes next.
    line: u32,
    /// The longest line, or row over several lines, in octets.
    limit: usize,
}

#[derive(Debug)]
enum State {
    /// Not a character was looked at.
    Mark,
    /// Before the first line that is not blank.
    Top,
    Plain,
    Table(Header),
    /// Inside a line that was too long, and after it whatever it was in.
    Skipping(Box<State>),
}

impl Walk {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            state: State::Mark,
            line: 1,
            limit,
        }
    }

    /// Goes through the text as far as its meaning cannot depend on what comes after it, and returns how far that
    /// is. With `is_all` nothing comes after it, and it goes through all of it.
    pub(super) fn on<'t>(
        &mut self,
        text: &'t str,
        is_all: bool,
        pieces: &mut impl Pieces<'t>,
    ) -> usize {
        let mut rest = text;
        while let Some(after) = self.step(rest, is_all, pieces) {
            rest = after;
        }
        text.len() - rest.len()
    }

    /// One line or row, and the text after it; `None` where that is still to come.
    fn step<'t>(
        &mut self,
        rest: &'t str,
        is_all: bool,
        pieces: &mut impl Pieces<'t>,
    ) -> Option<&'t str> {
        if rest.is_empty() {
            return None;
        }
        let mut lines = Lines {
            rest: self.window(rest),
            number: self.line,
            is_all: is_all && rest.len() <= self.limit,
        };
        let before = lines.rest;
        let done = match &self.state {
            State::Mark => {
                lines.rest = rest.strip_prefix('\u{FEFF}').unwrap_or(rest);
                self.state = State::Top;
                return Some(lines.rest);
            }
            State::Top => self.top(&mut lines),
            State::Plain => plain_line(&mut lines, pieces),
            State::Table(header) => table_row(&mut lines, header, pieces),
            State::Skipping(_) => return self.skip(rest, is_all),
        };
        if done.is_some() {
            self.line = lines.number;
            return Some(&rest[before.len() - lines.rest.len()..]);
        }
        if rest.len() <= self.limit {
            return None;
        }
        Some(self.overlong(rest, pieces))
    }

    /// As much of the text as one line or row may be long.
    fn window<'t>(&self, text: &'t str) -> &'t str {
        if text.len() <= self.limit {
            return text;
        }
        &text[..text.floor_char_boundary(self.limit)]
    }

    /// Passes over a blank line, or finds out what the first other one is.
    fn top(&mut self, lines: &mut Lines<'_>) -> Option<()> {
        let mut ahead = lines.clone();
        let (_, line) = ahead.next()?;
        if Tokens::of(line).next().is_none() {
            *lines = ahead;
            return Some(());
        }
        self.state = match Header::take(lines).ok()? {
            Some(header) if !header.is_single_column() => State::Table(header),
            _ => State::Plain,
        };
        Some(())
    }

    /// What to do with a row or line that does not end within the limit. A row whose first line does is taken for
    /// that line alone, as where a quote is never closed; anything else is passed over.
    fn overlong<'t>(&mut self, rest: &'t str, pieces: &mut impl Pieces<'t>) -> &'t str {
        let window = self.window(rest);
        let mut lines = Lines::of_all(rest, self.line);
        let first = lines.next().map(|(_, line)| line).unwrap_or_default();
        if first.len() < window.len() {
            let length = rest.len() - lines.rest.len();
            let mut alone = Lines::of_all(&rest[..length], self.line);
            match &self.state {
                State::Table(header) => table_row(&mut alone, header, pieces),
                State::Plain => plain_line(&mut alone, pieces),
                _ => self.top(&mut alone),
            };
            self.line = alone.number;
            return &rest[length - alone.rest.len()..];
        }
        pieces.invalid(self.line, Cow::Borrowed(window), InvalidReason::TooLong);
        let within = match std::mem::replace(&mut self.state, State::Plain) {
            State::Top | State::Mark => State::Plain,
            other => other,
        };
        self.state = State::Skipping(Box::new(within));
        &rest[window.len()..]
    }

    /// Passes over the rest of a line that was too long.
    fn skip<'t>(&mut self, rest: &'t str, is_all: bool) -> Option<&'t str> {
        let mut lines = Lines {
            rest,
            number: self.line,
            is_all,
        };
        if lines.next().is_none() {
            // What there is of it is of no use; a CR at its end may be half a line break.
            let kept = usize::from(rest.ends_with('\r'));
            return Some(&rest[rest.len() - kept..]).filter(|after| after.len() < rest.len());
        }
        self.line = lines.number;
        if let State::Skipping(within) = std::mem::replace(&mut self.state, State::Plain) {
            self.state = *within;
        }
        Some(lines.rest)
    }
}

fn plain_line<'t>(lines: &mut Lines<'t>, pieces: &mut impl Pieces<'t>) -> Option<()> {
    let (number, line) = lines.next()?;
    let mut line_has_at = None;
    for token in Tokens::of(line) {
        if let Err(error) = pieces.address(number, without_cell_quotes(token), None) {
            let reason = match error {
                AddressError::NoAt if *line_has_at.get_or_insert_with(|| line.contains('@')) => {
                    InvalidReason::MissingHeader
                }
                AddressError::TwoAts if token.contains(char::is_whitespace) => {
                    InvalidReason::TwoAddresses
                }
                error => InvalidReason::Address(error),
            };
            pieces.invalid(number, Cow::Borrowed(token), reason);
        }
    }
    Some(())
}

fn table_row<'t>(
    lines: &mut Lines<'t>,
    header: &Header,
    pieces: &mut impl Pieces<'t>,
) -> Option<()> {
    let text = lines.rest;
    let mut cells = Vec::new();
    let number = next_row(lines, header.delimiter, &mut cells)?;
    if cells.iter().all(|cell| cell.is_blank()) {
        return Some(());
    }
    let row = Row {
        header,
        cells: &cells,
    };
    let written = row.address();
    if lines.number - number > 1 {
        let mut inside = Lines::of_all(&text[..text.len() - lines.rest.len()], number);
        if inside.any(|(_, line)| row.swallows(line)) {
            let first = first_text(&cells);
            pieces.invalid(number, first, InvalidReason::OpenQuote);
            return Some(());
        }
    }
    if written.is_empty() {
        let first = first_text(&cells);
        pieces.invalid(number, first, InvalidReason::EmptyCell);
    } else if let Err(error) = pieces.address(number, written.clone(), Some(&row)) {
        let reason = if error == AddressError::TwoAts {
            InvalidReason::TwoAddresses
        } else {
            error.into()
        };
        pieces.invalid(number, written, reason);
    }
    Some(())
}

/// What the row says first, to recognise it by.
fn first_text<'t>(cells: &[Cell<'t>]) -> Cow<'t, str> {
    cells
        .iter()
        .find(|cell| !cell.is_blank())
        .map(|cell| cell.text())
        .unwrap_or_default()
}

/// What becomes of the pieces of a whole list, each told to exactly one of the three.
pub(super) trait Sink {
    fn valid(&mut self, line: u32, mailbox: &MailboxRef<'_>, row: Option<&Row<'_, '_>>);
    fn duplicate(&mut self, line: u32, first_line: u32, written: Cow<'_, str>);
    fn invalid(&mut self, line: u32, written: Cow<'_, str>, reason: InvalidReason);
}

/// Tells the sink every piece of a text that is all there.
pub(super) fn walk(text: &str, sink: &mut impl Sink) {
    let mut whole = Whole {
        first_lines: HashMap::new(),
        sink,
    };
    Walk::new(usize::MAX).on(text, true, &mut whole);
}

/// Tells duplicates in a text that is all there.
struct Whole<'t, 's, S> {
    /// By key, where each address was first met.
    first_lines: HashMap<Cow<'t, str>, u32>,
    sink: &'s mut S,
}

impl<'t, S: Sink> Pieces<'t> for Whole<'t, '_, S> {
    fn address(
        &mut self,
        line: u32,
        written: Cow<'t, str>,
        row: Option<&Row<'_, 't>>,
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

    fn invalid(&mut self, line: u32, written: Cow<'_, str>, reason: InvalidReason) {
        self.sink.invalid(line, written, reason);
    }
}
