//! A slice in the hands of this process: its lease, and the recipients of it that are still to
//! be fed to a slot.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::{RecipientId, recipient::RecipientStatus};
use tokio::{sync::Notify, time::Instant};

use super::fetching::Going;
use crate::{mail::message::Template, queue::SendSlice};

/// A recipient that was claimed with its slice and is to be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claimed {
    pub(super) id: RecipientId,
    pub(super) email: String,
    /// PENDING or DEFERRED.
    pub(super) status: RecipientStatus,
    /// The fence: what it stood at when the row was read.
    pub(super) attempt: i32,
    pub(super) attempts_counted: i32,
    pub(super) disturbances: i32,
}

/// The right to start messages of a slice.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) slice: SendSlice,
    /// Raised by every claim; a start under an older one is refused by the database.
    pub(super) epoch: i64,
    length: Duration,
    confirmed: Mutex<Instant>,
    given_up: AtomicBool,
}

impl Lease {
    pub(super) fn new(slice: SendSlice, epoch: i64, length: Duration, claimed: Instant) -> Self {
        Self {
            slice,
            epoch,
            length,
            confirmed: Mutex::new(claimed),
            given_up: AtomicBool::new(false),
        }
    }

    /// Whether this process may still offer a body: nobody else can have taken the slice over
    /// before the lease has run out since it was last confirmed.
    pub(super) fn holds(&self) -> bool {
        let confirmed = *self
            .confirmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        !self.is_given_up() && confirmed.elapsed() < self.length
    }

    /// A renewal that was asked for at `asked` was granted.
    pub(super) fn confirm(&self, asked: Instant) {
        *self
            .confirmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = asked;
    }

    /// Starts nothing more under this lease.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Acquire)
    }
}

/// A claimed slice. It is over when nobody of it waits and nobody is in a slot.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) lease: Lease,
    pub(super) template: Arc<Template>,
    waiting: Mutex<VecDeque<Claimed>>,
    /// Those handed to slots whose outcome is not durable yet.
    out: AtomicUsize,
    changed: Notify,
    going: Arc<Going>,
}

impl Work {
    pub(super) fn new(
        lease: Lease,
        template: Arc<Template>,
        rows: Vec<Claimed>,
        going: Arc<Going>,
    ) -> Arc<Self> {
        Arc::new(Self {
            going,
            lease,
            template,
            waiting: Mutex::new(rows.into()),
            out: AtomicUsize::new(0),
            changed: Notify::new(),
        })
    }

    /// The next recipient, and whether others wait behind it. Nobody, once the lease is given up.
    pub(super) fn take(self: &Arc<Self>) -> Option<(Ticket, bool)> {
        let mut waiting = self.waiting();
        if self.lease.is_given_up() {
            waiting.clear();
            self.changed.notify_waiters();
            return None;
        }
        let claimed = waiting.pop_front()?;
        self.going.hand_out();
        Some((
            Ticket {
                stay: self.stay(),
                claimed,
            },
            !waiting.is_empty(),
        ))
    }

    /// How many are not handed out yet.
    pub(super) fn left(&self) -> usize {
        self.waiting().len()
    }

    /// Keeps the slice from being over for as long as the guard lives.
    pub(super) fn stay(self: &Arc<Self>) -> Stay {
        self.out.fetch_add(1, Ordering::AcqRel);
        Stay(Arc::clone(self))
    }

    /// Puts a recipient back, behind the others.
    pub(super) fn put_back(&self, claimed: Claimed) {
        if !self.lease.is_given_up() {
            self.waiting().push_back(claimed);
        }
    }

    /// Hands out nobody more, but sees those through that are on their way.
    pub(super) fn rest(&self) {
        self.waiting().clear();
        self.changed.notify_waiters();
        self.going.look();
    }

    /// Stops handing out: what waits is left as it is in the database.
    pub(super) fn give_up(&self) {
        self.lease.give_up();
        self.rest();
    }

    /// Stops handing out where the lease no longer holds.
    pub(super) fn give_up_if_lost(&self) {
        if !self.lease.holds() {
            self.give_up();
        }
    }

    /// Returns once nobody of this slice waits or is in a slot.
    pub(super) async fn over(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.waiting().is_empty() && self.out.load(Ordering::Acquire) == 0 {
                return;
            }
            changed.await;
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<Claimed>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One recipient handed out to a slot.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) stay: Stay,
    pub(super) claimed: Claimed,
}

impl Ticket {
    pub(super) fn work(&self) -> &Arc<Work> {
        &self.stay.0
    }
}

/// The slice is not over while this lives: it travels with the recipient, from the slot into
/// the journal, until the outcome is durable.
#[derive(Debug)]
pub(super) struct Stay(Arc<Work>);

impl Drop for Stay {
    fn drop(&mut self) {
        self.0.out.fetch_sub(1, Ordering::AcqRel);
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use domain::CampaignId;

    use super::*;

    pub(in super::super) fn work(emails: &[&str]) -> Arc<Work> {
        work_of(1, emails)
    }

    pub(in super::super) fn work_of(campaign: i64, emails: &[&str]) -> Arc<Work> {
        let rows = (1..).zip(emails).map(|(id, email)| Claimed {
            id: RecipientId(id),
            email: (*email).to_owned(),
            status: RecipientStatus::Pending,
            attempt: 0,
            attempts_counted: 0,
            disturbances: 0,
        });
        let slice = SendSlice {
            campaign: CampaignId(campaign),
            slice: 0,
        };
        let lease = Lease::new(slice, 1, Duration::from_secs(20), Instant::now());
        let template = Arc::new(Template::for_tests());
        Work::new(lease, template, rows.collect(), Arc::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_was_not_confirmed_in_time_no_longer_holds() {
        let work = work(&[]);
        assert!(work.lease.holds());
        tokio::time::advance(Duration::from_secs(19)).await;
        let asked = Instant::now();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!work.lease.holds());
        work.lease.confirm(asked);
        assert!(work.lease.holds());
    }

    #[tokio::test]
    async fn a_slice_is_over_only_when_the_last_outcome_is_durable() {
        let work = work(&["ana@example.org"]);
        let (ticket, more) = work.take().unwrap();
        assert!(!more);
        let over = tokio::spawn({
            let work = Arc::clone(&work);
            async move { work.over().await }
        });
        tokio::task::yield_now().await;
        assert!(!over.is_finished());
        drop(ticket);
        over.await.unwrap();
    }

    #[tokio::test]
    async fn a_slice_that_was_given_up_hands_out_nobody() {
        let work = work(&["ana@example.org", "luis@example.org"]);
        work.give_up();
        assert!(work.take().is_none());
        work.over().await;
    }
}
