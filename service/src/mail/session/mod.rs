//! One SMTP dialogue, which always knows whether it failed before or after the final dot.
//!
//! A message takes two calls, so that its owner can look at its lease between them: [`Session::envelope`] asks
//! whether the server would take it, and [`Session::content`] hands it over. Nothing of a message is written before
//! the second call, and *after the dot* begins when a buffer that holds the dot is first offered to the socket.
//!
//! - [`envelope`], [`content`]: what goes in and what can come out of the two calls.
//! - [`capabilities`]: what the server offers. [`failure`]: why it went no further.
//! - `connect`, `auth`: from nothing to a session. `exchange`: one envelope's commands and replies.
//! - `wire`, `replies`, `command`: the line, what comes over it and what goes.
//!
//! Everything that is written is first gathered in one buffer. RFC 2920 §3.1 lets a message be the first "command" of
//! a pipelined group: the next envelope may travel behind its dot, in the same write.

pub mod capabilities;
pub mod content;
pub mod envelope;
pub mod failure;

mod auth;
mod command;
mod connect;
mod exchange;
mod replies;
mod wire;

use std::fmt;

use bytes::BytesMut;
use domain::smtp_reply::{ReplyCode, SmtpPhase};
use tokio::time::Instant;

pub use self::capabilities::Capabilities;
pub use self::content::{Content, ContentOutcome, Stuffed};
pub use self::envelope::{Envelope, EnvelopeAddress, EnvelopeOutcome, InvalidAddress, NotPossible};
pub use self::failure::{Cause, ConnectCause, ConnectError, ProtocolError};
use self::wire::Wire;
use super::server::{Deadlines, SmtpServer};

/// The largest single write, in octets: a longer message goes in several, and only the last one holds the dot.
const WRITE_LIMIT: usize = 64 * 1_024;

/// What a session is good for.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// An envelope; where `reset` is set, `RSET` goes in front of it.
    Idle { reset: bool },
    /// The replies to the envelope that went behind the last dot; a server that refused the message before it may
    /// still hold it against this one.
    Asked {
        envelope: Envelope,
        behind_a_refusal: bool,
    },
    /// A message: the server said 354.
    Promised,
    /// The reply to the message that was offered then, and another envelope where none was asked behind it.
    Offered {
        at: Instant,
        asked: Option<Envelope>,
    },
    /// Nothing. Every exchange begins with it, so that a future dropped half-way leaves it behind.
    Lost,
}

/// A connection to an SMTP server that has been greeted and, where asked for, protected and authenticated.
///
/// Dropping a future of its methods half-way loses the session, and only the session: [`is_usable`](Self::is_usable)
/// is false from then on and nothing more is written. Dropping the session closes the connection without a word.
/// `Debug` shows nothing of what went over the line.
pub struct Session {
    wire: Wire,
    capabilities: Capabilities,
    deadlines: Deadlines,
    state: State,
    outgoing: BytesMut,
    dot_offered: bool,
    messages_sent: u64,
    last_used: Instant,
}

impl Session {
    /// Connects and goes as far as the first envelope; tells how far it came when it fails.
    pub async fn connect(server: &SmtpServer) -> Result<Self, ConnectError> {
        let (wire, capabilities) = connect::connect(server).await?;
        tracing::debug!(
            server = server.name(),
            protected = wire.is_protected(),
            ?capabilities,
            "SMTP session opened"
        );
        Ok(Self {
            wire,
            capabilities,
            deadlines: server.deadlines().clone(),
            state: State::Idle { reset: false },
            outgoing: BytesMut::new(),
            dot_offered: false,
            messages_sent: 0,
            last_used: Instant::now(),
        })
    }

    /// Asks whether the server takes a message from this sender to this recipient, or reads the answer where that was
    /// asked behind the last message's dot. Writes nothing of the message.
    ///
    /// Call it only once the recipient's start is durable: it may end with the server waiting for the message, and
    /// then only the message or [`abandon`](Self::abandon) leads on.
    pub async fn envelope(&mut self, envelope: &Envelope) -> EnvelopeOutcome {
        self.dot_offered = false;
        let ending = match std::mem::replace(&mut self.state, State::Lost) {
            State::Asked {
                envelope: asked,
                behind_a_refusal,
            } if asked == *envelope => self.answers(envelope, behind_a_refusal).await,
            State::Idle { reset } => {
                if let Some(reason) = envelope.obstacle(&self.capabilities) {
                    self.state = State::Idle { reset };
                    return EnvelopeOutcome::NotPossible { reason };
                }
                if let Some(cause) = self.wire.surprise() {
                    return EnvelopeOutcome::Broken {
                        phase: SmtpPhase::Mail,
                        cause,
                    };
                }
                if self.capabilities.pipelining {
                    self.pipelined(envelope, reset).await
                } else {
                    self.one_by_one(envelope, reset).await
                }
            }
            _ => {
                return EnvelopeOutcome::Broken {
                    phase: SmtpPhase::Mail,
                    cause: Cause::OutOfTurn,
                };
            }
        };
        let (Ok((outcome, state)) | Err((outcome, state))) = ending;
        self.state = state;
        self.last_used = Instant::now();
        outcome
    }

