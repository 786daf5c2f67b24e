//! Lists as they come in: read, checked and handed on piece by piece, so that one of a million is
//! never in memory whole. Nothing here touches the database.
//!
//! ```text
//! body ── frames ──> reader, on a thread of its own ── batches ──> whoever stores them
//! ```
//!
//! Both arrows are short queues: who is slow holds the others back, the client too.
//!
//! | module | holds |
//! |---|---|
//! | `body` | from the client's frames to octets that can be read, unpacked and counted |
//! | `batch` | from recipients to batches |
//! | `lists` | CSV, JSON lines and JSON arrays |
//! | `rejected` | the rows that were left out, each with its reason |

pub(super) mod batch;
pub(super) mod body;
pub(super) mod lists;
pub(super) mod rejected;

pub use body::{Frames, Upload};
pub use lists::ListFormat;
pub use rejected::RejectedRows;

use crate::Error;

/// Why a list was not read to its end.
#[derive(Debug)]
pub(super) enum Fault {
    /// The caller hears this.
    Refused(Error),
    /// Whoever stores it has given up, and says why.
    Unwanted,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}
