//! The queue of the embedded size: apalis' in-process backend.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use apalis::prelude::{MemorySink, MemoryStorage, MemoryStorageError, Task};
use futures::{
    FutureExt, SinkExt, StreamExt,
    channel::mpsc,
    future::{BoxFuture, ready},
};

use super::{Queue, QueueError, SendSlice, entry};

type Sender = mpsc::UnboundedSender<Task<SendSlice>>;

/// Bells inside one process. They are gone with it, which costs nothing: the next process
/// looks at the rows.
#[derive(Clone, Debug, Default)]
pub struct InProcessQueue(Arc<Mutex<Option<Line>>>);

/// The way to the worker that listens now, and how many bells are on it.
#[derive(Clone, Debug)]
struct Line {
    sender: Sender,
    waiting: Arc<AtomicUsize>,
}

impl InProcessQueue {
    /// The end a worker listens at. A second call makes a new one and the old one falls
    /// silent, so that a worker that failed can be built again.
    pub fn backend(&self) -> MemoryStorage<SendSlice> {
        let (sender, receiver) = mpsc::unbounded();
        let waiting = Arc::new(AtomicUsize::new(0));
        let sink = sender.clone().sink_map_err(MemoryStorageError::from);
        let line = Line {
            sender,
            waiting: Arc::clone(&waiting),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
        let heard = receiver.inspect(move |_| {
            waiting.fetch_sub(1, Ordering::Relaxed);
        });
        MemoryStorage::new_with(
            MemorySink::new(Arc::new(futures::lock::Mutex::new(Box::new(sink)))),
            heard.boxed(),
        )
    }

    fn line(&self) -> Option<Line> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Queue for InProcessQueue {
    fn ring<'a>(&'a self, jobs: &'a [SendSlice]) -> BoxFuture<'a, Result<(), QueueError>> {
        let rung = self.line().ok_or(QueueError(None)).and_then(|line| {
            jobs.iter()
                .try_for_each(|job| line.ring(*job))
                .map_err(|error| QueueError(Some(error.into())))
        });
        ready(rung).boxed()
    }

    fn depth(&self) -> BoxFuture<'_, Result<usize, QueueError>> {
        let line = self.line().ok_or(QueueError(None));
        ready(line.map(|line| line.waiting.load(Ordering::Relaxed))).boxed()
    }

    fn sweep(&self) -> BoxFuture<'_, Result<(), QueueError>> {
        ready(Ok(())).boxed()
    }
}

impl Line {
    fn ring(&self, job: SendSlice) -> Result<(), mpsc::SendError> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.sender.unbounded_send(entry(job)).map_err(|error| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            error.into_send_error()
        })
    }
}
