//! The worker against a real SQLite and the real catcher, one sentence a test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod campaigns;
mod faults;
mod stopping;
mod support;
