//! A development SMTP server: it takes mail for any address, sends none on, and keeps it for a person to look at.
//!
//! It serves three masters. Inside the Palomar server of the embedded size it shows what would have been sent.
//! Tests start it on a free port and ask its [`Store`] what arrived, how often, and for whom; an address can ask
//! for a fault (see [`faults`]). As a binary, `palomar-catcher`, it stands under load and chaos tests: replies to
//! a pipelined group leave in one write, and messages are parsed only when somebody looks.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! let catcher = catcher::Catcher::start(catcher::Options::default().keep(100)).await?;
//! let store = catcher.store();
//! // … send something to catcher.address() …
//! assert_eq!(store.copies_of("1@example.org"), 1);
//! catcher.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `options` | what a catcher is told before it starts |
//! | `connection` | one connection: plain text, handshake, TLS |
//! | `session` | input and output of one dialogue: one write for all that was read, waiting, closing |
//! | `dialogue` | what is answered, command by command; no input or output |
//! | `transaction` | one message from MAIL to the dot, and what is to go wrong with it |
//! | `auth` | the AUTH exchange, likewise |
//! | `reception` | one body: dots, end, size |
//! | `reply` | every fixed reply |
//! | [`faults`] | the table of faults by address |
//! | `store` | what is kept and counted |
//! | `message` | what a person sees of a message |
//!
//! To add a fault: a row in the table of [`faults`] and in `README.md`, a variant there, an arm in `transaction`, and
//! a test that asks for it by its address.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smtp_proto::{EXT_AUTH, EXT_START_TLS, EhloResponse};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

mod auth;
mod connection;
mod dialogue;
pub mod faults;
mod message;
mod options;
mod reception;
mod reply;
mod session;
mod store;
mod transaction;

pub use message::{CaughtMessage, CaughtSummary};
pub use options::{Credentials, Now, Options, Tls};
pub use store::Store;

/// How long [`Catcher::stop`] waits for connections to end by themselves.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// How long accepting rests after it has failed, which is when the process has run out of files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running catcher. Dropping it stops accepting and lets go of the connections; [`stop`](Self::stop) also waits
/// for that.
#[derive(Debug)]
pub struct Catcher {
    address: SocketAddr,
    store: Store,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

impl Catcher {
    /// Binds and accepts connections from then on. Fails when the address cannot be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.bind).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(options));
        let store = shared.store.clone();
        let stop = CancellationToken::new();
        let server = tokio::spawn(accept(listener, shared, stop.clone()));
        Ok(Self {
            address,
            store,
            stop,
            server,
        })
    }

    /// The address it listens on, with the port that was really taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A handle on what was caught; it outlives the server.
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// Stops: accepts no more, lets a body that is on its way arrive, tells every client `421 4.3.2` and closes.
    /// Returns within about two seconds, whatever the clients do.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Err(error) = (&mut self.server).await {
            tracing::error!(%error, "the catcher ended before it was stopped");
        }
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What all connections have in common.
struct Shared {
    options: Options,
    store: Store,
    refusals: faults::Refusals,
    ehlo_plain: Vec<u8>,
    ehlo_encrypted: Vec<u8>,
}

impl Shared {
    fn new(options: Options) -> Self {
        let starttls = matches!(options.tls, Some(Tls::StartTls(_)));
        Self {
            store: Store::new(&options),
            refusals: faults::Refusals::default(),
            ehlo_plain: ehlo(&options, starttls),
            ehlo_encrypted: ehlo(&options, false),
            options,
        }
    }

    fn offers_starttls(&self) -> bool {
        matches!(self.options.tls, Some(Tls::StartTls(_)))
    }
}

/// The answer to EHLO, which is the same every time.
fn ehlo(options: &Options, starttls: bool) -> Vec<u8> {
    let mut answer = EhloResponse::new(options.hostname.as_str());
    answer.size = options.max_size;
    answer.auth_mechanisms = auth::MECHANISMS;
    answer.capabilities = options.extensions;
    if options.credentials.is_some() {
        answer.capabilities |= EXT_AUTH;
    }
    if starttls {
        answer.capabilities |= EXT_START_TLS;
    }
    let mut line = Vec::new();
    answer
        .write(&mut line)
        .expect("writing to a vector in memory cannot fail");
    line
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = sessions.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a connection failed");
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    sessions.spawn(connection::serve(stream, peer, Arc::clone(&shared), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let ended = async { while sessions.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_LIMIT, ended).await.is_err() {
        tracing::debug!(connections = sessions.len(), "connections cut off");
        sessions.shutdown().await;
    }
}
