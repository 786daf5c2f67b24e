//! Placeholder until its first part is written.
