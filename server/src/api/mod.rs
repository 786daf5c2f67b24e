//! REST handlers: decode, one call into the service, encode.

pub mod campaigns;
pub mod events;
pub mod health;
pub mod imports;
