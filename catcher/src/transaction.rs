//! One message on its way, from MAIL to the dot: its envelope, and what its recipients have asked to go wrong.

use std::time::Duration;

use crate::faults::{Fault, Refusals};
use crate::reply::{self, Reply};
use crate::store::{Envelope, Store};

/// RFC 5321 §4.5.3.1.8 asks for at least 100.
const MAX_RECIPIENTS: usize = 1_000;

/// Where the connection closes on request; the earlier place is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DropAt {
    AfterDot,
    InData,
}

/// What DATA is answered with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// 354, and the body is read.
    Body,
    /// 354, and the connection closes once some of the body has come.
    DropInBody,
    /// This refusal.
    Refused(Reply),
}

/// How a message whose dot has come ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Accepted and counted; after the wait, the good reply.
    Accepted(Duration),
    /// Accepted and counted; the connection closes without a word.
    Dropped,
    /// Not accepted; after the wait, this reply.
    Refused(Duration, Reply),
}

/// One message on its way.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    envelope: Envelope,
    smtputf8: bool,
    tried_recipients: bool,
    data_after_refusal: bool,
    drop: Option<DropAt>,
    wait: Duration,
    refusal: Option<Reply>,
}

impl Transaction {
    /// Begins with what MAIL said.
    pub(crate) fn begin(sender: &str, smtputf8: bool) -> Self {
        Self {
            envelope: Envelope {
                sender: sender.to_owned(),
                recipients: Vec::with_capacity(1),
            },
            smtputf8,
            ..Self::default()
        }
    }

    /// Answers RCPT; an empty address is none.
    pub(crate) fn recipient(&mut self, address: &str, refusals: &Refusals) -> Reply {
        self.tried_recipients = true;
        if address.is_empty() {
            return reply::BAD_RECIPIENT;
        }
        if !self.smtputf8 && !address.is_ascii() {
            return reply::NEEDS_SMTPUTF8;
        }
        if self.envelope.recipients.len() >= MAX_RECIPIENTS {
            return reply::TOO_MANY_RECIPIENTS;
        }
        match Fault::of_recipient(address) {
            Some(Fault::Refuse(refusal)) => return refusal,
            Some(Fault::RefuseTimes(refusal, times)) if refusals.is_due(address, times) => {
                return refusal;
            }
            Some(Fault::Close) => return reply::CLOSED_ON_REQUEST,
            Some(Fault::DataAfterRefusal(refusal)) => {
                self.data_after_refusal = true;
                return refusal;
            }
            Some(Fault::DropInData) => self.drop = Some(DropAt::InData),
            Some(Fault::DropAfterDot) => self.drop = self.drop.max(Some(DropAt::AfterDot)),
            Some(Fault::Slow(wait)) => self.wait = self.wait.max(wait),
            Some(Fault::RefuseDot(refusal)) => self.refusal = Some(refusal),
            Some(Fault::RefuseTimes(..)) | None => {}
        }
        self.envelope.recipients.push(address.to_owned());
        reply::RECIPIENT_OK
    }

    /// Answers DATA.
    pub(crate) fn open(&self) -> Opening {
        if self.drop == Some(DropAt::InData) {
            Opening::DropInBody
        } else if self.data_after_refusal || !self.envelope.recipients.is_empty() {
            Opening::Body
        } else if self.tried_recipients {
            // RFC 5321 §3.3 allows this code and that of the wrong sequence; this one says more.
            Opening::Refused(reply::NO_RECIPIENTS)
        } else {
            Opening::Refused(reply::OUT_OF_SEQUENCE)
        }
    }

    /// Settles the message; `body` is `None` when it was too large to take.
    ///
    /// An accepted message is in the store before its reply is written: a reply that waits or never comes does
    /// not undo it.
    pub(crate) fn settle(self, body: Option<&[u8]>, delay: Duration, store: &Store) -> Verdict {
        let wait = self.wait.max(delay);
        if self.envelope.recipients.is_empty() {
            return Verdict::Refused(wait, reply::NO_RECIPIENTS);
        }
        let Some(body) = body else {
            return Verdict::Refused(wait, reply::TOO_LARGE);
        };
        match (self.drop, self.refusal) {
            (None, Some(refusal)) => Verdict::Refused(wait, refusal),
            (None, None) => {
                store.accept(self.envelope, body);
                Verdict::Accepted(wait)
            }
            (Some(_), _) => {
                store.accept(self.envelope, body);
                Verdict::Dropped
            }
        }
    }
}
