//! What the journal makes durable.

use domain::{
    RecipientId, Timestamp,
    recipient::RecipientStatus,
    smtp_reply::{SmtpPhase, SmtpReply},
};
use tokio::sync::oneshot;

use super::super::work::{Claimed, Stay};
use crate::queue::SendSlice;

/// A wish to hand a message over. Nothing of its body may go out before it is granted.
#[derive(Debug)]
pub(in super::super) struct Start {
    pub(super) slice: SendSlice,
    pub(super) epoch: i64,
    pub(super) recipient: RecipientId,
    /// Where the row stood when it was claimed: PENDING or DEFERRED.
    pub(super) status: RecipientStatus,
    /// The fence as it stood then; a granted start raises it by one.
    pub(super) attempt: i32,
    pub(super) answer: oneshot::Sender<Started>,
}

impl Start {
    /// Whether one statement can start both.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.status, self.attempt) == (other.status, other.attempt)
    }

    pub(super) fn is_deferred(&self) -> bool {
        self.status == RecipientStatus::Deferred
    }
}

/// What became of a wish to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Started {
    /// SENDING is durable: the message may go.
    Yes,
    /// The slice is no longer this process's, or the campaign is to stand still: nothing more
    /// of this slice may start.
    SliceClosed,
    /// The row is not where it was: somebody else has settled it.
    RowMoved,
}

/// What a wish to start is answered with.
#[derive(Debug)]
pub(in super::super) struct StartAnswer {
    coming: oneshot::Receiver<Started>,
    came: Option<Started>,
}

impl StartAnswer {
    pub(super) fn new(coming: oneshot::Receiver<Started>) -> Self {
        Self { coming, came: None }
    }

    /// The answer, once the start is durable or refused. May be asked for again, and given up.
    pub(in super::super) async fn wait(&mut self) -> Started {
        if let Some(came) = self.came {
            return came;
        }
        // A journal that is closed starts nothing more.
        let came = (&mut self.coming).await.unwrap_or(Started::SliceClosed);
        *self.came.insert(came)
    }

    /// The answer, if it is there.
    pub(in super::super) fn now(&mut self) -> Option<Started> {
        if self.came.is_none() {
            self.came = match self.coming.try_recv() {
                Ok(came) => Some(came),
                Err(oneshot::error::TryRecvError::Empty) => None,
                Err(oneshot::error::TryRecvError::Closed) => Some(Started::SliceClosed),
            };
        }
        self.came
    }
}

/// What a recipient comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Outcome {
    /// SENT.
    Sent(SmtpReply),
    /// FAILED.
    Failed(Trouble),
    /// DEFERRED until then.
    Deferred(Trouble, Timestamp),
    /// UNKNOWN.
    Unknown(Trouble),
    /// PENDING again: nothing of this attempt was accepted, and it was not the recipient's fault.
    Pending,
}

impl Outcome {
    /// Whether both are stored in the same words. Of an accepted message only the codes are: the
    /// rest of the reply mostly names it in the server's queue.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sent(one), Self::Sent(other)) => {
                (one.code, &one.enhanced) == (other.code, &other.enhanced)
            }
            _ => self == other,
        }
    }
}

/// Where and why it went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Trouble {
    pub(in super::super) phase: SmtpPhase,
    pub(in super::super) reply: Option<SmtpReply>,
    /// The server's words, or ours where it said none.
    pub(in super::super) text: String,
}

/// What is to be settled of one attempt.
#[derive(Debug)]
pub(in super::super) struct Settle {
    pub(super) slice: SendSlice,
    pub(super) recipient: RecipientId,
    /// The fence: only this attempt's row is settled.
    pub(super) attempt: i32,
    pub(super) outcome: Outcome,
    /// Whether the attempt counts against the recipient.
    pub(super) counted: bool,
    /// How often the server has broken off on this recipient, this time included.
    pub(super) disturbances: i32,
    /// The SMTP server that was tried; none where none was asked.
    pub(super) server: Option<String>,
    /// Held until the outcome is durable.
    pub(super) _stay: Stay,
}

impl Settle {
    /// Settles the attempt that `claimed` was started with.
    pub(in super::super) fn of(
        slice: SendSlice,
        claimed: &Claimed,
        verdict: super::super::verdict::Verdict,
        stay: Stay,
    ) -> Self {
        Self {
            slice,
            recipient: claimed.id,
            attempt: claimed.attempt + 1,
            outcome: verdict.outcome,
            counted: verdict.counted,
            disturbances: verdict.disturbances,
            server: None,
            _stay: stay,
        }
    }

    /// Whether one statement can settle both.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let of = |settle: &Self| (settle.attempt, settle.counted, settle.disturbances);
        of(self) == of(other) && self.server == other.server && self.outcome.is_like(&other.outcome)
    }

    /// Says which SMTP server was tried.
    pub(in super::super) fn by(self, server: &str) -> Self {
        Self {
            server: Some(server.to_owned()),
            ..self
        }
    }
}
