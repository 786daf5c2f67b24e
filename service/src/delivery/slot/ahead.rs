//! Those who are next in a slot: their starts are made durable while a dialogue is under way.

use std::{collections::VecDeque, sync::Arc};

use domain::recipient::RecipientStatus;
use tokio::sync::OwnedSemaphorePermit;

use super::{Message, Shared};
use crate::{
    delivery::{
        journal::{Settle, StartAnswer, Started},
        outlet::Outlet,
        verdict::Verdict,
    },
    mail::session::Envelope,
};

/// A recipient whose start was asked for: SENDING, or soon so.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) message: Message,
    pub(super) permit: OwnedSemaphorePermit,
    answer: StartAnswer,
}

impl Begun {
    /// Asks for the start of a message that has its place in the window.
    pub(super) fn ask(shared: &Shared, message: Message, permit: OwnedSemaphorePermit) -> Self {
        let answer = shared.journal.start(&message.work.lease, &message.claimed);
        Self {
            message,
            permit,
            answer,
        }
    }

    /// Whether it may be handed over. Where it may not, nothing is left to be settled.
    pub(super) async fn is_granted(&mut self) -> bool {
        match self.answer.wait().await {
            Started::Yes => true,
            Started::SliceClosed => {
                self.message.work.give_up();
                false
            }
            Started::RowMoved => false,
        }
    }
}

/// The queue of one slot.
#[derive(Debug)]
pub(super) struct Ahead {
    shared: Arc<Shared>,
    outlet: Arc<Outlet>,
    queue: VecDeque<Begun>,
}

impl Ahead {
    pub(super) fn new(shared: Arc<Shared>, outlet: Arc<Outlet>) -> Self {
        Self {
            shared,
            outlet,
            queue: VecDeque::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whoever is next.
    pub(super) fn pop(&mut self) -> Option<Begun> {
        self.queue.pop_front()
    }

    /// Asks for the starts of as many as may wait behind the one whose turn it is. Never waits,
    /// and takes nobody another slot could write to at once.
    pub(super) fn fill(&mut self) {
        while self.queue.len() + 1 < self.shared.depth && !self.shared.stop.is_cancelled() {
            let Ok(permit) = Arc::clone(&self.shared.window).try_acquire_owned() else {
                return;
            };
            let Some(ticket) = self.outlet.spare() else {
                return;
            };
            let work = Arc::clone(ticket.work());
            match Message::of(ticket, self.shared.clock.as_ref()) {
                Ok(message) => {
                    let begun = Begun::ask(&self.shared, message, permit);
                    self.queue.push_back(begun);
                }
                // That is for a slot that may wait.
                Err((_stay, claimed, _)) => {
                    self.outlet.put_back(&work, claimed);
                    return;
                }
            }
        }
    }

    /// The envelope of whoever is next, if it may travel behind the dot of the message before it:
    /// DATA is in it, so its start must be durable.
    pub(super) fn ready(&mut self) -> Option<Envelope> {
        self.fill();
        let next = self.queue.front_mut()?;
        let started = next.answer.now() == Some(Started::Yes);
        started.then(|| self.may_go()).flatten()
    }

    /// The same as soon as there is somebody whose start is durable; may be given up and asked for
    /// again.
    pub(super) async fn company(&mut self) -> Envelope {
        while let Some(next) = self.queue.front_mut() {
            if !next.is_granted().await {
                drop(self.queue.pop_front());
                self.fill();
            } else if let Some(envelope) = self.may_go() {
                return envelope;
            } else {
                break;
            }
        }
        std::future::pending().await
    }

    fn may_go(&self) -> Option<Envelope> {
        let message = &self.queue.front()?.message;
        let may = message.work.lease.holds() && self.outlet.breaker.reason().is_none();
        may.then(|| message.envelope.clone())
    }

    /// Leaves those who wait to other slots. A server that was sent the envelope of one of them
    /// already never gets its body from this connection.
    pub(super) fn hand_on(&mut self) {
        let queue = std::mem::take(&mut self.queue);
        for mut begun in queue {
            match begun.answer.now() {
                Some(Started::Yes) => self.withdraw(begun),
                Some(Started::SliceClosed | Started::RowMoved) => {}
                None => self.queue.push_back(begun),
            }
        }
    }

    /// The same when the slot ends, once their starts are known.
    pub(super) async fn give_back(&mut self) {
        while let Some(mut begun) = self.pop() {
            if begun.is_granted().await {
                self.withdraw(begun);
            }
        }
    }

    /// Back to PENDING at nobody's cost: nothing of the message was offered.
    pub(super) fn withdraw(&self, begun: Begun) {
        let verdict = Verdict::withdrawn(&begun.message.claimed);
        self.again(begun, verdict);
    }

    /// Back to PENDING, and behind the others of its slice for another try.
    pub(super) fn again(&self, begun: Begun, verdict: Verdict) {
        // The slice must not be over between the two.
        let _stay = begun.message.work.stay();
        let work = Arc::clone(&begun.message.work);
        let mut claimed = begun.message.claimed.clone();
        claimed.attempt += 1;
        claimed.status = RecipientStatus::Pending;
        claimed.disturbances = verdict.disturbances;
        self.settle(begun, verdict);
        if !work.lease.is_given_up() {
            self.outlet.put_back(&work, claimed);
        }
    }

    /// Hands an outcome to the journal, and the place in the window to whoever is next.
    pub(super) fn settle(&self, begun: Begun, verdict: Verdict) {
        let Begun {
            message, permit, ..
        } = begun;
        let slice = message.work.lease.slice;
        let settle = Settle::of(slice, &message.claimed, verdict, message.stay);
        let journal = &self.shared.journal;
        journal.settle(settle.by(&self.outlet.name), permit);
    }
}
