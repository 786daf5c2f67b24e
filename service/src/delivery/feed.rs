//! The feed between claimed slices and slots: one recipient from each slice in turn, so that
//! ten recipients never wait behind a million.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

use super::work::{Claimed, Ticket, Work};

/// The slices that have somebody to feed, in turn.
#[derive(Debug, Default)]
pub(super) struct Feed {
    turns: Mutex<VecDeque<Arc<Work>>>,
    filled: Notify,
    /// How many slots have nobody.
    waiting: AtomicUsize,
}

impl Feed {
    /// Adds a slice to the turn.
    pub(super) fn add(&self, work: Arc<Work>) {
        self.turns().push_back(work);
        self.filled.notify_waiters();
    }

    /// Puts one recipient back, behind the others of its slice.
    pub(super) fn put_back(&self, work: &Arc<Work>, claimed: Claimed) {
        work.put_back(claimed);
        let mut turns = self.turns();
        if !turns.iter().any(|other| Arc::ptr_eq(other, work)) {
            turns.push_back(Arc::clone(work));
        }
        drop(turns);
        self.filled.notify_waiters();
    }

    /// Hands out nobody more of the slices that are here, but sees those through that are on their
    /// way: the slices are let go, for whoever can send them.
    pub(super) fn rest(&self) {
        for work in self.turns().drain(..) {
            work.rest();
        }
    }

    /// The next recipient, as soon as there is one.
    pub(super) async fn next(&self) -> Ticket {
        if let Some(ticket) = self.take() {
            return ticket;
        }
        let _waiting = Waiting::for_somebody(&self.waiting);
        loop {
            let filled = self.filled.notified();
            tokio::pin!(filled);
            filled.as_mut().enable();
            if let Some(ticket) = self.take() {
                return ticket;
            }
            filled.await;
        }
    }

    /// The next recipient, if there is one and no slot waits for it.
    pub(super) fn spare(&self) -> Option<Ticket> {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            return None;
        }
        self.take()
    }

    fn take(&self) -> Option<Ticket> {
        let mut turns = self.turns();
        while let Some(work) = turns.pop_front() {
            if let Some((ticket, more)) = work.take() {
                if more {
                    turns.push_back(work);
                }
                return Some(ticket);
            }
        }
        None
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Work>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A slot that waits, as long as this lives.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn for_somebody(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::work::tests::work, *};

    #[tokio::test]
    async fn slices_take_turns() {
        let feed = Feed::default();
        feed.add(work(&["a1@x.org", "a2@x.org", "a3@x.org"]));
        feed.add(work(&["b1@x.org"]));
        let mut order = Vec::new();
        for _ in 0..4 {
            order.push(feed.next().await.claimed.email.clone());
        }
        assert_eq!(order, ["a1@x.org", "b1@x.org", "a2@x.org", "a3@x.org"]);
    }

    #[tokio::test]
    async fn nobody_is_spare_while_a_slot_has_nobody() {
        let feed = Arc::new(Feed::default());
        let waiting = tokio::spawn({
            let feed = Arc::clone(&feed);
            async move { feed.next().await.claimed.email.clone() }
        });
        tokio::task::yield_now().await;
        feed.add(work(&["a@x.org", "b@x.org"]));
        assert!(feed.spare().is_none(), "another slot had nobody");
        assert_eq!(waiting.await.unwrap(), "a@x.org");
        assert_eq!(feed.spare().unwrap().claimed.email, "b@x.org");
    }

    #[tokio::test]
    async fn whoever_is_put_back_comes_again() {
        let feed = Feed::default();
        feed.add(work(&["a@x.org"]));
        let ticket = feed.next().await;
        feed.put_back(ticket.work(), ticket.claimed.clone());
        assert_eq!(feed.next().await.claimed.email, "a@x.org");
    }
}
