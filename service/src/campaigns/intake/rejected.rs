//! The rows that were left out. There may be a million: what does not fit a little memory is in a
//! file that is gone with whoever holds it.

use std::{
    io::{self, Read, Seek, Write},
    mem,
};

use bytes::Bytes;
use domain::{FieldError, campaign::RejectedRow, error::MAX_FIELDS};
use futures::{Stream, stream};
use tempfile::{SpooledData, SpooledTempFile};
use tokio::io::AsyncReadExt;

use super::Fault;
use crate::Error;

/// As much of them as is kept in memory.
const IN_MEMORY: usize = 256 << 10;
/// As much as is read, or written, at once.
const PIECE: usize = 64 << 10;

/// Notes the rows that are left out, in the order they come.
#[derive(Debug)]
pub(in crate::campaigns) struct Rejections {
    spool: SpooledTempFile,
    /// What is not in the spool yet: a call into the system for each row would cost more than it.
    pending: Vec<u8>,
    count: u64,
    first: Vec<FieldError>,
}

impl Rejections {
    pub(in crate::campaigns) fn new() -> Self {
        Self {
            spool: SpooledTempFile::new(IN_MEMORY),
            pending: Vec::new(),
            count: 0,
            first: Vec::new(),
        }
    }

    /// How many there are.
    pub(in crate::campaigns) fn count(&self) -> u64 {
        self.count
    }

    /// The first of them, as faults, and how many there are.
    pub(in crate::campaigns) fn into_error(self) -> Error {
        Error::InvalidMany {
            total: usize::try_from(self.count).unwrap_or(usize::MAX),
            fields: self.first,
        }
    }

    pub(in crate::campaigns) fn add(&mut self, row: &RejectedRow) -> Result<(), Fault> {
        if self.first.len() < MAX_FIELDS {
            let message = format!("“{}”: {}", row.written, row.reason);
            let path = format!("recipients[line {}]", row.line);
            self.first.push(FieldError::new(path, message));
        }
        if self.count > 0 {
            self.pending.push(b',');
        }
        self.count += 1;
        serde_json::to_writer(&mut self.pending, row).map_err(|error| no_room(&error.into()))?;
        if self.pending.len() >= PIECE {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<(), Fault> {
        let pending = mem::take(&mut self.pending);
        self.spool
            .write_all(&pending)
            .map_err(|error| no_room(&error))
    }

    /// They are complete.
    pub(in crate::campaigns) fn finish(mut self) -> Result<RejectedRows, Fault> {
        self.spill()?;
        self.spool.rewind().map_err(|error| no_room(&error))?;
        Ok(RejectedRows(self.spool))
    }
}

fn no_room(error: &io::Error) -> Fault {
    tracing::error!(%error, "the rows that are left out cannot be kept");
    Fault::Refused(Error::Unavailable("the folder for temporary files"))
}

/// The rows an import left out: JSON objects, with commas between them.
#[derive(Debug)]
pub struct RejectedRows(SpooledTempFile);

impl RejectedRows {
    /// Their JSON, piece by piece: what stands between the brackets of an array of
    /// [`RejectedRow`].
    pub fn into_json(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        let (memory, file) = match self.0.into_inner() {
            SpooledData::InMemory(cursor) => (Some(Bytes::from(cursor.into_inner())), None),
            SpooledData::OnDisk(file) => (None, Some(tokio::fs::File::from_std(file))),
        };
        stream::unfold((memory, file), |(memory, file)| async {
            if let Some(memory) = memory {
                return Some((Ok(memory), (None, file)));
            }
            let mut file = file?;
            let mut piece = Vec::with_capacity(PIECE);
            match (&mut file).take(PIECE as u64).read_to_end(&mut piece).await {
                Ok(0) => None,
                Ok(_) => Some((Ok(Bytes::from(piece)), (None, Some(file)))),
                Err(error) => Some((Err(error), (None, None))),
            }
        })
    }

    /// All of them at once.
    pub fn read_all(mut self) -> io::Result<Vec<RejectedRow>> {
        let mut json = String::from("[");
        self.0.read_to_string(&mut json)?;
        json.push(']');
        Ok(serde_json::from_str(&json)?)
    }
}
