//! `AUTH` (RFC 4954): which mechanism, and its few lines.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;

use super::capabilities::Capabilities;
use super::connect::{ask, unwelcome};
use super::failure::ConnectCause;
use super::wire::Wire;
use crate::mail::server::{AuthChoice, Credentials};

/// The longest command line; a longer first response has to wait for the server's 334.
const COMMAND_LIMIT: usize = 512;

/// A mechanism both sides can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    Plain,
    Login,
    XOAuth2,
}

/// The mechanism that was asked for, if it is offered; by default the better of the offered ones.
pub(super) fn choose(
    choice: AuthChoice,
    capabilities: &Capabilities,
) -> Result<Mechanism, ConnectCause> {
    let wanted: &[_] = match choice {
        AuthChoice::Best => &[Mechanism::Plain, Mechanism::Login],
        AuthChoice::Plain => &[Mechanism::Plain],
        AuthChoice::Login => &[Mechanism::Login],
        AuthChoice::XOAuth2 => &[Mechanism::XOAuth2],
    };
    wanted
        .iter()
        .copied()
        .find(|mechanism| capabilities.offers(mechanism.name()))
        .ok_or(ConnectCause::NoMechanism)
}

impl Mechanism {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::XOAuth2 => "XOAUTH2",
        }
    }
}

/// Proves who we are. No part of it is ever logged.
pub(super) async fn authenticate(
    wire: &mut Wire,
    mechanism: Mechanism,
    credentials: &Credentials,
    deadline: Duration,
) -> Result<(), ConnectCause> {
    let (user, password) = (credentials.user(), credentials.password().expose_secret());
    let responses = match mechanism {
        Mechanism::Plain => vec![encoded(&Zeroizing::new(format!("\0{user}\0{password}")))],
        Mechanism::Login => vec![encoded(user), encoded(password)],
        Mechanism::XOAuth2 => vec![encoded(&Zeroizing::new(format!(
            "user={user}\x01auth=Bearer {password}\x01\x01"
        )))],
    };
    let mut responses = responses.into_iter().peekable();
    let mut line = Zeroizing::new(format!("AUTH {}", mechanism.name()));
    if mechanism != Mechanism::Login
        && let Some(first) =
            responses.next_if(|first| line.len() + 1 + first.len() + 2 <= COMMAND_LIMIT)
    {
        line.push(' ');
        line.push_str(&first);
    }
    line.push_str("\r\n");
    let mut has_given_up = false;
    loop {
        let reply = ask(wire, line.as_bytes(), deadline).await?;
        if reply.code.is_positive() {
            return Ok(());
        }
        if reply.code.get() != 334 || has_given_up {
            return Err(unwelcome(&reply));
        }
        line.clear();
        if let Some(response) = responses.next() {
            line.push_str(&response);
        } else {
            has_given_up = true;
            // XOAUTH2 explains its refusal in a challenge; only an empty response brings the refusal itself. With the
            // others `*` takes the attempt back.
            if mechanism != Mechanism::XOAuth2 {
                line.push('*');
            }
        }
        line.push_str("\r\n");
    }
}

/// Base64 of it, wiped from memory in the end like what it was made of.
fn encoded(text: &str) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(text))
}
