//! The server over HTTP, whole: its real service on a database of its own, its real catcher.
//! Most tests call the table of addresses without a connection; those about connections open
//! real ones.

mod addresses;
mod app;
mod caught;
mod create;
mod door;
mod events;
mod headers;
mod idempotency;
mod panics;
mod stop;
mod surfaces;
