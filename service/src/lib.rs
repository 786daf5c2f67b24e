//! Placeholder until its first part is written.

pub mod mail;
