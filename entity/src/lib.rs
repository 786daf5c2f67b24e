//! One file per table, in SeaORM's standard shape, its columns typed with the domain's ids
//! and statuses. Entities hold no rule; the rules are in `domain`, the queries in `service`.
//!
//! `EmailJob` and `Recipient` are the contract's names; above this crate an `EmailJob` is a
//! *campaign*.

// SeaORM's macros make enums and structs that nobody can document.
#![expect(
    missing_docs,
    reason = "columns are described where the schema is made, in `migration`"
)]

pub mod campaign_event;
pub mod email_job;
pub mod id_block;
pub mod installation;
pub mod prelude;
pub mod recipient;
pub mod send_pace;
pub mod send_quota;
pub mod slice;
pub mod worker_process;
