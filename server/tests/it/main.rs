//! The server over HTTP, whole: its real service on a database of its own, its real catcher.
//! Most tests call the table of addresses without a connection; those about connections open
//! real ones.

// The router's and the pages' types nest deeper than the compiler looks by default.
#![recursion_limit = "256"]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod addresses;
mod app;
mod caught;
mod control;
mod create;
mod door;
mod events;
mod headers;
mod idempotency;
mod import;
mod kill;
mod pages;
mod panics;
mod process;
mod stop;
mod surfaces;
