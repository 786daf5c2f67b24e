//! From nothing to a session: connection, TLS, greeting, `EHLO`, `STARTTLS`, `AUTH`.

use domain::smtp_reply::{SmtpPhase, SmtpReply};
use rustls_pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::capabilities::Capabilities;
use super::failure::{Cause, ConnectCause, ConnectError, ProtocolError};
use super::replies::RawReply;
use super::wire::{Stream, Wire, within};
use super::{auth, command};
use crate::mail::server::{HelloName, SmtpServer, Tls};

/// Everything up to the first envelope.
pub(super) async fn connect(server: &SmtpServer) -> Result<(Wire, Capabilities), ConnectError> {
    let stream = open(server).await.map_err(at(SmtpPhase::Connect))?;
    let hello_name = match (server.hello_name(), stream.local_addr()) {
        (Some(name), _) => name.clone(),
        (None, Ok(address)) => HelloName::literal(address.ip()),
        (None, Err(error)) => return Err(at(SmtpPhase::Connect)(Cause::from(error).into())),
    };
    let mut wire = if server.tls() == Tls::Implicit {
        protect(server, stream).await.map_err(at(SmtpPhase::Tls))?
    } else {
        Wire::new(Stream::Plain(stream))
    };
    greeting(server, &mut wire)
        .await
        .map_err(at(SmtpPhase::Greeting))?;
    let mut capabilities = hello(server, &mut wire, &hello_name)
        .await
        .map_err(at(SmtpPhase::Hello))?;
    if wants_starttls(server.tls(), &capabilities).map_err(at(SmtpPhase::Tls))? {
        wire = starttls(server, wire).await.map_err(at(SmtpPhase::Tls))?;
        // What was offered in plaintext can't be trusted (RFC 3207 §4.2).
        capabilities = hello(server, &mut wire, &hello_name)
            .await
            .map_err(at(SmtpPhase::Hello))?;
    }
    if let Some(credentials) = server.credentials() {
        if !wire.is_protected() && server.tls() != Tls::None {
            return Err(at(SmtpPhase::Auth)(ConnectCause::PasswordWithoutTls));
        }
        let mechanism = auth::choose(server.auth(), &capabilities).map_err(at(SmtpPhase::Auth))?;
        auth::authenticate(&mut wire, mechanism, credentials, server.deadlines().hello)
            .await
            .map_err(at(SmtpPhase::Auth))?;
    }
    Ok((wire, capabilities))
}

fn at(phase: SmtpPhase) -> impl Fn(ConnectCause) -> ConnectError {
    move |cause| ConnectError { phase, cause }
}

/// Tries every address of the host, in the resolver's order; the last failure counts.
async fn open(server: &SmtpServer) -> Result<TcpStream, ConnectCause> {
    let deadline = server.deadlines().connect;
    let addresses = within(deadline, lookup_host((server.host(), server.port()))).await?;
    let mut failure = ConnectCause::NoAddress;
    for address in addresses {
        match within(deadline, TcpStream::connect(address)).await {
            Ok(stream) => {
                // Or every message waits 44 ms for a delayed acknowledgement.
                stream.set_nodelay(true).map_err(Cause::from)?;
                return Ok(stream);
            }
            Err(cause) => failure = cause.into(),
        }
    }
    Err(failure)
}

async fn protect(server: &SmtpServer, stream: TcpStream) -> Result<Wire, ConnectCause> {
    let name =
        ServerName::try_from(server.host().to_owned()).map_err(|_| ConnectCause::InvalidHost)?;
    let deadline = server.deadlines().connect;
    let handshake = TlsConnector::from(server.client_config()).connect(name, stream);
    match timeout(deadline, handshake).await {
        Ok(Ok(stream)) => Ok(Wire::new(Stream::Tls(Box::new(stream)))),
        Ok(Err(error)) => Err(ConnectCause::Handshake(error)),
        Err(_) => Err(Cause::TimedOut(deadline).into()),
    }
}

async fn greeting(server: &SmtpServer, wire: &mut Wire) -> Result<(), ConnectCause> {
    let reply = wire.answer(server.deadlines().greeting).await?;
    if reply.code.is_positive() {
        Ok(())
    } else {
        Err(unwelcome(&reply))
    }
}

/// `EHLO`, or `HELO` where the server doesn't know it.
async fn hello(
    server: &SmtpServer,
    wire: &mut Wire,
    name: &HelloName,
) -> Result<Capabilities, ConnectCause> {
    let deadline = server.deadlines().hello;
    let reply = ask(
        wire,
        format!("EHLO {}\r\n", name.as_str()).as_bytes(),
        deadline,
    )
    .await?;
    if reply.code.is_positive() {
        return Ok(Capabilities::from_ehlo(&reply));
    }
    if !reply.code.is_permanent() {
        return Err(unwelcome(&reply));
    }
    let reply = ask(
        wire,
        format!("HELO {}\r\n", name.as_str()).as_bytes(),
        deadline,
    )
    .await?;
    if reply.code.is_positive() {
        Ok(Capabilities::default())
    } else {
        Err(unwelcome(&reply))
    }
}

fn wants_starttls(tls: Tls, capabilities: &Capabilities) -> Result<bool, ConnectCause> {
    match (tls, capabilities.starttls) {
        (Tls::Required, false) => Err(ConnectCause::StartTlsNotOffered),
        (Tls::Required | Tls::Opportunistic, true) => Ok(true),
        (Tls::Opportunistic, false) | (Tls::None | Tls::Implicit, _) => Ok(false),
    }
}

async fn starttls(server: &SmtpServer, mut wire: Wire) -> Result<Wire, ConnectCause> {
    let reply = ask(&mut wire, command::STARTTLS, server.deadlines().hello).await?;
    if !reply.code.is_positive() {
        return Err(unwelcome(&reply));
    }
    match wire.surprise() {
        None => {}
        Some(Cause::Protocol(_) | Cause::Unavailable(_)) => {
            return Err(ConnectCause::InjectedPlaintext);
        }
        Some(cause) => return Err(cause.into()),
    }
    match wire.into_stream() {
        Stream::Plain(stream) => protect(server, stream).await,
        Stream::Tls(_) => Err(Cause::OutOfTurn.into()),
    }
}

/// One command and its reply.
pub(super) async fn ask(
    wire: &mut Wire,
    line: &[u8],
    deadline: std::time::Duration,
) -> Result<RawReply, ConnectCause> {
    wire.send(line, deadline).await?;
    Ok(wire.answer(deadline).await?)
}

/// The cause in a reply that was not the one hoped for.
pub(super) fn unwelcome(reply: &RawReply) -> ConnectCause {
    let (code, reply): (_, SmtpReply) = (reply.code, reply.to_reply());
    if code.is_transient() || code.is_permanent() {
        ConnectCause::Rejected(reply)
    } else {
        ProtocolError::Unexpected(reply).into()
    }
}
