//! The feed between claimed slices and slots: one recipient from each campaign in turn, so that
//! ten recipients never wait behind a million; of a campaign one slice after the other, so that
//! its slices do not all end at once and leave the slots with nothing to do.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

use super::work::{Claimed, Ticket, Work};

/// The slices of one campaign, in their order.
type Turn = VecDeque<Arc<Work>>;

/// The slices that have somebody to feed.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// One of each campaign; none is empty.
    turns: Mutex<VecDeque<Turn>>,
    filled: Notify,
    /// How many slots have nobody.
    waiting: AtomicUsize,
}

impl Feed {
    /// Adds a slice to the turn.
    pub(super) fn add(&self, work: Arc<Work>) {
        join(&mut self.turns(), work);
        self.filled.notify_waiters();
    }

    /// Puts one recipient back, behind the others of its slice.
    pub(super) fn put_back(&self, work: &Arc<Work>, claimed: Claimed) {
        work.put_back(claimed);
        join(&mut self.turns(), Arc::clone(work));
        self.filled.notify_waiters();
    }

    /// Hands out nobody more of the slices that are here, but sees those through that are on their
    /// way: the slices are let go, for whoever can send them.
    pub(super) fn rest(&self) {
        for work in self.turns().drain(..).flatten() {
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
        while let Some(mut turn) = turns.pop_front() {
            while let Some(work) = turn.pop_front() {
                let Some((ticket, more)) = work.take() else {
                    continue;
                };
                if more {
                    turn.push_front(work);
                }
                if !turn.is_empty() {
                    turns.push_back(turn);
                }
                return Some(ticket);
            }
        }
        None
    }

    fn turns(&self) -> std::sync::MutexGuard<'_, VecDeque<Turn>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a slice behind those of its campaign, unless it is among them.
fn join(turns: &mut VecDeque<Turn>, work: Arc<Work>) {
    let campaign = work.lease.slice.campaign;
    let is_its = |turn: &&mut Turn| {
        let first = turn.front();
        first.is_some_and(|first| first.lease.slice.campaign == campaign)
    };
    match turns.iter_mut().find(is_its) {
        Some(turn) if turn.iter().any(|other| Arc::ptr_eq(other, &work)) => {}
        Some(turn) => turn.push_back(work),
        None => turns.push_back(VecDeque::from([work])),
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
    use super::{
        super::work::tests::{work, work_of},
        *,
    };

    async fn handed_out(feed: &Feed, count: usize) -> Vec<String> {
        let mut order = Vec::new();
        for _ in 0..count {
            order.push(feed.next().await.claimed.email.clone());
        }
        order
    }

    #[tokio::test]
    async fn campaigns_take_turns() {
        let feed = Feed::default();
        feed.add(work_of(1, &["a1@x.org", "a2@x.org", "a3@x.org"]));
        feed.add(work_of(2, &["b1@x.org"]));
        let order = handed_out(&feed, 4).await;
        assert_eq!(order, ["a1@x.org", "b1@x.org", "a2@x.org", "a3@x.org"]);
    }

    #[tokio::test]
    async fn a_campaigns_slices_go_one_after_the_other() {
        let feed = Feed::default();
        feed.add(work_of(1, &["a1@x.org", "a2@x.org"]));
        feed.add(work_of(1, &["a3@x.org"]));
        feed.add(work_of(2, &["b1@x.org"]));
        let order = handed_out(&feed, 4).await;
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
