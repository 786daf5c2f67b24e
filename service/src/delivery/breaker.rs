//! The circuit breaker of one SMTP server: a sick server burns nobody.
//!
//! Closed, everybody may try. A connection that cannot be had, or three dialogues in a row that
//! the server broke off, open it: nobody tries until a pause is over, which doubles from 1 s to
//! 30 s. Then one tries for all; what it meets closes the breaker or opens it again.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

const BROKEN_IN_A_ROW: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A server that served somebody so lately is one that serves.
const LATELY: Duration = Duration::from_mins(5);

#[derive(Debug, Default)]
struct State {
    broken_in_a_row: u32,
    /// While it is open: until when, and why.
    open: Option<(Instant, String)>,
    pause: Option<Duration>,
    probing: bool,
    served: Option<Instant>,
}

/// The breaker.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
    changed: Notify,
}

/// Leave to try. Dropped without a word, it lets another one try.
#[derive(Debug)]
pub(super) struct Admission {
    breaker: Arc<Breaker>,
    probe: bool,
}

impl Breaker {
    /// Returns once this caller may try.
    pub(super) async fn admit(self: &Arc<Self>) -> Admission {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let until = {
                let mut state = self.state();
                match &state.open {
                    None => {
                        return Admission {
                            breaker: Arc::clone(self),
                            probe: false,
                        };
                    }
                    Some((until, _)) if *until <= Instant::now() && !state.probing => {
                        state.probing = true;
                        return Admission {
                            breaker: Arc::clone(self),
                            probe: true,
                        };
                    }
                    Some((until, _)) if state.probing => *until + LONGEST_PAUSE,
                    Some((until, _)) => *until,
                }
            };
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// Why the server is given a rest, while it is.
    pub(super) fn reason(&self) -> Option<String> {
        self.state().open.as_ref().map(|(_, reason)| reason.clone())
    }

    /// Whether the server has served somebody lately.
    pub(super) fn serves(&self) -> bool {
        self.state().served.is_some_and(|at| at.elapsed() < LATELY)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, state: &mut State, reason: &str) {
        let pause = state
            .pause
            .map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        state.pause = Some(pause);
        if state.open.is_none() {
            tracing::warn!(reason, "the SMTP server is given a rest");
        }
        state.open = Some((Instant::now() + pause, reason.to_owned()));
        self.changed.notify_waiters();
    }
}

impl Admission {
    /// No connection could be had.
    pub(super) fn unreachable(self, reason: &str) {
        self.breaker.open(&mut self.breaker.state(), reason);
    }

    /// The server broke a dialogue off.
    pub(super) fn broken_off(self, reason: &str) {
        let mut state = self.breaker.state();
        state.broken_in_a_row += 1;
        if self.probe || state.broken_in_a_row >= BROKEN_IN_A_ROW {
            self.breaker.open(&mut state, reason);
        }
    }

    /// The server answered to the end, whatever it said.
    pub(super) fn served(self) {
        let mut state = self.breaker.state();
        state.broken_in_a_row = 0;
        state.served = Some(Instant::now());
        state.pause = None;
        if state.open.take().is_some() {
            tracing::info!("the SMTP server serves again");
            self.breaker.changed.notify_waiters();
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.state().probing = false;
            self.breaker.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_unreachable_server_is_left_alone_for_a_while_then_tried_by_one() {
        let breaker = Arc::new(Breaker::default());
        breaker.admit().await.unreachable("connection refused");
        assert!(breaker.admit().now_or_never().is_none());
        assert_eq!(breaker.reason().as_deref(), Some("connection refused"));
        let probe = breaker.admit().await;
        assert!(
            breaker.admit().now_or_never().is_none(),
            "a second one tried"
        );
        probe.served();
        assert!(breaker.admit().now_or_never().is_some());
        assert_eq!(breaker.reason(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_rest_grows_to_half_a_minute_and_starts_small_after_success() {
        let breaker = Arc::new(Breaker::default());
        let mut rests = Vec::new();
        for _ in 0..7 {
            let before = Instant::now();
            breaker.admit().await.unreachable("connection refused");
            rests.push(before.elapsed().as_secs());
        }
        assert_eq!(rests, [0, 1, 2, 4, 8, 16, 30]);
        breaker.admit().await.served();
        breaker.admit().await.unreachable("connection refused");
        let before = Instant::now();
        breaker.admit().await.served();
        assert_eq!(before.elapsed().as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_broken_dialogue_among_good_ones_stops_nobody() {
        let breaker = Arc::new(Breaker::default());
        for _ in 0..10 {
            breaker.admit().await.broken_off("closed");
            breaker.admit().await.broken_off("closed");
            breaker.admit().await.served();
        }
        assert_eq!(breaker.reason(), None);
        for _ in 0..3 {
            breaker.admit().await.broken_off("closed");
        }
        assert!(breaker.reason().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_given_up_lets_another_one_try() {
        let breaker = Arc::new(Breaker::default());
        breaker.admit().await.unreachable("connection refused");
        drop(breaker.admit().await);
        assert!(breaker.admit().now_or_never().is_some());
    }
}
