//! What several tests share.

pub(crate) mod bed;
pub(crate) mod scripted_server;
