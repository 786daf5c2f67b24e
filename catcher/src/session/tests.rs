//! What only a stream that counts and fills up can show.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf, duplex,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Ending, Session};
use crate::{Options, Shared};

/// Counts the writes of the server.
struct Counted {
    stream: DuplexStream,
    writes: usize,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes += 1;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[tokio::test]
async fn a_pipelined_group_is_answered_with_one_write() {
    let (mut client, stream) = duplex(64 * 1024);
    let group = "EHLO client.example\r\nMAIL FROM:<s@example.org>\r\nRCPT TO:<a@example.org>\r\n\
        RCPT TO:<b+550@example.org>\r\nDATA\r\nx\r\n.\r\nMAIL FROM:<s@example.org>\r\nQUIT\r\n";
    client.write_all(group.as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    let stream = Counted { stream, writes: 0 };
    let shared = Arc::new(Shared::new(Options::default()));
    let mut session = Session::new(stream, &shared, &CancellationToken::new(), false);
    session.run().await.unwrap();
    let stream = session.into_stream();
    assert_eq!(stream.writes, 1);
    drop(stream);
    let mut replies = String::new();
    client.read_to_string(&mut replies).await.unwrap();
    assert!(replies.ends_with("221 2.0.0 Goodbye\r\n"), "{replies}");
}

#[tokio::test]
async fn what_a_client_still_writes_is_read_before_closing() {
    let (mut client, stream) = duplex(1_024);
    let shared = Arc::new(Shared::new(Options::default()));
    let mut session = Session::new(stream, &shared, &CancellationToken::new(), false);
    let write = async {
        client.write_all(b"QUIT\r\n").await.unwrap();
        client.write_all(&vec![b'x'; 300_000]).await.unwrap();
        client.shutdown().await.unwrap();
    };
    let both = async { tokio::join!(session.run(), write) };
    let (ending, ()) = timeout(Duration::from_secs(20), both).await.unwrap();
    assert!(matches!(ending, Ok(Ending::Closed)));
}
