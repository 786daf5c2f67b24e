//! The circuit breaker of one SMTP server: a sick server burns nobody.
//!
//! Closed, everybody may try. A connection that cannot be had, three dialogues in a row that the
//! server broke off, or a server that asks for a pause open it: nobody tries until a pause is over,
//! which doubles from 1 s to 30 s, or is as long as the server asked. Then the line is tried
//! without a message; when it stands, one message goes, and with each that is served one more may
//! be under way, until all are again.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

const BROKEN_IN_A_ROW: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause a server may ask for: then it is asked again.
const LONGEST_ASKED: Duration = Duration::from_hours(1);
/// A server that served somebody so lately is one that serves.
const LATELY: Duration = Duration::from_mins(5);

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Closed,
    /// Nobody tries before this.
    Open { until: Instant, reason: String },
    /// So many may try at once, and so many do.
    Recovering {
        width: usize,
        trying: usize,
        reason: String,
    },
}

#[derive(Debug, Default)]
struct Inner {
    state: State,
    broken_in_a_row: u32,
    pause: Option<Duration>,
    served: Option<Instant>,
    /// Raised whenever it opens: a leave from before is none any more.
    era: u64,
}

/// The breaker.
#[derive(Debug)]
pub(super) struct Breaker {
    inner: Mutex<Inner>,
    changed: Notify,
    /// How many try at once when all is well.
    connections: usize,
}

/// Leave to try. Dropped without a word, it lets another one try.
#[derive(Debug)]
pub(super) struct Admission {
    breaker: Arc<Breaker>,
    era: u64,
    counted: bool,
}

impl Breaker {
    pub(super) fn new(connections: usize) -> Self {
        Self {
            inner: Mutex::default(),
            changed: Notify::new(),
            connections,
        }
    }

    /// Returns once this caller may try.
    pub(super) async fn admit(self: &Arc<Self>) -> Admission {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(admission) = self.try_admit() {
                return admission;
            }
            changed.await;
        }
    }

    /// Leave to try, if it is to be had now.
    pub(super) fn try_admit(self: &Arc<Self>) -> Option<Admission> {
        let mut inner = self.inner();
        let counted = match &mut inner.state {
            State::Closed => false,
            State::Recovering { width, trying, .. } if *trying < *width => {
                *trying += 1;
                true
            }
            State::Open { .. } | State::Recovering { .. } => return None,
        };
        Some(Admission {
            breaker: Arc::clone(self),
            era: inner.era,
            counted,
        })
    }

    /// Returns when it is open and its pause is over: then the line is to be tried.
    pub(super) async fn to_be_tried(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let until = match &self.inner().state {
                State::Open { until, .. } => Some(*until),
                _ => None,
            };
            match until {
                Some(until) if until <= Instant::now() => return,
                Some(until) => tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep_until(until) => {}
                },
                None => changed.await,
            }
        }
    }

    /// The line was tried without a message, and stands.
    pub(super) fn stands(&self) {
        let mut inner = self.inner();
        if let State::Open { reason, .. } = &inner.state {
            inner.state = State::Recovering {
                width: 1,
                trying: 0,
                reason: reason.clone(),
            };
            self.changed.notify_waiters();
        }
    }

    /// The line was tried without a message, and does not stand.
    pub(super) fn still_away(&self, reason: &str) {
        self.open(&mut self.inner(), reason, None);
    }

    /// For how long nobody may try, while that is so.
    pub(super) fn rests(&self) -> Option<Duration> {
        match &self.inner().state {
            State::Open { until, .. } => Some(until.saturating_duration_since(Instant::now())),
            _ => None,
        }
    }

    /// Why the server is given a rest, until it has served somebody again.
    pub(super) fn reason(&self) -> Option<String> {
        match &self.inner().state {
            State::Closed => None,
            State::Open { reason, .. } | State::Recovering { reason, .. } => Some(reason.clone()),
        }
    }

    /// Whether the server has served somebody lately.
    pub(super) fn serves(&self) -> bool {
        self.inner().served.is_some_and(|at| at.elapsed() < LATELY)
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, inner: &mut Inner, reason: &str, asked: Option<Duration>) {
        let pause = inner
            .pause
            .map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        inner.pause = Some(pause);
        if matches!(inner.state, State::Closed) {
            tracing::warn!(reason, "the SMTP server is given a rest");
        }
        let pause = pause.max(asked.unwrap_or_default().min(LONGEST_ASKED));
        inner.state = State::Open {
            until: Instant::now() + pause,
            reason: reason.to_owned(),
        };
        inner.era += 1;
        self.changed.notify_waiters();
    }
}

impl Admission {
    /// Whether it still holds: since it was given the server may have been given a rest.
    pub(super) fn holds(&self) -> bool {
        self.breaker.inner().era == self.era
    }

    /// No connection could be had.
    pub(super) fn unreachable(self, reason: &str) {
        let mut inner = self.breaker.inner();
        if inner.era == self.era {
            self.breaker.open(&mut inner, reason, None);
        }
    }

