//! The worker against real stores and the real catcher, one sentence a test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod again;
mod campaigns;
mod control;
mod faults;
mod processes;
mod queue;
mod servers;
mod stopping;
mod support;
