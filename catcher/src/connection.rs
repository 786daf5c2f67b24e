//! One connection, from its first byte to its last: the session in plain text, the handshake, the session under TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::Shared;
use crate::options::Tls;
use crate::session::{Ending, Session};

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Serves one client to its end. Nothing it does ends the server.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    shared.store.connected();
    let mut messages = 0;
    let outcome = converse(stream, &shared, stop, &mut messages).await;
    match outcome {
        Ok(()) => tracing::debug!(peer.address = %peer, messages, "connection closed"),
        Err(error) => {
            tracing::debug!(peer.address = %peer, messages, %error, "connection lost");
        }
    }
}

async fn converse(
    stream: TcpStream,
    shared: &Arc<Shared>,
    stop: CancellationToken,
    messages: &mut u64,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (stream, greets) = match &shared.options.tls {
        Some(Tls::Implicit(_)) => (stream, true),
        Some(Tls::StartTls(_)) | None => {
            let mut session = Session::new(stream, shared, &stop, false);
            session.greet();
            let ending = session.run().await;
            *messages = session.messages();
            match ending? {
                Ending::Closed => return Ok(()),
                // What was read ahead in plain text is dropped with the session (RFC 3207 §6).
                Ending::StartTls => (session.into_stream(), false),
            }
        }
    };
    let Some(Tls::Implicit(config) | Tls::StartTls(config)) = &shared.options.tls else {
        return Ok(());
    };
    let acceptor = TlsAcceptor::from(Arc::clone(config));
    let stream = timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await??;
    let mut session = Session::new(stream, shared, &stop, true);
    if greets {
        session.greet();
    }
    let ending = session.run().await;
    *messages += session.messages();
    ending.map(|_| ())
}