    /// The server broke a dialogue off, or asked for a pause.
    pub(super) fn broken_off(self, reason: &str, asked: Option<Duration>) {
        let mut inner = self.breaker.inner();
        if inner.era != self.era {
            return;
        }
        inner.broken_in_a_row += 1;
        if self.counted || asked.is_some() || inner.broken_in_a_row >= BROKEN_IN_A_ROW {
            inner.broken_in_a_row = 0;
            self.breaker.open(&mut inner, reason, asked);
        }
    }

    /// The server answered to the end, whatever it said.
    pub(super) fn served(self) {
        let mut inner = self.breaker.inner();
        inner.broken_in_a_row = 0;
        inner.served = Some(Instant::now());
        if inner.era != self.era {
            return;
        }
        inner.pause = None;
        let connections = self.breaker.connections;
        let all = match &mut inner.state {
            State::Recovering { width, .. } => {
                *width += 1;
                *width > connections
            }
            _ => false,
        };
        if all {
            inner.state = State::Closed;
            self.breaker.changed.notify_waiters();
            tracing::info!("the SMTP server serves again");
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut inner = self.breaker.inner();
        if self.counted
            && inner.era == self.era
            && let State::Recovering { trying, .. } = &mut inner.state
        {
            *trying = trying.saturating_sub(1);
            self.breaker.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn breaker() -> Arc<Breaker> {
        Arc::new(Breaker::new(3))
    }

    fn try_now(breaker: &Arc<Breaker>) -> Option<Admission> {
        breaker.admit().now_or_never()
    }

    #[tokio::test(start_paused = true)]
    async fn an_unreachable_server_is_left_alone_then_its_line_is_tried_without_a_message() {
        let breaker = breaker();
        breaker.admit().await.unreachable("connection refused");
        assert!(try_now(&breaker).is_none());
        assert_eq!(breaker.reason().as_deref(), Some("connection refused"));
        assert!(breaker.rests().is_some());
        breaker.to_be_tried().await;
        assert!(try_now(&breaker).is_none(), "a message tried the line");
        breaker.stands();
        assert_eq!(breaker.rests(), None);
        let first = breaker.admit().await;
        assert!(try_now(&breaker).is_none(), "a second one tried");
        first.served();
        assert!(try_now(&breaker).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_recovers_gets_one_message_more_with_each_it_serves() {
        let breaker = breaker();
        breaker.admit().await.unreachable("connection refused");
        breaker.to_be_tried().await;
        breaker.stands();
        for width in 1..=3 {
            let mut tries: Vec<_> = (0..width)
                .map(|_| try_now(&breaker).expect("a place"))
                .collect();
            assert!(try_now(&breaker).is_none(), "more than {width} tried");
            tries.pop().unwrap().served();
        }
        assert_eq!(breaker.reason(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_rest_grows_to_half_a_minute_and_starts_small_after_success() {
        let breaker = breaker();
        breaker.admit().await.unreachable("connection refused");
        let mut rests = Vec::new();
        for _ in 0..6 {
            let before = Instant::now();
            breaker.to_be_tried().await;
            rests.push(before.elapsed().as_secs());
            breaker.still_away("connection refused");
        }
        assert_eq!(rests, [1, 2, 4, 8, 16, 30]);
        breaker.to_be_tried().await;
        breaker.stands();
        breaker.admit().await.served();
        breaker.admit().await.unreachable("connection refused");
        let before = Instant::now();
        breaker.to_be_tried().await;
        assert_eq!(before.elapsed().as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_broken_dialogue_among_good_ones_stops_nobody() {
        let breaker = breaker();
        for _ in 0..10 {
            breaker.admit().await.broken_off("closed", None);
            breaker.admit().await.broken_off("closed", None);
            breaker.admit().await.served();
        }
        assert_eq!(breaker.reason(), None);
        for _ in 0..3 {
            breaker.admit().await.broken_off("closed", None);
        }
        assert!(breaker.reason().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_asks_for_a_pause_gets_it() {
        let breaker = breaker();
        let ten_minutes = Duration::from_mins(10);
        let admission = breaker.admit().await;
        admission.broken_off("421 4.7.28 slow down", Some(ten_minutes));
        assert_eq!(breaker.rests(), Some(ten_minutes));
    }

    #[tokio::test(start_paused = true)]
    async fn who_was_let_in_before_the_rest_says_nothing_about_after_it() {
        let breaker = breaker();
        let (one, other) = (breaker.admit().await, breaker.admit().await);
        one.unreachable("connection refused");
        assert!(!other.holds());
        other.unreachable("connection refused");
        let before = Instant::now();
        breaker.to_be_tried().await;
        assert_eq!(before.elapsed().as_secs(), 1, "the pause was doubled");
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_that_is_given_up_lets_another_one_try() {
        let breaker = breaker();
        breaker.admit().await.unreachable("connection refused");
        breaker.to_be_tried().await;
        breaker.stands();
        drop(breaker.admit().await);
        assert!(try_now(&breaker).is_some());
    }
}
