//! The line itself: plaintext or TLS, whole writes and whole replies, each within its deadline.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::smtp_reply::ReplyCode;
use futures::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::failure::{Cause, ProtocolError};
use super::replies::{RawReply, ReplyReader};

/// How much is asked of the socket at once.
const READ_SIZE: usize = 4_096;

/// A connection, protected or not.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection and the replies that have come over it.
pub(super) struct Wire {
    stream: Stream,
    replies: ReplyReader,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            replies: ReplyReader::default(),
        }
    }

    /// The connection alone, for the handshake of TLS.
    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }

    pub(super) fn is_protected(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// Writes all of it. On failure nobody knows how much was written.
    pub(super) async fn send(&mut self, octets: &[u8], deadline: Duration) -> Result<(), Cause> {
        let write = async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        };
        within(deadline, write).await
    }

    /// The next reply, 421 among them.
    pub(super) async fn reply(&mut self, deadline: Duration) -> Result<RawReply, Cause> {
        if let Some(reply) = self.replies.next()? {
            return Ok(reply);
        }
        let Self { stream, replies } = self;
        let read = async {
            loop {
                replies.buffer.reserve(READ_SIZE);
                if stream.read_buf(&mut replies.buffer).await? == 0 {
                    return Ok(Err(Cause::Closed));
                }
                match replies.next() {
                    Ok(Some(reply)) => return Ok(Ok(reply)),
                    Ok(None) => {}
                    Err(error) => return Ok(Err(error.into())),
                }
            }
        };
        within(deadline, read).await?
    }

    /// The next reply; 421 is an error, because the server closes with it.
    pub(super) async fn answer(&mut self, deadline: Duration) -> Result<RawReply, Cause> {
        let reply = self.reply(deadline).await?;
        if reply.code == ReplyCode::CLOSING {
            Err(Cause::Unavailable(reply.to_reply()))
        } else {
            Ok(reply)
        }
    }

    /// What the server did unasked, as far as it is known without waiting: closed the connection, or said something.
    pub(super) fn surprise(&mut self) -> Option<Cause> {
        if self.replies.is_empty() {
            self.replies.buffer.reserve(READ_SIZE);
            match self
                .stream
                .read_buf(&mut self.replies.buffer)
                .now_or_never()?
            {
                Ok(0) => return Some(Cause::Closed),
                Ok(_) => {}
                Err(error) => return Some(error.into()),
            }
        }
        Some(match self.replies.next() {
            Ok(Some(reply)) if reply.code == ReplyCode::CLOSING => {
                Cause::Unavailable(reply.to_reply())
            }
            Ok(Some(reply)) => ProtocolError::Unexpected(reply.to_reply()).into(),
            Ok(None) => ProtocolError::UnexpectedOctets.into(),
            Err(error) => error.into(),
        })
    }

    /// Closes the connection in the orderly way.
    pub(super) async fn shutdown(&mut self, deadline: Duration) -> Result<(), Cause> {
        within(deadline, self.stream.shutdown()).await
    }
}

/// Bounds one step of input or output.
pub(super) async fn within<T>(
    deadline: Duration,
    step: impl Future<Output = Result<T, io::Error>>,
) -> Result<T, Cause> {
    match timeout(deadline, step).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(Cause::TimedOut(deadline)),
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, octets),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
