//! Reading lists: CSV, JSON lines and JSON arrays.

use std::io::{BufRead, Read};

use domain::{
    FieldError,
    address::EmailAddress,
    campaign::{InvalidRecipients, RecipientArray, RecipientInput, RejectedRow},
    recipient_list::{ListReader, MAX_LINE_LENGTH, Piece},
};
use serde::de::DeserializeSeed;
use serde_json::error::Category;

use super::{
    Fault,
    batch::Batches,
    body::{Broken, Octets, Source},
    rejected::Rejections,
};
use crate::{Error, campaigns::looked::shortened};

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFormat {
    /// As people paste lists: an address a line, or columns under a header row.
    Csv,
    /// A line of JSON for each recipient.
    JsonLines,
    /// An array of what `recipients` of a create takes.
    Json,
}

/// A list on its way from octets to batches.
pub(in crate::campaigns) struct List {
    pub(in crate::campaigns) batches: Batches,
    pub(in crate::campaigns) rejections: Rejections,
    pub(in crate::campaigns) invalid: InvalidRecipients,
}

impl List {
    /// Reads all of it. Rows that cannot be taken are noted; what is an error makes nothing of
    /// the list worth anything.
    pub(in crate::campaigns) fn read(
        &mut self,
        format: ListFormat,
        source: Source,
    ) -> Result<(), Fault> {
        match format {
            ListFormat::Csv => self.read_csv(source.open(None)),
            ListFormat::JsonLines => self.read_lines(source.open(None)),
            ListFormat::Json => self.read_array(source.open(Some(MAX_LINE_LENGTH))),
        }
    }

    fn read_csv(&mut self, octets: Octets) -> Result<(), Fault> {
        let Octets {
            mut reader, broken, ..
        } = octets;
        let mut list = ListReader::default();
        let mut fault = None;
        let mut each = |piece| {
            if fault.is_none() {
                fault = self.piece(piece).err();
            }
        };
        // What of a character came before the rest of it did.
        let mut begun = Vec::new();
        loop {
            let read = reader.fill_buf().map_err(|error| broken.explain(&error))?;
            let length = read.len();
            if length == 0 {
                break;
            }
            if begun.is_empty() {
                push_lossily(read, &mut list, &mut each, &mut begun);
            } else {
                let mut joined = std::mem::take(&mut begun);
                joined.extend_from_slice(read);
                push_lossily(&joined, &mut list, &mut each, &mut begun);
            }
            reader.consume(length);
        }
        if !begun.is_empty() {
            list.push("\u{FFFD}", &mut each);
        }
        list.finish(&mut each);
        fault.map_or(Ok(()), Err)
    }

    fn piece(&mut self, piece: Piece) -> Result<(), Fault> {
        match piece {
            Piece::Recipient(entry) => self.batches.take(&entry.address, &entry.vars),
            Piece::Invalid(invalid) => self.reject(&RejectedRow {
                line: u64::from(invalid.line),
                written: invalid.written,
                reason: invalid.reason.to_string(),
            }),
        }
    }

    fn read_lines(&mut self, octets: Octets) -> Result<(), Fault> {
        let Octets {
            mut reader, broken, ..
        } = octets;
        let mut text = Vec::new();
        for line in 1.. {
            text.clear();
            let longest = MAX_LINE_LENGTH as u64 + 1;
            let read = (&mut reader).take(longest).read_until(b'\n', &mut text);
            if read.map_err(|error| broken.explain(&error))? == 0 {
                break;
            }
            if text.len() > MAX_LINE_LENGTH && !text.ends_with(b"\n") {
                reader
                    .skip_until(b'\n')
                    .map_err(|error| broken.explain(&error))?;
                let reason = format!("the line is longer than {MAX_LINE_LENGTH} octets");
                self.reject(&row(line, &text, reason))?;
                continue;
            }
            let mut told = text.trim_ascii();
            if line == 1 {
                told = told.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(told);
            }
            if told.is_empty() {
                continue;
            }
            match serde_json::from_slice(told) {
                Ok(recipient) => self.recipient(line, &recipient)?,
                Err(error) => self.reject(&row(line, told, reason_of(&error)))?,
            }
        }
        Ok(())
    }

    fn read_array(&mut self, octets: Octets) -> Result<(), Fault> {
        let Octets {
            reader,
            broken,
            since,
        } = octets;
        let mut position = 0;
        let mut fault = None;
        let take = |recipient: RecipientInput| {
            since.reset();
            position += 1;
            self.recipient(position, &recipient).map_err(|error| {
                fault = Some(error);
                String::new()
            })
        };
        let read = read_json(reader, RecipientArray(take), &broken);
        fault.map_or(read, Err)
    }

    fn recipient(&mut self, line: u64, recipient: &RecipientInput) -> Result<(), Fault> {
        match EmailAddress::parse(recipient.email.trim()) {
            Ok(address) => self.batches.take(&address, &recipient.vars),
            Err(reason) => self.reject(&RejectedRow {
                line,
                written: shortened(&recipient.email),
                reason: reason.to_string(),
            }),
        }
    }

    fn reject(&mut self, row: &RejectedRow) -> Result<(), Fault> {
        if self.invalid == InvalidRecipients::Reject {
            self.batches.count_only();
        }
        self.rejections.add(row)
    }
}

fn row(line: u64, text: &[u8], reason: String) -> RejectedRow {
    RejectedRow {
        line,
        written: shortened(String::from_utf8_lossy(&text[..text.len().min(1 << 10)]).trim_end()),
        reason,
    }
}

fn reason_of(error: &serde_json::Error) -> String {
    let message = error.to_string();
    // It is about this one line, and where in it nobody asks.
    let message = message.split(" at line ").next().unwrap_or_default();
    match error.classify() {
        Category::Data => message.to_owned(),
        _ => format!("not JSON: {message}"),
    }
}

/// Hands on text whose octets may end in the middle of a character, which `begun` keeps. Octets
/// that are no character become the replacement character.
fn push_lossily(
    mut octets: &[u8],
    list: &mut ListReader,
    each: &mut impl FnMut(Piece),
    begun: &mut Vec<u8>,
) {
    loop {
        let error = match std::str::from_utf8(octets) {
            Ok(text) => return list.push(text, each),
            Err(error) => error,
        };
        let (valid, rest) = octets.split_at(error.valid_up_to());
        list.push(std::str::from_utf8(valid).unwrap_or_default(), each);
        let Some(length) = error.error_len() else {
            begun.extend_from_slice(rest);
            return;
        };
        list.push("\u{FFFD}", each);
        octets = &rest[length..];
    }
}

/// Reads a whole body of JSON. A fault of the reading comes first, then one of the syntax, with
/// line and column; one of the meaning is named by its path.
pub(in crate::campaigns) fn read_json<R, S, T>(
    reader: R,
    seed: S,
    broken: &Broken,
) -> Result<T, Fault>
where
    R: Read,
    S: for<'de> DeserializeSeed<'de, Value = T>,
{
    let mut json = serde_json::Deserializer::from_reader(reader);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let read = seed.deserialize(tracked);
    let read = read.and_then(|value| json.end().map(|()| value));
    read.map_err(|error| {
        Fault::Refused(match error.classify() {
            Category::Io => broken.explain(&error.into()),
            Category::Data => {
                let path = track.path().to_string();
                Error::Invalid(vec![FieldError::of_serde(&path, &error.to_string())])
            }
            Category::Syntax | Category::Eof => {
                Error::Malformed(format!("the body is not JSON: {error}"))
            }
        })
    })
}
