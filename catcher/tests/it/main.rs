//! What the catcher promises, asked over a real connection.

mod auth;
mod client;
mod dialogue;
mod faults;
mod life;
mod process;
mod size;
mod store;
mod tls;

use catcher::{Catcher, Options};
use client::Client;

/// A catcher on a free port.
async fn start(options: Options) -> Catcher {
    Catcher::start(options)
        .await
        .expect("a free port of the loopback interface")
}

/// A catcher with nothing special, and a client that has said EHLO.
async fn ready() -> (Catcher, Client) {
    ready_with(Options::default()).await
}

/// The same with options.
async fn ready_with(options: Options) -> (Catcher, Client) {
    let catcher = start(options).await;
    let mut client = Client::connect(&catcher).await;
    client.hello().await;
    (catcher, client)
}