    /// Hands the message over, and waits for the reply to its dot: [`offer`](Self::offer) and
    /// [`answer`](Self::answer).
    pub async fn content(&mut self, content: &Content) -> ContentOutcome {
        match self.offer(content, None).await {
            Ok(()) => self.answer().await,
            Err(stopped) => stopped,
        }
    }

    /// Hands the message over. Only after [`EnvelopeOutcome::Ready`]; [`answer`](Self::answer) waits for what the
    /// server says to it.
    ///
    /// A message up to 64 KiB goes with its dot in one write. Of a longer one the dot goes with the last part, so that
    /// a failure in the parts before is known to be no delivery.
    ///
    /// With `next` that envelope goes behind the dot in the same write, as [`ask_behind`](Self::ask_behind) does it.
    pub async fn offer(
        &mut self,
        content: &Content,
        next: Option<&Envelope>,
    ) -> Result<(), ContentOutcome> {
        self.dot_offered = false;
        if std::mem::replace(&mut self.state, State::Lost) != State::Promised {
            return Err(ContentOutcome::NotOffered {
                cause: Cause::OutOfTurn,
            });
        }
        if let Some(cause) = self.wire.surprise() {
            return Err(self.stopped(cause));
        }
        if let Err(cause) = self.send_all_but_the_last_part(content).await {
            return Err(self.stopped(cause));
        }
        self.outgoing.extend_from_slice(command::DOT);
        let next = next.filter(|next| self.may_ask_behind(next));
        if let Some(next) = next {
            command::group(&mut self.outgoing, next, &self.capabilities);
        }
        self.dot_offered = true;
        if let Err(cause) = self.wire.send(&self.outgoing, self.deadlines.content).await {
            return Err(self.stopped(cause));
        }
        self.state = State::Offered {
            at: Instant::now(),
            asked: next.cloned(),
        };
        Ok(())
    }

    /// Asks for the next message while the reply to the last one has not come (RFC 2920 §3.1), where the server
    /// pipelines; otherwise it does nothing. `DATA` is in what is asked, so that the start of that recipient must be
    /// durable. Then, once [`answer`](Self::answer) is there, only [`envelope`](Self::envelope) with the same one leads
    /// on, or giving the session up: the server may be waiting for its message.
    pub async fn ask_behind(&mut self, next: &Envelope) {
        let State::Offered { at, asked: None } = self.state else {
            return;
        };
        if !self.may_ask_behind(next) {
            return;
        }
        self.state = State::Lost;
        self.outgoing.clear();
        command::group(&mut self.outgoing, next, &self.capabilities);
        // Where this fails the reply to the message may have come before; whoever reads it learns of the failure.
        let sent = self.wire.send(&self.outgoing, self.deadlines.mail).await;
        self.state = State::Offered {
            at,
            asked: sent.is_ok().then(|| next.clone()),
        };
    }

    fn may_ask_behind(&self, next: &Envelope) -> bool {
        self.capabilities.pipelining && next.obstacle(&self.capabilities).is_none()
    }

    /// What the server says to the message that was offered. May be given up and asked for again.
    pub async fn answer(&mut self) -> ContentOutcome {
        let State::Offered { at, .. } = &self.state else {
            return ContentOutcome::NotOffered {
                cause: Cause::OutOfTurn,
            };
        };
        let left = self.deadlines.dot.saturating_sub(at.elapsed());
        let reply = self.wire.reply(left).await;
        let State::Offered { asked, .. } = std::mem::replace(&mut self.state, State::Lost) else {
            return ContentOutcome::Uncertain {
                cause: Cause::OutOfTurn,
            };
        };
        match reply {
            Ok(reply) => self.judge_dot(&reply, asked),
            Err(Cause::TimedOut(_)) => ContentOutcome::Uncertain {
                cause: Cause::TimedOut(self.deadlines.dot),
            },
            Err(cause) => ContentOutcome::Uncertain { cause },
        }
    }

