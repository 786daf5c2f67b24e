//! The header row: whether there is one, and what its columns mean.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::cells::{Cell, next_row};
use super::tokens::Lines;
use crate::address::MailboxRef;

/// Names of the column of addresses, in the order of preference, without spaces, hyphens and underscores.
const ADDRESS_COLUMNS: [&str; 6] = [
    "email",
    "emailaddress",
    "mail",
    "correo",
    "correoelectrónico",
    "address",
];
const NAME_COLUMNS: [&str; 2] = ["name", "nombre"];

/// What comes next in the text decides it.
#[derive(Debug)]
pub(super) struct Undecided;

/// What the columns of a list mean.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) delimiter: u8,
    columns: Vec<String>,
    address: usize,
    name: Option<usize>,
}

impl Header {
    /// Takes the header row off the lines when their first is one: it has no `@`, and one of its cells is a name of
    /// the column of addresses. The delimiter is the one that makes it so. [`Undecided`] while the row's end is not
    /// there.
    pub(super) fn take(lines: &mut Lines<'_>) -> Result<Option<Self>, Undecided> {
        let mut cells = Vec::new();
        for delimiter in [b',', b';', b'\t'] {
            let mut after = lines.clone();
            if next_row(&mut after, delimiter, &mut cells).is_none() {
                if lines.is_all {
                    continue;
                }
                return Err(Undecided);
            }
            let columns: Vec<String> = cells.iter().map(|cell| cell.text().into_owned()).collect();
            if let Some(header) = Self::of(delimiter, columns) {
                *lines = after;
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    fn of(delimiter: u8, columns: Vec<String>) -> Option<Self> {
        if columns.iter().any(|column| column.contains('@')) {
            return None;
        }
        let plain: Vec<String> = columns.iter().map(|column| simplified(column)).collect();
        let find = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| plain.iter().position(|column| column == name))
        };
        Some(Self {
            delimiter,
            address: find(&ADDRESS_COLUMNS)?,
            name: find(&NAME_COLUMNS),
            columns,
        })
    }

    /// Whether addresses are the only column, so that the lines after it follow the plain rules.
    pub(super) fn is_single_column(&self) -> bool {
        self.columns
            .iter()
            .filter(|column| !column.is_empty())
            .count()
            == 1
    }
}

/// Spreadsheets write the same name as `E-mail`, `e_mail` or `E Mail`.
fn simplified(column: &str) -> String {
    column
        .chars()
        .filter(|character| !matches!(character, ' ' | '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// One row under a header. It may be shorter or longer than the header.
#[derive(Debug)]
pub(super) struct Row<'r, 't> {
    pub(super) header: &'r Header,
    pub(super) cells: &'r [Cell<'t>],
}

impl<'t> Row<'_, 't> {
    pub(super) fn address(&self) -> Cow<'t, str> {
        self.cells
            .get(self.header.address)
            .map(|cell| cell.text())
            .unwrap_or_default()
    }

    /// Whether this line alone would be a row with an address that is not the whole row's.
    pub(super) fn swallows(&self, line: &str) -> bool {
        let mut cells = Vec::new();
        let mut lines = Lines::of_all(line, 0);
        if next_row(&mut lines, self.header.delimiter, &mut cells).is_none() {
            return false;
        }
        let alone = Row {
            header: self.header,
            cells: &cells,
        };
        let address = alone.address();
        address != self.address() && MailboxRef::parse(&address).is_ok()
    }

    pub(super) fn name(&self) -> Option<Cow<'t, str>> {
        self.cells.get(self.header.name?).map(|cell| cell.text())
    }

    /// Whether some cell holds a character that was lost when the text was read.
    pub(super) fn is_unreadable(&self) -> bool {
        self.cells
            .iter()
            .any(|cell| cell.text().contains(char::REPLACEMENT_CHARACTER))
    }

    /// Of columns with the same name the first counts; cells beyond the header or under an empty name have no
    /// name to be kept by.
    pub(super) fn vars(&self) -> BTreeMap<String, String> {
        let mut vars = BTreeMap::new();
        for (index, (column, cell)) in self.header.columns.iter().zip(self.cells).enumerate() {
            if index != self.header.address && Some(index) != self.header.name && !column.is_empty()
            {
                vars.entry(column.clone())
                    .or_insert_with(|| cell.text().into_owned());
            }
        }
        vars
    }
}
