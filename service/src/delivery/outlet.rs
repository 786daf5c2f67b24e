//! One SMTP server as delivery uses it: who waits for it, whether it serves, what it may be handed,
//! and the connections to it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::address::EmailAddress;
use entity::email_job;
use tokio::time::Instant;

use super::{
    breaker::{Admission, Breaker},
    budget::{Budget, Leave},
    feed::Feed,
    work::{Claimed, Ticket, Work},
};
use crate::{
    config::SmtpConfig,
    mail::{
        routes::{NoRoute, Routes},
        server::SmtpServer,
        session::Session,
    },
};

/// A message that may go within so long waits for its time in its slot.
const SHORT_WAIT: Duration = Duration::from_secs(3);
/// The pause before a limit is asked for again, when the database did not answer.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// One SMTP server.
#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) name: String,
    pub(super) server: SmtpServer,
    pub(super) connections: u32,
    pub(super) max_messages: Option<u64>,
    pub(super) idle: Duration,
    pub(super) feed: Feed,
    pub(super) breaker: Arc<Breaker>,
    pub(super) budget: Budget,
    /// Until when one of its limits is used up.
    used_up: Mutex<Option<Instant>>,
}

/// Why nothing goes out by a server now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It is away or sick.
    Unreachable(String),
    /// One of its limits is used up for so long.
    UsedUp(Duration),
}

impl Outlet {
    pub(super) fn new(
        config: &SmtpConfig,
        server: SmtpServer,
        concurrency: u32,
        budget: Budget,
    ) -> Self {
        let connections = config.connections.unwrap_or(concurrency);
        Self {
            name: config.name.clone(),
            server,
            connections,
            max_messages: config.max_messages,
            idle: config.idle,
            feed: Feed::default(),
            breaker: Arc::new(Breaker::new(connections as usize)),
            budget,
            used_up: Mutex::new(None),
        }
    }

    /// The next recipient, as soon as there is one and the server is to be tried.
    pub(super) async fn next(&self) -> (Ticket, Admission) {
        loop {
            let admission = self.breaker.admit().await;
            let ticket = self.feed.next().await;
            if admission.holds() {
                return (ticket, admission);
            }
            // Given a rest while nobody waited.
            let (work, claimed) = (Arc::clone(ticket.work()), ticket.claimed.clone());
            self.put_back(&work, claimed);
        }
    }

    /// A recipient that no other slot waits for, for a slot that is busy: one start ahead. Nobody
    /// while the server is not quite well, or where it may be handed only so much: what a limit
    /// allows now is for now.
    pub(super) fn spare(&self) -> Option<Ticket> {
        let may = self.budget.is_unlimited() && self.breaker.reason().is_none();
        may.then(|| self.feed.spare()).flatten()
    }

    /// Puts a recipient back, behind the others of its slice. While the server has a rest it is
    /// left as it is in the database instead, for whoever takes the slice next.
    pub(super) fn put_back(&self, work: &Arc<Work>, claimed: Claimed) {
        if self.rests().is_none() {
            self.feed.put_back(work, claimed);
        }
    }

    /// Waits until the limits let one message more go; false when one is used up for long.
    pub(super) async fn within_limits(&self) -> bool {
        loop {
            match self.budget.take().await {
                Ok(Leave::After(wait)) => {
                    tokio::time::sleep(wait).await;
                    return true;
                }
                Ok(Leave::UsedUp(wait)) if wait <= SHORT_WAIT => tokio::time::sleep(wait).await,
                Ok(Leave::UsedUp(wait)) => {
                    let until = Instant::now() + wait;
                    *self.used_up.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
                    self.feed.rest();
                    return false;
                }
                Err(error) => {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "limits cannot be asked for now"
                    );
                    tokio::time::sleep(ASK_AGAIN).await;
                }
            }
        }
    }

    /// Whether a connection may carry the message that is under way and one more behind it.
    pub(super) fn takes_two_more(&self, session: &Session) -> bool {
        session.capabilities().pipelining
            && self
                .max_messages
                .is_none_or(|most| session.messages_sent() + 2 <= most)
    }

    /// Whether a connection has carried as many messages as it may.
    pub(super) fn has_had_enough(&self, session: &Session) -> bool {
        self.max_messages
            .is_some_and(|most| session.messages_sent() >= most)
    }

    /// For how long nothing goes out by it, while that is so.
    pub(super) fn rests(&self) -> Option<Duration> {
        let mut used_up = self.used_up.lock().unwrap_or_else(PoisonError::into_inner);
        used_up.take_if(|until| *until <= Instant::now());
        let used_up = used_up.map(|until| until.saturating_duration_since(Instant::now()));
        Ord::max(used_up, self.breaker.rests())
    }

    /// Why nothing goes out by it, while that is so.
    pub(super) fn reason(&self) -> Option<Rest> {
        if let Some(reason) = self.breaker.reason() {
            return Some(Rest::Unreachable(reason));
        }
        self.rests().map(Rest::UsedUp)
    }

    /// Tries the line, without a message, whenever the server's rest is over.
    pub(super) async fn try_the_line(&self) {
        loop {
            self.breaker.to_be_tried().await;
            match Session::connect(&self.server).await {
                Ok(session) => {
                    self.breaker.stands();
                    session.quit().await;
                }
                Err(error) => self.breaker.still_away(&error.to_string()),
            }
        }
    }
}

/// Every way out there is.
#[derive(Debug)]
pub(super) struct Outlets {
    pub(super) routes: Routes,
    /// As many as there are servers, in their order.
    pub(super) all: Vec<Arc<Outlet>>,
}

impl Outlets {
    /// The way out for a campaign: its server's, or that of the server that takes over for it.
    pub(super) fn of(&self, named: &str, from_email: &str) -> Result<&Arc<Outlet>, NoRoute> {
        let domain = EmailAddress::parse(from_email).map(|address| address.domain().to_owned());
        let domain = domain.unwrap_or_default();
        let named = (!named.is_empty()).then_some(named);
        let first = self.routes.choose(named, &domain)?;
        let mut position = first;
        for _ in 0..self.all.len() {
            if self.all[position].breaker.reason().is_none() {
                return Ok(&self.all[position]);
            }
            match self.routes.fallback(position, &domain) {
                Some(next) => position = next,
                None => break,
            }
        }
        Ok(&self.all[first])
    }

    pub(super) fn of_campaign(&self, campaign: &email_job::Model) -> Result<&Arc<Outlet>, NoRoute> {
        self.of(&campaign.smtp_server, &campaign.from_email)
    }

    /// Whether nothing goes out by one of them now.
    pub(super) fn any_rests(&self) -> bool {
        self.all.iter().any(|outlet| outlet.rests().is_some())
    }
}
