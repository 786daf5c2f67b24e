//! A survey taken step by step, so that a list of a million lines does not stop the page.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
    sync::Arc,
};

use domain::recipient_list::{RecipientList, SURVEY_INVALID_SHOWN, Survey, parse};

/// A step may grow by this factor to end at a line's end outside quotes; then it ends at any line's end.
const PATIENCE: usize = 8;

/// A survey under way. When done, it says what [`domain::recipient_list::survey`] says of the text.
pub(super) struct Surveyor {
    text: Arc<str>,
    /// How far it has read, in octets.
    at: usize,
    /// The number of the line that begins there, counted from 1.
    line: u32,
    /// Of every address met.
    keys: HashSet<u64>,
    survey: Survey,
}

impl Surveyor {
    pub(super) fn new(text: Arc<str>) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            keys: HashSet::new(),
            survey: Survey::default(),
        }
    }

    /// What was found so far.
    pub(super) fn survey(&self) -> &Survey {
        &self.survey
    }

    /// How much was read, in percent.
    pub(super) fn percent(&self) -> usize {
        self.at * 100 / self.text.len().max(1)
    }

    /// Reads on for about `octets`; true when the end is reached.
    pub(super) fn step(&mut self, octets: usize) -> bool {
        let text = Arc::clone(&self.text);
        let rest = &text[self.at..];
        // The text's first line may name columns: it is in the first piece, and every other is read
        // under it.
        let first = first_line(&text);
        let (length, breaks);
        if self.at == 0 {
            (length, breaks) = piece(rest, octets.max(first.end));
            self.count(parse(&rest[..length]), 0, 0);
        } else {
            (length, breaks) = piece(rest, octets);
            let list = parse(&format!("{}\n{}", &text[first], &rest[..length]));
            self.count(list, 1, self.line - 1);
        }
        self.at += length;
        self.line = self.line.saturating_add(breaks);
        self.at == self.text.len()
    }

    /// Takes in what was found below the first `above` lines, which were `before` lines further up.
    fn count(&mut self, list: RecipientList, above: u32, before: u32) {
        for entry in list.entries.iter().filter(|entry| entry.line > above) {
            let mut hasher = DefaultHasher::new();
            entry.address.key().hash(&mut hasher);
            if self.keys.insert(hasher.finish()) {
                self.survey.valid += 1;
            } else {
                self.survey.duplicate += 1;
            }
        }
        let below = |line: u32| line > above;
        self.survey.duplicate += list
            .duplicates
            .iter()
            .filter(|duplicate| below(duplicate.line))
            .count();
        for mut invalid in list
            .invalid
            .into_iter()
            .filter(|invalid| below(invalid.line))
        {
            self.survey.invalid += 1;
            if self.survey.first_invalid.len() < SURVEY_INVALID_SHOWN {
                invalid.line = invalid.line - above + before;
                self.survey.first_invalid.push(invalid);
            }
        }
    }
}

/// Where the first line that says something is.
fn first_line(text: &str) -> Range<usize> {
    let says_something = |line: &str| {
        !line
            .trim_matches(['\u{feff}', ' ', '\t', ',', ';'])
            .is_empty()
    };
    let mut start = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let end = start + line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        if says_something(line) {
            return start..start + line.len();
        }
        start = end;
    }
    0..0
}

/// How many octets make a piece of about `octets` that ends after a line, and its line breaks.
fn piece(text: &str, octets: usize) -> (usize, u32) {
    let bytes = text.as_bytes();
    let (mut breaks, mut in_quotes) = (0, false);
    for (index, byte) in bytes.iter().enumerate() {
        let after = index + 1;
        match byte {
            b'"' => in_quotes = !in_quotes,
            // Of CR LF only the second counts.
            b'\r' if bytes.get(after) == Some(&b'\n') => {}
            b'\n' | b'\r' => {
                breaks += 1;
                if after >= octets && (!in_quotes || after >= octets.saturating_mul(PATIENCE)) {
                    return (after, breaks);
                }
            }
            _ => {}
        }
    }
    (bytes.len(), breaks)
}

#[cfg(test)]
mod tests {
    use domain::recipient_list::survey;

    use super::*;

    fn in_steps(text: &str, octets: usize) -> Survey {
        let mut surveyor = Surveyor::new(text.into());
        while !surveyor.step(octets) {}
        surveyor.survey
    }

    #[test]
    fn a_survey_in_steps_says_what_a_survey_at_once_says() {
        let texts = [
            "",
            "\n\n",
            "ana@example.org\r\nLUIS@example.org, ana@Example.org\r\n\r\nno address\nemail\nana@example.org",
            "\u{feff}\nname,email\nAna,ana@example.org\n\"Luis\nRamos\",luis@example.org\nEva,\nAna,ANA@example.org\nEva,x@@y.org",
            "email\nana@example.org\nnobody\nana@example.org\n",
            "a@example.org\rb@example.org\rc d\ra@example.org",
        ];
        for text in texts {
            for octets in [1, 7, 20, 1_000] {
                assert_eq!(in_steps(text, octets), survey(text), "{text:?} by {octets}");
            }
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_does_not_make_one_step_of_everything() {
        let text = format!("\"ana@example.org\n{}", "luis@example.org\n".repeat(1_000));
        let mut surveyor = Surveyor::new(text.into());
        assert!(!surveyor.step(100));
        assert!(surveyor.percent() < 10);
    }
}
