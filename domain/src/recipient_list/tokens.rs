//! Plain lines, and the addresses on one.

use crate::address::characters::trim_noise;
use crate::address::quotes::end_of_quotes_at;

/// The lines of a text with their numbers, at LF, CRLF or a lone CR.
#[derive(Debug, Clone)]
pub(super) struct Lines<'t> {
    pub(super) rest: &'t str,
    /// The number of the line that comes next.
    pub(super) number: u32,
    /// Whether the text ends where `rest` does. Otherwise more of it is still to come, and a line is one only once
    /// its break is there, together with what follows a CR.
    pub(super) is_all: bool,
}

impl<'t> Lines<'t> {
    /// Those of a text that is all there.
    pub(super) fn of_all(text: &'t str, number: u32) -> Self {
        Self {
            rest: text,
            number,
            is_all: true,
        }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = (u32, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let number = self.number;
        let (line, rest) = split_line(self.rest);
        let may_go_on = rest.is_empty() && !self.rest.ends_with('\n');
        if may_go_on && !self.is_all {
            return None;
        }
        self.rest = rest;
        self.number = number.saturating_add(1);
        Some((number, line))
    }
}

/// The first line without its break, and what follows the break.
fn split_line(text: &str) -> (&str, &str) {
    let Some(end) = text.bytes().position(|byte| matches!(byte, b'\n' | b'\r')) else {
        return (text, "");
    };
    let line_break = if text[end..].starts_with("\r\n") {
        2
    } else {
        1
    };
    (&text[..end], &text[end + line_break..])
}

/// The pieces of a line between `,` `;` and tabs that are outside quotes and angle brackets, trimmed, the empty
/// ones left out. A quote or bracket that is not closed on the line is a character like others.
#[derive(Debug)]
pub(super) struct Tokens<'t> {
    rest: &'t str,
    /// False once one was found open: so is every later one, and looking again would cost the line's square.
    brackets_close: bool,
}

impl<'t> Tokens<'t> {
    pub(super) fn of(line: &'t str) -> Self {
        Self {
            rest: line,
            brackets_close: true,
        }
    }

    /// The end of the quoted string, the bracket or the single character at `index`.
    fn end_of_group(&mut self, index: usize) -> usize {
        let end = match self.rest.as_bytes()[index] {
            b'"' => end_of_quotes_at(self.rest, index),
            b'<' if self.brackets_close => {
                let end = end_of_bracket(self.rest, index);
                self.brackets_close = end.is_some();
                end
            }
            _ => None,
        };
        end.unwrap_or(index + 1)
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        while !self.rest.is_empty() {
            let bytes = self.rest.as_bytes();
            let mut end = 0;
            while end < bytes.len() && !matches!(bytes[end], b',' | b';' | b'\t') {
                end = self.end_of_group(end);
            }
            let token = trim_noise(&self.rest[..end]);
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if !token.is_empty() {
                return Some(token);
            }
        }
        None
    }
}

/// The end of the angle brackets that open at `index`, after the `>`.
fn end_of_bracket(text: &str, index: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut index = index + 1;
    while index < bytes.len() {
        index = match bytes[index] {
            b'>' => return Some(index + 1),
            b'"' => end_of_quotes_at(text, index).unwrap_or(index + 1),
            _ => index + 1,
        };
    }
    None
}
