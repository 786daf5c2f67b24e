//! An SMTP server that follows a script, for exact octets and exact moments.
//!
//! It listens on a free port, takes one connection, does one step after the other and keeps every octet it received. A
//! step that does not come true ends the script, and [`ScriptedServer::finish`] tells which one it was.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in what it calls"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::smtp_reply::SmtpPhase;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use service::mail::server::{Deadlines, SmtpServer, Tls};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What the server does next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Says these lines; the line ends are added.
    Say(&'static str),
    /// Says these octets as they are.
    SayOctets(Vec<u8>),
    /// Reads one line, which must be this one.
    Expect(&'static str),
    /// As `Expect`, and nothing may have come with it: the client waits for the reply.
    ExpectAlone(&'static str),
    /// Reads one line, whatever it is.
    ExpectAnything,
    /// Reads up to and with the line that is only a dot, and keeps the octets.
    Content,
    /// Reads at least this many octets and throws them away.
    Swallow(usize),
    /// Reads until the client closes; nothing but `QUIT` may come.
    ExpectClose,
    /// Does the server's part of a TLS handshake; it may fail.
    Handshake,
    /// Says nothing until the client closes.
    Stall,
    /// Reads nothing more and keeps the connection open as long as the test runs.
    Deaf,
    /// Closes the connection, TLS first.
    Close,
    /// Closes the connection without a goodbye of TLS.
    Vanish,
}

/// What came, and how the script ended.
#[derive(Debug)]
pub(crate) struct Transcript {
    /// Every octet that was received, TLS taken off.
    pub(crate) received: Vec<u8>,
    /// The octets between 354 and the final dot, dot included, of each `Step::Content`.
    pub(crate) contents: Vec<Vec<u8>>,
    /// Which step did not come true, and what came instead.
    failure: Option<String>,
}

/// A server on its way through its script.
pub(crate) struct ScriptedServer {
    address: SocketAddr,
    certificate: String,
    task: JoinHandle<Transcript>,
}

impl ScriptedServer {
    /// Starts to follow the script with the next connection.
    pub(crate) async fn start(script: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (certificate, acceptor) = tls();
        let script: Vec<Step> = script.into_iter().collect();
        let task = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut play = Play::new(stream, acceptor);
            for step in script {
                if let Err(failure) = play.step(&step).await {
                    play.transcript.failure = Some(format!("{step:?}: {failure}"));
                    break;
                }
            }
            play.transcript
        });
        Self {
            address,
            certificate,
            task,
        }
    }

    /// How to reach it, with deadlines long enough for any machine.
    pub(crate) fn server(&self, tls: Tls) -> SmtpServer {
        SmtpServer::new("127.0.0.1", self.address.port(), tls)
    }

    /// Its URL, with `credentials` as `user:password@` or empty, and `parameters` as `?…` or empty.
    pub(crate) fn url(&self, scheme: &str, credentials: &str, parameters: &str) -> String {
        format!("{scheme}://{credentials}{}{parameters}", self.address)
    }

    /// Its own certificate, as PEM.
    pub(crate) fn certificate(&self) -> &[u8] {
        self.certificate.as_bytes()
    }

    /// Waits for the end of the script and fails when a step did not come true.
    pub(crate) async fn finish(self) -> Transcript {
        let transcript = self.task.await.unwrap();
        let received = String::from_utf8_lossy(&transcript.received).into_owned();
        assert!(
            transcript.failure.is_none(),
            "{}\nreceived: {received:?}",
            transcript.failure.unwrap()
        );
        transcript
    }
}

/// How long a stalled server is waited for.
pub(crate) const SOON: Duration = Duration::from_millis(60);

/// Deadlines of which only this phase's is short.
pub(crate) fn short_at(phase: SmtpPhase) -> Deadlines {
    let mut deadlines = Deadlines::default();
    let deadline = match phase {
        SmtpPhase::Connect | SmtpPhase::Tls => &mut deadlines.connect,
        SmtpPhase::Greeting => &mut deadlines.greeting,
        SmtpPhase::Hello | SmtpPhase::Auth => &mut deadlines.hello,
        SmtpPhase::Reset | SmtpPhase::Mail => &mut deadlines.mail,
        SmtpPhase::Rcpt => &mut deadlines.rcpt,
        SmtpPhase::Data => &mut deadlines.data,
        SmtpPhase::Content => &mut deadlines.content,
        SmtpPhase::Dot => &mut deadlines.dot,
    };
    *deadline = SOON;
    deadlines
}

fn tls() -> (String, TlsAcceptor) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
    (cert.pem(), TlsAcceptor::from(Arc::new(config)))
}

