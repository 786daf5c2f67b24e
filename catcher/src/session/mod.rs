//! The input and output of one dialogue: reads what has come, answers all of it with one write, waits and closes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use smtp_proto::EXT_PIPELINING;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::Shared;
use crate::dialogue::{Dialogue, Next};
use crate::reception::Reception;
use crate::reply::{self, Reply};
use crate::transaction::Verdict;

#[cfg(test)]
mod tests;

/// The longest line of any command: that of AUTH (RFC 4954 §4).
const LINE_LIMIT: usize = 12_288;
const INPUT_CAPACITY: usize = 64 * 1024;
/// Replies wait for one another up to this many bytes, so that a client that never reads cannot fill the memory.
const OUTPUT_LIMIT: usize = 64 * 1024;
/// A larger buffer is not kept for the next body.
const BODY_CAPACITY: usize = 1024 * 1024;
/// How long a closing connection waits for the client to close too.
const LINGER: Duration = Duration::from_millis(500);

/// How a session came to its end.
pub(crate) enum Ending {
    Closed,
    StartTls,
}

/// What the next bytes are.
enum Phase {
    Command,
    /// The rest of a line that was too long.
    LongLine,
    Body(Reception),
    /// A body that is cut off on request.
    DroppedBody,
}

/// What there is to do.
enum Step {
    Again,
    Read,
    Pause(Duration, Reply),
    StartTls,
    /// Closes once the client has had every reply.
    Close,
    /// Closes in the middle, whatever the client is still writing.
    Cut,
}

/// What came of waiting for input.
enum Input {
    More,
    /// The client has closed its side.
    Ended,
    /// Nothing more is waited for; this says why.
    GivenUp(Reply),
}

/// One dialogue over one stream.
pub(crate) struct Session<S> {
    stream: S,
    shared: Arc<Shared>,
    dialogue: Dialogue,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
    phase: Phase,
    input: BytesMut,
    output: Vec<u8>,
    body: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    pub(crate) fn new(
        stream: S,
        shared: &Arc<Shared>,
        stop: &CancellationToken,
        is_encrypted: bool,
    ) -> Self {
        Self {
            stream,
            shared: Arc::clone(shared),
            dialogue: Dialogue::new(Arc::clone(shared), is_encrypted),
            stopping: Box::pin(stop.clone().cancelled_owned()),
            phase: Phase::Command,
            input: BytesMut::with_capacity(INPUT_CAPACITY),
            output: Vec::with_capacity(512),
            body: Vec::new(),
        }
    }

    /// How many messages were accepted.
    pub(crate) fn messages(&self) -> u64 {
        self.dialogue.messages()
    }

    /// The stream, without what was read ahead of it.
    pub(crate) fn into_stream(self) -> S {
        self.stream
    }

    /// Prepares the greeting.
    pub(crate) fn greet(&mut self) {
        self.output.extend_from_slice(b"220 ");
        self.output
            .extend_from_slice(self.shared.options.hostname.as_bytes());
        self.output.extend_from_slice(b" ESMTP Palomar catcher\r\n");
    }

