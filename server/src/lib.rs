//! The process people and scripts talk to: pages, REST and events over HTTP. In the embedded
//! size it runs the worker and the mail catcher too.
//!
//! | module | holds |
//! |---|---|
//! | [`commands`] | what the binary can be told to do |
//! | [`application`] | a whole server: built, then run until it is told to stop |
//! | [`router`] | every address, on one screen |
//! | [`state`] | what every handler may use |
//! | [`api`] | REST handlers and event streams |
//! | [`pages`] | the pages, their bundle, and the composer's plain form |
//! | [`extract`] | requests as types, with rejections a program can read |
//! | [`problem`] | errors as `application/problem+json` |
//! | [`middleware`] | who may come in, limits, logs, headers, panics |
//! | [`inbox`] | the catcher, as the service looks at it |
//!
//! To add an endpoint: a handler in [`api`] that decodes, makes one call into the service and
//! encodes; its address in [`router`]; and its scenarios in `tests/it`.

pub mod api;
pub mod application;
pub mod commands;
pub mod extract;
pub mod healthcheck;
pub mod inbox;
pub mod middleware;
pub mod pages;
pub mod problem;
pub mod router;
mod start;
pub mod state;

pub use application::{Application, StartError};
pub use problem::Problem;
