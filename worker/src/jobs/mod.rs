//! The handlers, one file per job.

pub(crate) mod send_slice;
