//! A slot: one connection and one dialogue at a time.
//!
//! The order is the promise. A connection and the breaker's leave in hand, SENDING is made
//! durable; only then does the envelope go; only while the lease still holds does the body go;
//! and the outcome travels into the journal with the recipient's place in the window.

use std::{sync::Arc, time::Duration};

use domain::{
    address::EmailAddress,
    smtp_reply::{SmtpPhase, SmtpReply},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::{
    breaker::Admission,
    campaign,
    journal::{Hold, Journal, Settle, Started},
    outlet::{Outlet, Outlets},
    verdict::{Circumstances, Verdict},
    work::{Claimed, Stay, Ticket, Work},
};
use crate::{
    clock::Clock,
    config::Uncertain,
    database::Database,
    failpoints::failpoint,
    mail::{
        message::BuildError,
        reply::{self, Connection, Refusal, Settled, Settlement},
        session::{Content, Envelope, Session},
    },
};

/// What the slots of a process share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) outlets: Outlets,
    pub(super) journal: Journal,
    pub(super) window: Arc<Semaphore>,
    pub(super) schedule: Vec<Duration>,
    pub(super) uncertain: Uncertain,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) database: Arc<Database>,
    pub(super) stop: CancellationToken,
}

/// One slot.
#[derive(Debug)]
pub(super) struct Slot {
    shared: Arc<Shared>,
    outlet: Arc<Outlet>,
    session: Option<Session>,
}

impl Slot {
    /// A slot for messages that go by `outlet`.
    pub(super) fn new(shared: Arc<Shared>, outlet: Arc<Outlet>) -> Self {
        Self {
            shared,
            outlet,
            session: None,
        }
    }

    /// Delivers one recipient after the other until the process is to stop; a dialogue that has
    /// begun is brought to its end.
    pub(super) async fn run(mut self) {
        let (shared, outlet) = (Arc::clone(&self.shared), Arc::clone(&self.outlet));
        loop {
            let (ticket, admission) = tokio::select! {
                biased;
                () = shared.stop.cancelled() => break,
                next = outlet.next() => next,
                () = tokio::time::sleep(outlet.idle), if self.session.is_some() => {
                    self.hang_up().await;
                    continue;
                }
            };
            self.deliver(ticket, admission).await;
            if self
                .session
                .as_ref()
                .is_some_and(|s| outlet.has_had_enough(s))
            {
                self.hang_up().await;
            }
        }
        self.hang_up().await;
    }

    async fn hang_up(&mut self) {
        if let Some(session) = self.session.take() {
            session.quit().await;
        }
    }

    async fn deliver(&mut self, ticket: Ticket, admission: Admission) {
        let work = Arc::clone(ticket.work());
        let Ticket { stay, claimed } = ticket;
        let now = self.shared.clock.now();
        match work.template.message(claimed.id, &claimed.email, now) {
            Ok((envelope, content)) => {
                let message = Message {
                    work,
                    stay,
                    claimed,
                    envelope,
                    content,
                };
                self.hand_over(message, admission).await;
            }
            Err(error) => self.fail_unsent(&work, stay, claimed, &error).await,
        }
    }

    /// An address no message can be made for fails without a server being asked.
    async fn fail_unsent(&self, work: &Work, stay: Stay, claimed: Claimed, error: &BuildError) {
        let Some(permit) = self.place_in_window().await else {
            return;
        };
        if self.shared.journal.start(&work.lease, &claimed).await == Started::Yes {
            let verdict = Verdict::impossible(&claimed, error.to_string());
            let hold = Hold::new(permit, stay);
            self.shared
                .journal
                .settle(Settle::of(work.lease.slice, &claimed, verdict, hold));
        }
    }

