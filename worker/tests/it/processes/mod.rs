//! The distributed size as it is run: a server and workers that are processes of their own, over a
//! real database and a real Redis, while they are terminated, killed and frozen.
//!
//! Passed over where the tests have no MySQL: there is nothing that processes could share then.

mod cluster;
mod failpoints;
mod freeze;
mod kill;
mod limits;
mod start;
