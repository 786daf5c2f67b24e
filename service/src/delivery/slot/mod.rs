//! A slot: one connection and one dialogue at a time.
//!
//! The order is the promise. A connection and the breaker's leave in hand, SENDING is made
//! durable; only then does the envelope go; only while the lease still holds does the body go;
//! and the outcome travels into the journal.
//!
//! While one dialogue is under way the starts of the next recipients are made durable, and where
//! the server pipelines, the next envelope travels behind the dot of the message before it. So a
//! slot waits neither for the database nor twice for the line.

mod ahead;
mod conclude;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use self::ahead::{Ahead, Begun};
use super::{
    breaker::Admission,
    journal::{Journal, Settle, Started},
    outlet::{Outlet, Outlets},
    verdict::Verdict,
    work::{Claimed, Stay, Ticket, Work},
};
use crate::{
    clock::Clock,
    config::Uncertain,
    database::Database,
    failpoints::failpoint,
    mail::{
        message::BuildError,
        reply::{self, Connection, Settled},
        session::{Content, Envelope, Session},
    },
};

/// After so long without an answer those who wait behind this dialogue are left to other slots.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the slots of a process share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) outlets: Outlets,
    pub(super) journal: Journal,
    /// A place for each row that may be SENDING.
    pub(super) window: Arc<Semaphore>,
    /// How many of these places a slot may take.
    pub(super) depth: usize,
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
    ahead: Ahead,
}

impl Slot {
    /// A slot for messages that go by `outlet`.
    pub(super) fn new(shared: Arc<Shared>, outlet: Arc<Outlet>) -> Self {
        let ahead = Ahead::new(Arc::clone(&shared), Arc::clone(&outlet));
        Self {
            shared,
            outlet,
            session: None,
            ahead,
        }
    }

    /// Delivers one recipient after the other until the process is to stop; a dialogue that has
    /// begun is brought to its end.
    pub(super) async fn run(mut self) {
        let stop = self.shared.stop.clone();
        while !stop.is_cancelled() {
            if let Some(begun) = self.ahead.pop() {
                self.go_on(begun).await;
            } else if let Some((ticket, admission)) = self.next().await {
                self.begin(ticket, admission).await;
            } else {
                break;
            }
            let session = self.session.as_ref();
            if session.is_some_and(|session| self.outlet.has_had_enough(session)) {
                self.hang_up().await;
            }
        }
        self.ahead.give_back().await;
        self.hang_up().await;
    }

