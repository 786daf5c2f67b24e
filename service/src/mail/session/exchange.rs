//! One envelope's commands and their replies, together or one by one.

use std::time::Duration;

use domain::smtp_reply::{ReplyCode, SmtpPhase};

use super::envelope::{Envelope, EnvelopeOutcome};
use super::failure::{Cause, ProtocolError};
use super::replies::RawReply;
use super::{Session, State, command};

/// How an envelope ended and what the session is good for after it.
pub(super) type Ending = (EnvelopeOutcome, State);

/// What the server thinks of one command.
enum Verdict {
    Yes,
    No(RawReply),
}

impl Session {
    /// `RSET` where it is owed, `MAIL`, `RCPT` and `DATA` in one write (RFC 2920).
    pub(super) async fn pipelined(
        &mut self,
        envelope: &Envelope,
        reset: bool,
    ) -> Result<Ending, Ending> {
        self.outgoing.clear();
        if reset {
            self.outgoing.extend_from_slice(command::RSET);
        }
        command::group(&mut self.outgoing, envelope, &self.capabilities);
        let first = if reset {
            SmtpPhase::Reset
        } else {
            SmtpPhase::Mail
        };
        self.flush(first).await?;
        if reset {
            self.reset_answer().await?;
        }
        self.group_answers().await
    }

    /// The replies to an envelope that travelled behind the dot of the message before it. A server
    /// that refused that message may have kept its transaction and refuse this one's `MAIL` for it:
    /// then it is asked again, from a clean start.
    pub(super) async fn answers(
        &mut self,
        envelope: &Envelope,
        behind_a_refusal: bool,
    ) -> Result<Ending, Ending> {
        let ending = self.group_answers().await;
        if let Err((
            EnvelopeOutcome::Refused {
                phase: SmtpPhase::Mail,
                ..
            },
            State::Idle { .. },
        )) = &ending
            && behind_a_refusal
        {
            return self.pipelined(envelope, true).await;
        }
        ending
    }

    /// The replies to `MAIL`, `RCPT` and `DATA` that went together.
    async fn group_answers(&mut self) -> Result<Ending, Ending> {
        let mail = self.verdict(SmtpPhase::Mail).await?;
        // What is refused is refused, whatever goes wrong in the rest of the group.
        if let Verdict::No(refusal) = mail {
            let rcpt = self.verdict(SmtpPhase::Rcpt).await;
            let state = match rcpt {
                Ok(Verdict::No(_)) => self.clear_data().await,
                // A recipient without a sender: 354 might follow, and a dot might deliver.
                Ok(Verdict::Yes) | Err(_) => State::Lost,
            };
            return Err(refused(SmtpPhase::Mail, &refusal, state));
        }
        if let Verdict::No(refusal) = self.verdict(SmtpPhase::Rcpt).await? {
            let state = self.clear_data().await;
            return Err(refused(SmtpPhase::Rcpt, &refusal, state));
        }
        self.data_answer().await
    }

    /// The same, waiting for each reply.
    pub(super) async fn one_by_one(
        &mut self,
        envelope: &Envelope,
        reset: bool,
    ) -> Result<Ending, Ending> {
        if reset {
            self.outgoing.clear();
            self.outgoing.extend_from_slice(command::RSET);
            self.flush(SmtpPhase::Reset).await?;
            self.reset_answer().await?;
        }
        self.outgoing.clear();
        command::mail(&mut self.outgoing, envelope, &self.capabilities);
        self.flush(SmtpPhase::Mail).await?;
        if let Verdict::No(refusal) = self.verdict(SmtpPhase::Mail).await? {
            return Err(refused(
                SmtpPhase::Mail,
                &refusal,
                State::Idle { reset: true },
            ));
        }
        self.outgoing.clear();
        command::rcpt(&mut self.outgoing, envelope);
        self.flush(SmtpPhase::Rcpt).await?;
        if let Verdict::No(refusal) = self.verdict(SmtpPhase::Rcpt).await? {
            return Err(refused(
                SmtpPhase::Rcpt,
                &refusal,
                State::Idle { reset: true },
            ));
        }
        self.outgoing.clear();
        self.outgoing.extend_from_slice(command::DATA);
        self.flush(SmtpPhase::Data).await?;
        self.data_answer().await
    }

    async fn flush(&mut self, phase: SmtpPhase) -> Result<(), Ending> {
        self.wire
            .send(&self.outgoing, self.deadlines.mail)
            .await
            .map_err(broken(phase))
    }

    async fn reset_answer(&mut self) -> Result<(), Ending> {
        match self.verdict(SmtpPhase::Reset).await? {
            Verdict::Yes => Ok(()),
            Verdict::No(reply) => Err(broken(SmtpPhase::Reset)(unexpected(&reply))),
        }
    }

    /// The reply to `MAIL`, `RCPT` or `RSET`.
    async fn verdict(&mut self, phase: SmtpPhase) -> Result<Verdict, Ending> {
        let reply = self
            .wire
            .answer(self.patience(phase))
            .await
            .map_err(broken(phase))?;
        if reply.code.is_positive() {
            Ok(Verdict::Yes)
        } else if reply.code.is_intermediate() {
            Err(broken(phase)(unexpected(&reply)))
        } else {
            Ok(Verdict::No(reply))
        }
    }

    /// The reply to a `DATA` whose recipient was accepted.
    async fn data_answer(&mut self) -> Result<Ending, Ending> {
        let phase = SmtpPhase::Data;
        let reply = self
            .wire
            .answer(self.patience(phase))
            .await
            .map_err(broken(phase))?;
        if reply.code == ReplyCode::START_CONTENT {
            Ok((EnvelopeOutcome::Ready, State::Promised))
        } else if reply.code.is_transient() || reply.code.is_permanent() {
            Err(refused(phase, &reply, State::Idle { reset: true }))
        } else {
            Err(broken(phase)(unexpected(&reply)))
        }
    }

    /// Reads the reply to a pipelined `DATA` whose recipient was refused. A server may say 354 even so, and then takes
    /// everything for a message until a dot comes (RFC 2920 §3.1). Nobody can receive what that dot ends.
    async fn clear_data(&mut self) -> State {
        let Ok(reply) = self.wire.answer(self.patience(SmtpPhase::Data)).await else {
            return State::Lost;
        };
        if reply.code.is_transient() || reply.code.is_permanent() {
            return State::Idle { reset: true };
        }
        if reply.code != ReplyCode::START_CONTENT {
            return State::Lost;
        }
        let sent = self.wire.send(command::DOT, self.deadlines.content).await;
        let answered = match sent {
            Ok(()) => self.wire.answer(self.deadlines.dot).await,
            Err(cause) => Err(cause),
        };
        match answered {
            Ok(reply) if !reply.code.is_intermediate() => State::Idle { reset: true },
            Ok(_) | Err(_) => State::Lost,
        }
    }

    fn patience(&self, phase: SmtpPhase) -> Duration {
        match phase {
            SmtpPhase::Rcpt => self.deadlines.rcpt,
            SmtpPhase::Data => self.deadlines.data,
            _ => self.deadlines.mail,
        }
    }
}

fn refused(phase: SmtpPhase, reply: &RawReply, state: State) -> Ending {
    (
        EnvelopeOutcome::Refused {
            phase,
            reply: reply.to_reply(),
        },
        state,
    )
}

fn broken(phase: SmtpPhase) -> impl Fn(Cause) -> Ending {
    move |cause| (EnvelopeOutcome::Broken { phase, cause }, State::Lost)
}

fn unexpected(reply: &RawReply) -> Cause {
    ProtocolError::Unexpected(reply.to_reply()).into()
}