    /// Serves the client to the end of the dialogue.
    pub(crate) async fn run(&mut self) -> io::Result<Ending> {
        // The greeting goes out before the client says a word.
        self.flush().await?;
        loop {
            match self.step() {
                Step::Again => {
                    if self.output.len() > OUTPUT_LIMIT {
                        self.flush().await?;
                    }
                }
                Step::Read => {
                    self.flush().await?;
                    match self.fill().await? {
                        Input::More => {}
                        Input::Ended => return self.close().await,
                        Input::GivenUp(farewell) => {
                            reply::write(&farewell, &mut self.output);
                            return self.close().await;
                        }
                    }
                }
                Step::Pause(wait, reply) => {
                    self.flush().await?;
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = self.stopping.as_mut() => {}
                    }
                    reply::write(&reply, &mut self.output);
                }
                Step::StartTls => {
                    self.flush().await?;
                    return Ok(Ending::StartTls);
                }
                Step::Close => return self.close().await,
                Step::Cut => {
                    self.flush().await?;
                    return Ok(Ending::Closed);
                }
            }
        }
    }

    /// Does one thing with what has been read.
    fn step(&mut self) -> Step {
        match &mut self.phase {
            Phase::Command => self.command(),
            Phase::LongLine => {
                let Some(end) = memchr::memchr(b'\n', &self.input) else {
                    self.input.clear();
                    return Step::Read;
                };
                self.input.advance(end + 1);
                self.phase = Phase::Command;
                reply::write(&reply::LINE_TOO_LONG, &mut self.output);
                Step::Again
            }
            Phase::Body(_) | Phase::DroppedBody if self.input.is_empty() => Step::Read,
            Phase::DroppedBody => Step::Cut,
            Phase::Body(reception) => {
                let max_size = self.shared.options.max_size;
                if !reception.ingest(&mut self.input, &mut self.body, max_size) {
                    return Step::Read;
                }
                let body = (!reception.is_too_large()).then_some(self.body.as_slice());
                let verdict = self.dialogue.body(body);
                self.phase = Phase::Command;
                if self.body.capacity() > BODY_CAPACITY {
                    self.body = Vec::new();
                }
                match verdict {
                    Verdict::Dropped => Step::Close,
                    Verdict::Accepted(wait) => self.say_after(wait, reply::MESSAGE_OK),
                    Verdict::Refused(wait, refusal) => self.say_after(wait, refusal),
                }
            }
        }
    }

    fn say_after(&mut self, wait: Duration, reply: Reply) -> Step {
        if wait.is_zero() {
            reply::write(&reply, &mut self.output);
            Step::Again
        } else {
            Step::Pause(wait, reply)
        }
    }

    fn command(&mut self) -> Step {
        let Some(end) = memchr::memchr(b'\n', &self.input) else {
            if self.input.len() < LINE_LIMIT {
                return Step::Read;
            }
            self.phase = Phase::LongLine;
            return Step::Again;
        };
        if end >= LINE_LIMIT {
            self.phase = Phase::LongLine;
            return Step::Again;
        }
        if !self.shared.options.offers(EXT_PIPELINING) && !self.output.is_empty() {
            // The line came before the last reply went.
            reply::write(&reply::NOT_PIPELINED, &mut self.output);
            return Step::Close;
        }
        let next = self.dialogue.line(&self.input[..=end], &mut self.output);
        self.input.advance(end + 1);
        match next {
            Next::Command => Step::Again,
            Next::Body => {
                self.phase = Phase::Body(Reception::begin(&mut self.body));
                Step::Again
            }
            Next::DropInBody => {
                self.phase = Phase::DroppedBody;
                Step::Again
            }
            Next::StartTls => Step::StartTls,
            Next::Close => Step::Close,
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        let write = async {
            self.stream.write_all(&self.output).await?;
            self.stream.flush().await
        };
        timeout(self.shared.options.idle_limit, write).await??;
        self.output.clear();
        Ok(())
    }

    /// Waits for more to come.
    async fn fill(&mut self) -> io::Result<Input> {
        self.input.reserve(INPUT_CAPACITY / 4);
        let is_in_body = matches!(self.phase, Phase::Body(_));
        let read = timeout(
            self.shared.options.idle_limit,
            self.stream.read_buf(&mut self.input),
        );
        tokio::select! {
            biased;
            // A body that is on its way may still arrive.
            () = self.stopping.as_mut(), if !is_in_body => Ok(Input::GivenUp(reply::STOPPING)),
            read = read => match read {
                Ok(Ok(0)) => Ok(Input::Ended),
                Ok(Ok(_)) => Ok(Input::More),
                Ok(Err(error)) => Err(error),
                Err(_elapsed) => Ok(Input::GivenUp(reply::IDLE)),
            },
        }
    }

    /// Closes so that the client can read every reply: a socket closed with unread input is reset, which may throw
    /// them away.
    async fn close(&mut self) -> io::Result<Ending> {
        self.flush().await?;
        self.stream.shutdown().await?;
        let drain = async {
            loop {
                self.input.clear();
                self.input.reserve(INPUT_CAPACITY);
                if self.stream.read_buf(&mut self.input).await? == 0 {
                    return Ok::<_, io::Error>(());
                }
            }
        };
        // Whoever does not close within the time, or resets, has had what there was to read.
        _ = timeout(LINGER, drain).await;
        Ok(Ending::Closed)
    }
}
