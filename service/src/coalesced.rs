//! Many who ask the same thing at once share one answer, and nobody gets one that is older than
//! his question.
//!
//! The usual single flight lets whoever comes later join the load that is under way. What that one
//! read may be older than the question: somebody who has just paused a campaign would see it run.
//! Here whoever comes while a load is under way waits for the next one. There is one load of a key
//! at a time, however many ask.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// Those who wait for the next load of each key that is being loaded. A key is here exactly as long
/// as a task loads it.
type Waiting<K, V> = Arc<Mutex<HashMap<K, Vec<oneshot::Sender<V>>>>>;

/// Answers by key, shared between those who ask at the same time and kept for nobody else.
pub(crate) struct Coalesced<K, V>(Waiting<K, V>);

impl<K, V> Coalesced<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// What a `load` of `key` answers that began after this was called; the `load` of whoever asks
    /// for a key, so it must be the same for all. It goes on when this is dropped, so that nobody
    /// else loses an answer. None when it panicked, or the one before it did.
    pub(crate) async fn get<F, L>(&self, key: K, load: F) -> Option<V>
    where
        F: Fn() -> L + Send + 'static,
        L: Future<Output = V> + Send + 'static,
    {
        let (answer, question) = oneshot::channel();
        let is_first = {
            let mut waiting = lock(&self.0);
            let known = waiting.get_mut(&key);
            let is_first = known.is_none();
            match known {
                Some(others) => others.push(answer),
                None => drop(waiting.insert(key.clone(), vec![answer])),
            }
            is_first
        };
        if is_first {
            let turns = Turns {
                waiting: Arc::clone(&self.0),
                key,
                is_over: false,
            };
            tokio::spawn(turns.answer_all(load));
        }
        question.await.ok()
    }
}

/// The loads of one key, one after the other, until nobody asks any more.
struct Turns<K: Eq + Hash, V> {
    waiting: Waiting<K, V>,
    key: K,
    /// Whether the key is forgotten already, and perhaps somebody else's turn by now.
    is_over: bool,
}

impl<K: Eq + Hash, V: Clone> Turns<K, V> {
    async fn answer_all<F, L>(mut self, load: F)
    where
        F: Fn() -> L,
        L: Future<Output = V>,
    {
        while let Some(askers) = self.next() {
            let answer = load().await;
            for asker in askers {
                // Whoever has gone needs none.
                let _ = asker.send(answer.clone());
            }
        }
    }

    /// Those whom the next load answers. When there are none the key is forgotten in the same
    /// moment, so that whoever comes then begins anew.
    fn next(&mut self) -> Option<Vec<oneshot::Sender<V>>> {
        let mut waiting = lock(&self.waiting);
        let mut askers = std::mem::take(waiting.get_mut(&self.key)?);
        askers.retain(|asker| !asker.is_closed());
        if askers.is_empty() {
            waiting.remove(&self.key);
            self.is_over = true;
            return None;
        }
        Some(askers)
    }
}

impl<K: Eq + Hash, V> Drop for Turns<K, V> {
    /// A load that panics takes its task with it; nobody may go on waiting for that one.
    fn drop(&mut self) {
        if !self.is_over {
            lock(&self.waiting).remove(&self.key);
        }
    }
}