    /// Leaves the last part in `outgoing`, without the dot.
    async fn send_all_but_the_last_part(&mut self, content: &Content) -> Result<(), Cause> {
        self.outgoing.clear();
        for piece in content.pieces(WRITE_LIMIT) {
            if self.outgoing.len() + piece.len() + command::DOT.len() > WRITE_LIMIT
                && !self.outgoing.is_empty()
            {
                self.wire
                    .send(&self.outgoing, self.deadlines.content)
                    .await?;
                self.outgoing.clear();
            }
            self.outgoing.extend_from_slice(piece);
        }
        Ok(())
    }

    /// A dialogue that stopped between 354 and the reply to the dot. A server that refuses a message it is still
    /// receiving mostly closes at once: its words, if they came, are the answer.
    fn stopped(&mut self, cause: Cause) -> ContentOutcome {
        let cause = match cause {
            Cause::Io(_) | Cause::TimedOut(_) => self
                .wire
                .surprise()
                .filter(|s| s.reply().is_some())
                .unwrap_or(cause),
            other => other,
        };
        match cause {
            Cause::Protocol(ProtocolError::Unexpected(reply)) | Cause::Unavailable(reply)
                if reply.code.is_transient() || reply.code.is_permanent() =>
            {
                ContentOutcome::Refused(reply)
            }
            cause if self.dot_offered => ContentOutcome::Uncertain { cause },
            cause => ContentOutcome::NotOffered { cause },
        }
    }

    fn judge_dot(&mut self, reply: &replies::RawReply, asked: Option<Envelope>) -> ContentOutcome {
        let (code, reply) = (reply.code, reply.to_reply());
        if code.is_intermediate() {
            return ContentOutcome::Uncertain {
                cause: ProtocolError::Unexpected(reply).into(),
            };
        }
        if code != ReplyCode::CLOSING {
            let refused = !code.is_positive();
            self.state = match asked {
                Some(envelope) => State::Asked {
                    envelope,
                    behind_a_refusal: refused,
                },
                None => State::Idle { reset: refused },
            };
        }
        self.last_used = Instant::now();
        if code.is_positive() {
            self.messages_sent += 1;
            ContentOutcome::Accepted(reply)
        } else {
            ContentOutcome::Refused(reply)
        }
    }

    /// Leaves without handing the message over: closes the connection, so that nothing is delivered
    /// (RFC 5321 §4.1.1.10).
    pub fn abandon(self) {
        drop(self);
    }

    /// Says goodbye, waits for the answer and closes; all of it within the deadline for `QUIT`. A session that is not
    /// idle is only closed, because its server would take `QUIT` for a part of the message.
    pub async fn quit(mut self) {
        let deadline = self.deadlines.quit;
        if !self.is_idle() {
            return;
        }
        self.state = State::Lost;
        let goodbye = async {
            self.wire.send(command::QUIT, deadline).await?;
            self.wire.reply(deadline).await?;
            self.wire.shutdown(deadline).await
        };
        if !matches!(tokio::time::timeout(deadline, goodbye).await, Ok(Ok(()))) {
            tracing::trace!("SMTP server did not answer QUIT");
        }
    }

    /// True while the session can take an envelope, or the message it has promised to take.
    pub fn is_usable(&self) -> bool {
        !matches!(self.state, State::Offered { .. } | State::Lost)
    }

    /// True while this envelope may be the next, and, as far as that is known without waiting, the server has neither
    /// closed the connection nor begun to speak unasked; the session is lost then. A kept connection is worth this look
    /// before a recipient's start is made durable for it.
    pub fn is_ready_for(&mut self, envelope: &Envelope) -> bool {
        match &self.state {
            State::Idle { .. } => {
                if self.wire.surprise().is_some() {
                    self.state = State::Lost;
                }
                self.is_idle()
            }
            State::Asked {
                envelope: asked, ..
            } => asked == envelope,
            State::Promised | State::Offered { .. } | State::Lost => false,
        }
    }

    /// True while the session can take an envelope, whichever it is.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle { .. })
    }

    /// How many messages the server has accepted over this connection.
    pub fn messages_sent(&self) -> u64 {
        self.messages_sent
    }

    /// When the server last answered.
    pub fn last_used(&self) -> Instant {
        self.last_used
    }

    /// What the server offers.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("state", &self.state)
            .field("dot_offered", &self.dot_offered)
            .field("messages_sent", &self.messages_sent)
            .finish_non_exhaustive()
    }
}