    /// The next recipient for whom nothing was done yet; None when the process is to stop.
    async fn next(&mut self) -> Option<(Ticket, Admission)> {
        loop {
            tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return None,
                next = self.outlet.next() => return Some(next),
                () = tokio::time::sleep(self.outlet.idle), if self.session.is_some() => {}
            }
            self.hang_up().await;
        }
    }

    async fn hang_up(&mut self) {
        if let Some(session) = self.session.take() {
            session.quit().await;
        }
    }

    async fn begin(&mut self, ticket: Ticket, admission: Admission) {
        let work = Arc::clone(ticket.work());
        match Message::of(ticket, self.shared.clock.as_ref()) {
            Ok(message) => self.start(message, admission).await,
            Err((stay, claimed, error)) => {
                self.fail_unsent(&work, stay, claimed, &error).await;
            }
        }
    }

    /// An address no message can be made for fails without a server being asked.
    async fn fail_unsent(&self, work: &Work, stay: Stay, claimed: Claimed, error: &BuildError) {
        let Some(permit) = self.place_in_window().await else {
            return;
        };
        let journal = &self.shared.journal;
        if journal.start(&work.lease, &claimed).wait().await == Started::Yes {
            let verdict = Verdict::impossible(&claimed, error.to_string());
            let settle = Settle::of(work.lease.slice, &claimed, verdict, stay);
            journal.settle(settle, permit);
        }
    }

    async fn start(&mut self, message: Message, admission: Admission) {
        let stop = self.shared.stop.clone();
        let Some(admission) = self.connected(&message.envelope, admission).await else {
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
        let mut begun = Begun::ask(&self.shared, message, permit);
        self.ahead.fill();
        if begun.is_granted().await {
            self.converse(begun, admission).await;
        }
    }

    /// The turn of a recipient whose start was asked for while another dialogue was under way.
    async fn go_on(&mut self, mut begun: Begun) {
        self.ahead.fill();
        if !begun.is_granted().await {
            return;
        }
        let message = &begun.message;
        if !message.work.lease.holds() {
            message.work.give_up_if_lost();
            return self.ahead.withdraw(begun);
        }
        let Some(admission) = self.outlet.breaker.try_admit() else {
            return self.ahead.withdraw(begun);
        };
        match self.connected(&message.envelope, admission).await {
            Some(admission) => self.converse(begun, admission).await,
            None => self.ahead.withdraw(begun),
        }
    }

    /// Makes sure that there is a connection that takes this envelope, or was sent it already.
    async fn connected(&mut self, envelope: &Envelope, admission: Admission) -> Option<Admission> {
        // Servers close kept connections, some without a word.
        if !self
            .session
            .as_mut()
            .is_some_and(|kept| kept.is_ready_for(envelope))
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

    /// Hands a message over whose start is durable.
    async fn converse(&mut self, begun: Begun, admission: Admission) {
        failpoint!("slot::started");
        let kept = self
            .session
            .as_ref()
            .is_some_and(|session| session.messages_sent() > 0);
        let Some((settlement, connection)) = self.dialogue(&begun.message).await else {
            begun.message.work.give_up();
            return self.ahead.withdraw(begun);
        };
        if connection == Connection::Drop || !self.session.as_ref().is_some_and(Session::is_usable)
        {
            self.session = None;
        }
        self.conclude(begun, admission, settlement, kept).await;
    }

    /// The envelope, and the body behind it while the lease holds. None when it ran out after
    /// 354: closing the connection is the only way to send nothing then.
    async fn dialogue(&mut self, message: &Message) -> Option<Settled> {
        let session = self.session.as_mut()?;
        let outcome = session.envelope(&message.envelope).await;
        if let Some(refused) = reply::settle_envelope(outcome) {
            return Some(refused);
        }
        if !message.work.lease.holds() {
            self.session.take()?.abandon();
            return None;
        }
        failpoint!("slot::enveloped");
        let mut company = self.outlet.takes_two_more(session);
        let next = company.then(|| self.ahead.ready()).flatten();
        company &= next.is_none();
        if let Err(stopped) = session.offer(&message.content, next.as_ref()).await {
            return Some(reply::settle_content(stopped));
        }
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(patience);
        let outcome = loop {
            tokio::select! {
                biased;
                outcome = session.answer() => break outcome,
                next = self.ahead.company(), if company => {
                    company = false;
                    session.ask_behind(&next).await;
                }
                () = &mut patience, if !self.ahead.is_empty() => {
                    self.ahead.hand_on();
                    patience.as_mut().reset(Instant::now() + PATIENCE);
                }
            }
        };
        failpoint!("slot::replied");
        Some(reply::settle_content(outcome))
    }

    /// Tells the breaker, and when that gives the server a rest, lets the slices go that wait for
    /// it: another worker, or another server, may send them.
    fn rest(&self, tell: impl FnOnce()) {
        tell();
        if self.outlet.breaker.rests().is_some() {
            self.outlet.feed.rest();
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

impl Message {
    /// Makes the message of whoever's turn it is.
    fn of(ticket: Ticket, clock: &dyn Clock) -> Result<Self, (Stay, Claimed, BuildError)> {
        let work = Arc::clone(ticket.work());
        let Ticket { stay, claimed } = ticket;
        match work
            .template
            .message(claimed.id, &claimed.email, clock.now())
        {
            Ok((envelope, content)) => Ok(Self {
                work,
                stay,
                claimed,
                envelope,
                content,
            }),
            Err(error) => Err((stay, claimed, error)),
        }
    }
}
