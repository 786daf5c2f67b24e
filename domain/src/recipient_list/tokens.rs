//! Plain lines, and the addresses on one.

use crate::address::characters::trim_noise;
use crate::address::end_of_quotes;

/// The lines of a text with their numbers from 1, at LF, CRLF or a lone CR.
#[derive(Debug, Clone)]
pub(super) struct Lines<'t> {
    pub(super) rest: &'t str,
    /// The number of the line that comes next.
    pub(super) number: u32,
}

impl<'t> Iterator for Lines<'t> {
    type Item = (u32, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let number = self.number;
        let (line, rest) = split_line(self.rest);
        self.rest = rest;
        self.number = number.saturating_add(1);
        Some((number, line))
    }
}

/// The first line without its break, and what follows the break.
pub(super) fn split_line(text: &str) -> (&str, &str) {
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
    quotes_close: bool,
    brackets_close: bool,
}

impl<'t> Tokens<'t> {
    pub(super) fn of(line: &'t str) -> Self {
        Self {
            rest: line,
            quotes_close: true,
            brackets_close: true,
        }
    }

    /// The end of what starts at `start` and has a closing counterpart, or of the one character.
    fn end_of_group(&mut self, start: usize) -> usize {
        let text = &self.rest[start..];
        match text.as_bytes()[0] {
            b'"' if self.quotes_close => match end_of_quotes(text) {
                Some(length) => return start + length,
                None => self.quotes_close = false,
            },
            b'<' if self.brackets_close => match self.end_of_bracket(start) {
                Some(end) => return end,
                None => self.brackets_close = false,
            },
            _ => {}
        }
        start + 1
    }

    fn end_of_bracket(&mut self, start: usize) -> Option<usize> {
        let bytes = self.rest.as_bytes();
        let mut index = start + 1;
        while index < bytes.len() {
            match bytes[index] {
                b'>' => return Some(index + 1),
                b'"' => index = self.end_of_group(index),
                _ => index += 1,
            }
        }
        None
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        while !self.rest.is_empty() {
            let rest = self.rest;
            let mut end = 0;
            while end < rest.len() && !matches!(rest.as_bytes()[end], b',' | b';' | b'\t') {
                end = match rest.as_bytes()[end] {
                    b'"' | b'<' => self.end_of_group(end),
                    _ => end + 1,
                };
            }
            self.rest = rest.get(end + 1..).unwrap_or_default();
            let token = trim_noise(&rest[..end]);
            if !token.is_empty() {
                return Some(token);
            }
        }
        None
    }
}
