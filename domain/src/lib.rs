//! Placeholder until its first part is written.

pub mod address;
pub mod recipient_list;
