//! The worker against real stores and the real catcher, one sentence a test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod campaigns;
mod faults;
mod processes;
mod queue;
mod stopping;
mod support;