impl<K, V> Default for Coalesced<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> fmt::Debug for Coalesced<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coalesced").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::{FutureExt, future::BoxFuture};
    use tokio::sync::{Semaphore, mpsc};

    use super::*;

    type Answer = Result<u32, &'static str>;

    /// Something that is asked for, whose loads the test lets through one by one.
    struct Source {
        answers: Coalesced<&'static str, Answer>,
        state: Arc<AtomicU32>,
        gate: Arc<Semaphore>,
        starts: mpsc::UnboundedSender<u32>,
        /// What each load saw when it began.
        begun: mpsc::UnboundedReceiver<u32>,
    }

    /// Loads that see this fail in their way.
    const FAILS: u32 = 13;
    const PANICS: u32 = 17;

    impl Source {
        fn new() -> Self {
            let (starts, begun) = mpsc::unbounded_channel();
            Self {
                answers: Coalesced::default(),
                state: Arc::default(),
                gate: Arc::new(Semaphore::new(0)),
                starts,
                begun,
            }
        }

        /// A question that has been asked when this returns, whether or not it is waited for.
        fn ask(&self, key: &'static str) -> BoxFuture<'static, Option<Answer>> {
            let answers = Coalesced(Arc::clone(&self.answers.0));
            let (state, gate) = (Arc::clone(&self.state), Arc::clone(&self.gate));
            let starts = self.starts.clone();
            let load = move || {
                let seen = state.load(Ordering::SeqCst);
                starts.send(seen).unwrap();
                let gate = Arc::clone(&gate);
                async move {
                    gate.acquire().await.unwrap().forget();
                    match seen {
                        FAILS => Err("the database is away"),
                        PANICS => panic!("a fault in a load"),
                        seen => Ok(seen),
                    }
                }
            };
            let mut question = async move { answers.get(key, load).await }.boxed();
            assert!((&mut question).now_or_never().is_none());
            question
        }

        fn set(&self, state: u32) {
            self.state.store(state, Ordering::SeqCst);
        }

        /// What the next load sees, which has begun when this returns.
        async fn begun(&mut self) -> u32 {
            self.begun.recv().await.unwrap()
        }

        fn let_through(&self, loads: usize) {
            self.gate.add_permits(loads);
        }

        fn loads_begun_since(&self) -> usize {
            self.begun.len()
        }

        /// Whether nothing is left of anybody's question, now or as soon as the tasks have ended.
        async fn comes_to_rest(&self) {
            while !lock(&self.answers.0).is_empty() {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn an_answer_is_never_older_than_its_question() {
        let mut source = Source::new();
        let before = source.ask("a");
        assert_eq!(source.begun().await, 0);
        source.set(1);
        let after = source.ask("a");
        source.let_through(2);
        assert_eq!(before.await, Some(Ok(0)));
        assert_eq!(after.await, Some(Ok(1)));
    }

    #[tokio::test]
    async fn however_many_ask_meanwhile_one_load_answers_them_all() {
        let mut source = Source::new();
        let first = source.ask("a");
        source.begun().await;
        let others: Vec<_> = (0..500).map(|_| source.ask("a")).collect();
        assert_eq!(source.loads_begun_since(), 0);
        source.let_through(2);
        assert_eq!(first.await, Some(Ok(0)));
        for other in others {
            assert_eq!(other.await, Some(Ok(0)));
        }
        assert_eq!(source.loads_begun_since(), 1);
    }

    #[tokio::test]
    async fn whoever_goes_takes_nobodys_answer_with_him() {
        let mut source = Source::new();
        let first = source.ask("a");
        source.begun().await;
        let (gone, stays) = (source.ask("a"), source.ask("a"));
        drop((first, gone));
        source.set(1);
        source.let_through(2);
        assert_eq!(stays.await, Some(Ok(1)));
    }

    #[tokio::test]
    async fn nothing_is_loaded_for_those_who_have_gone() {
        let mut source = Source::new();
        let first = source.ask("a");
        source.begun().await;
        drop(source.ask("a"));
        source.let_through(2);
        first.await;
        source.comes_to_rest().await;
        assert_eq!(source.loads_begun_since(), 0);
    }

    #[tokio::test]
    async fn an_error_is_shared_and_not_kept() {
        let mut source = Source::new();
        let first = source.ask("a");
        source.begun().await;
        source.set(FAILS);
        let failing = [source.ask("a"), source.ask("a")];
        source.let_through(2);
        first.await;
        for failed in failing {
            assert_eq!(failed.await, Some(Err("the database is away")));
        }
        source.set(1);
        source.let_through(1);
        assert_eq!(source.ask("a").await, Some(Ok(1)));
    }

    #[tokio::test]
    async fn a_load_that_panics_leaves_nobody_waiting_and_the_next_is_answered() {
        let mut source = Source::new();
        source.set(PANICS);
        let unlucky = source.ask("a");
        source.begun().await;
        source.set(1);
        let behind = source.ask("a");
        source.let_through(2);
        assert_eq!(unlucky.await, None);
        assert_eq!(behind.await, None);
        assert_eq!(source.ask("a").await, Some(Ok(1)));
    }

    #[tokio::test]
    async fn one_key_does_not_wait_for_another() {
        let mut source = Source::new();
        let (one, other) = (source.ask("a"), source.ask("b"));
        source.begun().await;
        source.begun().await;
        source.let_through(2);
        assert_eq!((one.await, other.await), (Some(Ok(0)), Some(Ok(0))));
    }

    #[tokio::test]
    async fn nothing_is_kept_when_nobody_asks() {
        let source = Source::new();
        let asked = [source.ask("a"), source.ask("a"), source.ask("b")];
        source.let_through(3);
        for question in asked {
            question.await;
        }
        source.comes_to_rest().await;
    }
}