    async fn hand_over(&mut self, message: Message, admission: Admission) {
        let stop = self.shared.stop.clone();
        let Some(admission) = self.connected(admission).await else {
            self.outlet.put_back(&message.work, message.claimed);
            return;
        };
        let Some(permit) = self.place_in_window().await else {
            return;
        };
        let within_limits = tokio::select! {
            () = stop.cancelled() => return,
            within = self.outlet.within_limits() => within,
        };
        if !within_limits || !message.work.lease.holds() {
            return message.work.give_up_if_lost();
        }
        match self
            .shared
            .journal
            .start(&message.work.lease, &message.claimed)
            .await
        {
            Started::Yes => {
                failpoint!("slot::started");
                self.converse(message, permit, admission).await;
            }
            Started::SliceClosed => message.work.give_up(),
            Started::RowMoved => {}
        }
    }

    /// Makes sure that there is a connection; without one nobody has been started, so nobody
    /// has lost anything.
    async fn connected(&mut self, admission: Admission) -> Option<Admission> {
        // Servers close kept connections, some without a word.
        if !self
            .session
            .as_mut()
            .is_some_and(|kept| kept.is_idle() && kept.is_still_open())
        {
            self.session = None;
            match Session::connect(&self.outlet.server).await {
                Ok(session) => self.session = Some(session),
                Err(error) => {
                    self.rest(|| admission.unreachable(&error.to_string()));
                    return None;
                }
            }
        }
        Some(admission)
    }

    async fn place_in_window(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.shared.window).acquire_owned().await.ok()
    }

    async fn converse(
        &mut self,
        message: Message,
        permit: OwnedSemaphorePermit,
        admission: Admission,
    ) {
        let kept = self
            .session
            .as_ref()
            .is_some_and(|session| session.messages_sent() > 0);
        let Some((settlement, connection)) = self.dialogue(&message).await else {
            message.work.give_up();
            let verdict = Verdict::withdrawn(&message.claimed);
            return self.settle(message, permit, verdict);
        };
        if connection == Connection::Drop || !self.session.as_ref().is_some_and(Session::is_usable)
        {
            self.session = None;
        }
        self.conclude(message, permit, admission, settlement, kept)
            .await;
    }

    /// The envelope, and the body behind it while the lease holds. None when it ran out after
    /// 354: closing the connection is the only way to send nothing then.
    async fn dialogue(&mut self, message: &Message) -> Option<Settled> {
        let session = self.session.as_mut()?;
        let outcome = session.envelope(&message.envelope).await;
        if let Some(refused) = reply::settle_envelope(outcome) {
            return Some(refused);
        }
        if message.work.lease.holds() {
            failpoint!("slot::enveloped");
            let outcome = session.content(&message.content).await;
            failpoint!("slot::replied");
            return Some(reply::settle_content(outcome));
        }
        self.session.take()?.abandon();
        None
    }

    async fn conclude(
        &self,
        message: Message,
        permit: OwnedSemaphorePermit,
        admission: Admission,
        settlement: Settlement,
        kept: bool,
    ) {
        match &settlement {
            // Many servers close a connection after some messages, some without a word: that is
            // nobody's fault, and a fresh connection tells whether there is more to it.
            Settlement::Disturbed {
                phase: SmtpPhase::Mail,
                ..
            } if kept => {
                drop(admission);
                let verdict = Verdict::withdrawn(&message.claimed);
                return self.again(message, permit, verdict);
            }
            Settlement::Disturbed { reason, reply, .. } => {
                let asked = reply.as_ref().and_then(asked_pause);
                self.rest(|| admission.broken_off(reason, asked));
            }
            Settlement::Unknown { reason, .. } => {
                self.rest(|| admission.broken_off(reason, None));
            }
            Settlement::Deferred { reply, .. } if asked_pause(reply).is_some() => {
                self.rest(|| admission.broken_off(&reply.text, asked_pause(reply)));
            }
            Settlement::SenderRefused { refusal } => {
                admission.served();
                self.pause(&message, refusal).await;
            }
            Settlement::Sent { .. } | Settlement::Failed { .. } | Settlement::Deferred { .. } => {
                admission.served();
            }
        }
        let address = EmailAddress::parse(&message.claimed.email).map(|a| a.masked());
        tracing::debug!(
            campaign.id = message.work.lease.slice.campaign.0,
            recipient.id = message.claimed.id.0,
            recipient.email = address.unwrap_or_default(),
            outcome = outcome_word(&settlement),
            "attempt ended",
        );
        let disturbed = matches!(settlement, Settlement::Disturbed { .. });
        let circumstances = Circumstances {
            now: self.shared.clock.now(),
            schedule: &self.shared.schedule,
            server_serves: self.outlet.breaker.serves(),
            uncertain: self.shared.uncertain,
        };
        let verdict = Verdict::of(settlement, &message.claimed, circumstances);
        if disturbed && verdict.is_back_to_pending() {
            self.again(message, permit, verdict);
        } else {
            self.settle(message, permit, verdict);
        }
    }

    fn settle(&self, message: Message, permit: OwnedSemaphorePermit, verdict: Verdict) {
        let hold = Hold::new(permit, message.stay);
        let settle = Settle::of(message.work.lease.slice, &message.claimed, verdict, hold);
        self.shared.journal.settle(settle.by(&self.outlet.name));
    }

    /// Tells the breaker, and when that gives the server a rest, lets the slices go that wait for
    /// it: another worker, or another server, may send them.
    fn rest(&self, tell: impl FnOnce()) {
        tell();
        if self.outlet.breaker.rests().is_some() {
            self.outlet.feed.rest();
        }
    }

    /// Back to PENDING, and behind the others of its slice for another try.
    fn again(&self, message: Message, permit: OwnedSemaphorePermit, verdict: Verdict) {
        // The slice must not be over between the two.
        let _stay = message.work.stay();
        let work = Arc::clone(&message.work);
        let mut claimed = message.claimed.clone();
        claimed.attempt += 1;
        claimed.status = domain::recipient::RecipientStatus::Pending;
        claimed.disturbances = verdict.disturbances;
        self.settle(message, permit, verdict);
        if !work.lease.is_given_up() {
            self.outlet.put_back(&work, claimed);
        }
    }

    /// The sender is refused, so everybody of this campaign would be: it stands still, alone.
    async fn pause(&self, message: &Message, refusal: &Refusal) {
        message.work.give_up();
        let campaign = message.work.lease.slice.campaign;
        let now = self.shared.clock.now();
        let paused =
            campaign::pause_refused(&self.shared.database, campaign, &words(refusal), now).await;
        if let Err(error) = paused {
            // The next recipient meets the same refusal and tries this again.
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a campaign was not paused"
            );
        }
    }
}

