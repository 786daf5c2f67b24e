//! Rows of cells: RFC 4180, read leniently where people's files need it.
//!
//! Two things are beyond a strict reader, and why this one is our own. A cell such as `"john doe"@example.org` is an
//! address whose quotes are its own and must stay. And a quote that somebody forgot to close must not swallow the
//! lines after it: a cell may go over several lines only when it is closed exactly as RFC 4180 says.

use std::borrow::Cow;

use super::tokens::Lines;
use crate::address::characters::trim_noise;
use crate::address::quotes::end_of_quotes;

/// One cell, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell<'t> {
    content: &'t str,
    /// Whether quotes inside are doubled.
    doubled: bool,
}

impl<'t> Cell<'t> {
    /// What the cell says, trimmed.
    pub(super) fn text(self) -> Cow<'t, str> {
        if self.doubled {
            Cow::Owned(trim_noise(&self.content.replace("\"\"", "\"")).to_owned())
        } else {
            Cow::Borrowed(trim_noise(self.content))
        }
    }

    pub(super) fn is_blank(self) -> bool {
        trim_noise(self.content).is_empty()
    }
}

/// A token without the quotes a spreadsheet put around it, when they are around all of it.
pub(super) fn without_cell_quotes(token: &str) -> Cow<'_, str> {
    match quoted_cell(token) {
        Some((cell, "")) => cell.text(),
        _ => Cow::Borrowed(token),
    }
}

/// Reads the next row into `cells` and returns the number of its first line. `None` at the end of the text, and where
/// what comes after it decides where the row ends: then nothing is read.
pub(super) fn next_row<'t>(
    lines: &mut Lines<'t>,
    delimiter: u8,
    cells: &mut Vec<Cell<'t>>,
) -> Option<u32> {
    cells.clear();
    if lines.rest.is_empty() {
        return None;
    }
    let mut ahead = lines.clone();
    loop {
        let (cell, rest) = next_cell(ahead.rest, delimiter, ahead.is_all)?;
        cells.push(cell);
        ahead.number = ahead.number.saturating_add(count_breaks(cell.content));
        ahead.rest = rest;
        if rest.as_bytes().first() == Some(&delimiter) {
            ahead.rest = &rest[1..];
            continue;
        }
        // The line break, or the end of all there is.
        if ahead.next().is_none() && !ahead.is_all {
            return None;
        }
        let first_line = lines.number;
        *lines = ahead;
        return Some(first_line);
    }
}

/// The first cell of a row, and the text from the delimiter or line break after it. `None` when that is not known
/// yet, because the text goes on after what there is of it.
fn next_cell(text: &str, delimiter: u8, is_all: bool) -> Option<(Cell<'_>, &str)> {
    let ends_cell = |byte: u8| byte == delimiter || matches!(byte, b'\n' | b'\r');
    let start = text.trim_start_matches(' ');
    let is_quoted = start.starts_with('"');
    if is_quoted {
        match quoted_cell(start) {
            Some((cell, rest)) => {
                let rest = rest.trim_start_matches(' ');
                match rest.bytes().next() {
                    // It may be followed by a second quote.
                    None if !is_all => return None,
                    next if next.is_none_or(ends_cell) => return Some((cell, rest)),
                    _ => {}
                }
            }
            None if !is_all => return None,
            None => {}
        }
    }
    // Not in the cell's own quotes; a delimiter inside those of an address or a name still belongs to it.
    let quotes = if is_quoted {
        end_of_quotes(start)
    } else {
        None
    };
    if is_quoted && quotes.is_none() && !is_all && !start.contains(['\n', '\r']) {
        return None;
    }
    let from = quotes.map_or(0, |length| text.len() - start.len() + length);
    let end = match text[from..].bytes().position(ends_cell) {
        Some(length) => from + length,
        None if is_all => text.len(),
        None => return None,
    };
    let cell = Cell {
        content: &text[..end],
        doubled: false,
    };
    Some((cell, &text[end..]))
}

/// A cell in quotes at the start of the text, and what follows its closing quote.
fn quoted_cell(text: &str) -> Option<(Cell<'_>, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut doubled = false;
    let mut from = 0;
    loop {
        let quote = from + inner[from..].find('"')?;
        let rest = &inner[quote + 1..];
        if !rest.starts_with('"') {
            return Some((
                Cell {
                    content: &inner[..quote],
                    doubled,
                },
                rest,
            ));
        }
        doubled = true;
        from = quote + 2;
    }
}

fn count_breaks(content: &str) -> u32 {
    if !content.bytes().any(|byte| matches!(byte, b'\n' | b'\r')) {
        return 0;
    }
    let mut lines = Lines::of_all(content, 0);
    lines.by_ref().for_each(drop);
    // The last line has no break after it, unless the content ends in one.
    lines.number - u32::from(!content.ends_with(['\n', '\r']))
}
