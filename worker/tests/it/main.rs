//! The worker against a real SQLite and the real catcher, one sentence a test.

mod campaigns;
mod faults;
mod stopping;
mod support;