/// A recipient on its way through a slot.
#[derive(Debug)]
struct Message {
    work: Arc<Work>,
    stay: Stay,
    claimed: Claimed,
    envelope: Envelope,
    content: Content,
}

fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Reply(reply) => {
            let enhanced = reply.enhanced.as_ref().map(|code| format!(" {code}"));
            format!(
                "{}{} {}",
                reply.code.get(),
                enhanced.unwrap_or_default(),
                reply.text
            )
        }
        Refusal::Impossible(reason) => reason.to_string(),
    }
}

/// For how long the server asks to be left alone, where it does: by closing with a time in its
/// words, or as Gmail does, which counts each early return against the sender (4.7.28).
fn asked_pause(reply: &SmtpReply) -> Option<Duration> {
    const GMAIL: Duration = Duration::from_mins(10);
    let enhanced = reply.enhanced.as_ref().map(ToString::to_string);
    if enhanced.as_deref() == Some("4.7.28") {
        return Some(reply::named_delay(&reply.text).unwrap_or(GMAIL).max(GMAIL));
    }
    (reply.code.get() == 421)
        .then(|| reply::named_delay(&reply.text))
        .flatten()
}

fn outcome_word(settlement: &Settlement) -> &'static str {
    match settlement {
        Settlement::Sent { .. } => "sent",
        Settlement::Failed { .. } => "failed",
        Settlement::Deferred { .. } => "deferred",
        Settlement::SenderRefused { .. } => "sender refused",
        Settlement::Disturbed { .. } => "disturbed",
        Settlement::Unknown { .. } => "unknown",
    }
}