trait Line: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

struct Play {
    stream: Option<Box<dyn Line>>,
    plain: Option<TcpStream>,
    acceptor: TlsAcceptor,
    /// What was received and not yet looked at.
    pending: Vec<u8>,
    transcript: Transcript,
}

impl Play {
    fn new(stream: TcpStream, acceptor: TlsAcceptor) -> Self {
        let transcript = Transcript {
            received: Vec::new(),
            contents: Vec::new(),
            failure: None,
        };
        Self {
            stream: None,
            plain: Some(stream),
            acceptor,
            pending: Vec::new(),
            transcript,
        }
    }

    fn line(&mut self) -> Result<&mut dyn Line, String> {
        match (&mut self.stream, &mut self.plain) {
            (Some(stream), _) => Ok(stream.as_mut()),
            (None, Some(plain)) => Ok(plain),
            (None, None) => Err("the connection is closed".to_owned()),
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Say(text) => {
                let octets = format!("{}\r\n", text.replace('\n', "\r\n"));
                self.say(octets.as_bytes()).await
            }
            Step::SayOctets(octets) => self.say(octets).await,
            Step::Expect(expected) => self.expect(expected).await,
            Step::ExpectAlone(expected) => {
                self.expect(expected).await?;
                self.expect_nothing_more()
            }
            Step::ExpectAnything => self.read_through(b"\r\n").await.map(drop),
            Step::Content => {
                // The end of the line before counts: an empty message is a dot alone.
                self.pending.splice(..0, *b"\r\n");
                let octets = self.read_through(b"\r\n.\r\n").await?;
                self.transcript.contents.push(octets[2..].to_vec());
                Ok(())
            }
            Step::Swallow(count) => {
                while self.pending.len() < *count {
                    self.read().await?;
                }
                self.pending.clear();
                Ok(())
            }
            Step::ExpectClose => self.expect_close().await,
            Step::Handshake => {
                let plain = self.plain.take().ok_or("TLS twice")?;
                if let Ok(stream) = self.acceptor.clone().accept(plain).await {
                    self.stream = Some(Box::new(stream));
                }
                Ok(())
            }
            Step::Stall => {
                while self.read().await.is_ok() {}
                Ok(())
            }
            Step::Deaf => std::future::pending().await,
            Step::Vanish => {
                (self.stream, self.plain) = (None, None);
                Ok(())
            }
            Step::Close => {
                if let Ok(line) = self.line() {
                    // A client that has already gone needs no goodbye.
                    drop(line.shutdown().await);
                }
                (self.stream, self.plain) = (None, None);
                Ok(())
            }
        }
    }

    async fn say(&mut self, octets: &[u8]) -> Result<(), String> {
        let line = self.line()?;
        line.write_all(octets)
            .await
            .map_err(|error| error.to_string())?;
        line.flush().await.map_err(|error| error.to_string())
    }

    async fn expect(&mut self, expected: &str) -> Result<(), String> {
        let line = self.read_through(b"\r\n").await?;
        let line = String::from_utf8_lossy(&line[..line.len() - 2]).into_owned();
        if line == expected {
            Ok(())
        } else {
            Err(format!("came {line:?}"))
        }
    }

    fn expect_nothing_more(&self) -> Result<(), String> {
        if self.pending.is_empty() {
            Ok(())
        } else {
            Err(format!(
                "{:?} came with it",
                String::from_utf8_lossy(&self.pending)
            ))
        }
    }

    /// Fails at the first octet that is no `QUIT`, so that a client that waits for more is not waited for.
    async fn expect_close(&mut self) -> Result<(), String> {
        loop {
            if !b"QUIT\r\n".starts_with(&self.pending) {
                return self.expect_nothing_more();
            }
            if self.read().await.is_err() {
                return Ok(());
            }
        }
    }

    /// Reads through the first `end` and gives back all up to it, end included.
    async fn read_through(&mut self, end: &[u8]) -> Result<Vec<u8>, String> {
        loop {
            if let Some(position) = memchr::memmem::find(&self.pending, end) {
                return Ok(self.pending.drain(..position + end.len()).collect());
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), String> {
        let mut octets = vec![0; 64 * 1_024];
        match self.line()?.read(&mut octets).await {
            Ok(0) => Err(format!(
                "the client closed; pending {:?}",
                String::from_utf8_lossy(&self.pending)
            )),
            Ok(count) => {
                self.pending.extend_from_slice(&octets[..count]);
                self.transcript.received.extend_from_slice(&octets[..count]);
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}
