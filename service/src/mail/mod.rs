//! Mail: everything between a recipient's row and an SMTP server's last word about it.
//!
//! - [`message`]: the message itself, built once per campaign.
//! - [`routes`]: by which server a campaign goes.
//! - [`server`]: which server, how to reach it and how to prove who we are; read from one URL.
//! - [`session`]: one SMTP dialogue that always knows whether it failed before or after the final dot.
//! - [`reply`]: what delivery does with a recipient after each way a dialogue can end; a pure function.

pub mod message;
pub mod reply;
pub mod routes;
pub mod server;
pub mod session;
