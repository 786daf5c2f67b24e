//! A client that does what it is told, right or wrong.

use std::time::Duration;

use catcher::Catcher;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No test waits this long unless it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client<S = TcpStream> {
    pub(crate) stream: S,
    input: Vec<u8>,
}

impl Client {
    /// Connects and reads the greeting.
    pub(crate) async fn connect(catcher: &Catcher) -> Self {
        let mut client = Self::over(Self::socket(catcher).await);
        assert!(client.reply().await.starts_with("220 "));
        client
    }

    pub(crate) async fn socket(catcher: &Catcher) -> TcpStream {
        let stream = TcpStream::connect(catcher.address()).await;
        let stream = stream.expect("the catcher listens");
        stream.set_nodelay(true).expect("a socket option");
        stream
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self {
            stream,
            input: Vec::new(),
        }
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let write = async {
            self.stream.write_all(bytes.as_ref()).await?;
            self.stream.flush().await
        };
        let written = timeout(PATIENCE, write).await;
        written
            .expect("the catcher reads")
            .expect("the connection stands");
    }

    /// Sends a line and reads its reply.
    pub(crate) async fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n")).await;
        self.reply().await
    }

    /// Sends a group of lines in one write and reads as many replies.
    pub(crate) async fn say_all(&mut self, lines: &[&str]) -> Vec<String> {
        self.send(format!("{}\r\n", lines.join("\r\n"))).await;
        let mut replies = Vec::new();
        for _ in lines {
            replies.push(self.reply().await);
        }
        replies
    }

    /// Says EHLO and gives the extensions.
    pub(crate) async fn hello(&mut self) -> Vec<String> {
        let answer = self.say("EHLO client.example").await;
        assert!(answer.starts_with("250"), "{answer}");
        answer
            .lines()
            .skip(1)
            .map(|line| line[4..].to_owned())
            .collect()
    }

    /// Reads one reply, its lines joined by LF.
    pub(crate) async fn reply(&mut self) -> String {
        let mut reply: Vec<String> = Vec::new();
        loop {
            let line = self.line().await.expect("a reply, not the end");
            let is_last = line.as_bytes().get(3) != Some(&b'-');
            reply.push(line);
            if is_last {
                return reply.join("\n");
            }
        }
    }

    /// Whether the connection ends here, with nothing more said.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.line().await.is_none()
    }

    /// Opens a message up to the 354.
    pub(crate) async fn open(&mut self, sender: &str, recipient: &str) {
        let replies = self
            .say_all(&[
                &format!("MAIL FROM:<{sender}>"),
                &format!("RCPT TO:<{recipient}>"),
                "DATA",
            ])
            .await;
        assert!(replies[2].starts_with("354 "), "{replies:?}");
    }

    /// Sends a message whole and gives the reply to its dot.
    pub(crate) async fn deliver(&mut self, recipient: &str, message: &str) -> String {
        self.open("sender@example.org", recipient).await;
        self.say(&format!("{message}\r\n.")).await
    }

    /// The next line without its end; `None` at the end of the connection or when it is reset.
    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.input.windows(2).position(|pair| pair == b"\r\n") {
                let rest = self.input.split_off(end + 2);
                let mut line = std::mem::replace(&mut self.input, rest);
                line.truncate(end);
                return Some(String::from_utf8(line).expect("replies are text"));
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.input)).await;
            match read.expect("the catcher answers") {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
