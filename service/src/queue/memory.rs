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

type Bells = mpsc::UnboundedReceiver<Task<SendSlice>>;

/// Bells inside one process. They are gone with it, which costs nothing: the next process
/// looks at the rows.
#[derive(Clone, Debug)]
pub struct InProcessQueue(Arc<Mutex<Ends>>);

/// The way to the worker that listens now, and its end until one does.
#[derive(Debug)]
struct Ends {
    line: Line,
    unheard: Option<Bells>,
}

/// The way to a worker, and how many bells are on it.
#[derive(Clone, Debug)]
struct Line {
    sender: mpsc::UnboundedSender<Task<SendSlice>>,
    waiting: Arc<AtomicUsize>,
}

impl Default for InProcessQueue {
    fn default() -> Self {
        let (line, bells) = Line::new();
        let unheard = Some(bells);
        Self(Arc::new(Mutex::new(Ends { line, unheard })))
    }
}

impl Line {
    /// A way nobody listens at yet, and its end.
    fn new() -> (Self, Bells) {
        let (sender, bells) = mpsc::unbounded();
        let waiting = Arc::default();
        (Self { sender, waiting }, bells)
    }
}

impl InProcessQueue {
    /// The end a worker listens at; the first one hears what was rung before. A second call makes
    /// a new one and the old one falls silent, so that a worker that failed can be built again.
    pub fn backend(&self) -> MemoryStorage<SendSlice> {
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bells = ends.unheard.take().unwrap_or_else(|| {
            let (line, bells) = Line::new();
            ends.line = line;
            bells
        });
        let Line { sender, waiting } = ends.line.clone();
        let sink = sender.sink_map_err(MemoryStorageError::from);
        let heard = bells.inspect(move |_| {
            waiting.fetch_sub(1, Ordering::Relaxed);
        });
        MemoryStorage::new_with(
            MemorySink::new(Arc::new(futures::lock::Mutex::new(Box::new(sink)))),
            heard.boxed(),
        )
    }

    fn line(&self) -> Line {
        let ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ends.line.clone()
    }
}

impl Queue for InProcessQueue {
    fn ring<'a>(&'a self, jobs: &'a [SendSlice]) -> BoxFuture<'a, Result<(), QueueError>> {
        let line = self.line();
        let rung = jobs.iter().try_for_each(|job| line.ring(*job));
        ready(rung.map_err(|error| QueueError(error.into()))).boxed()
    }

    fn depth(&self) -> BoxFuture<'_, Result<usize, QueueError>> {
        ready(Ok(self.line().waiting.load(Ordering::Relaxed))).boxed()
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
