//! The queue of the embedded size: apalis' in-process backend.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use apalis::prelude::{MemoryStorage, RandomId, Task, TaskBuilder, TaskId};
use apalis::prelude::memory::{MemorySink, MemoryStorageError};
use futures::{SinkExt, StreamExt, channel::mpsc};

use super::{Queue, QueueError, SendSlice};

type Sender = mpsc::UnboundedSender<Task<SendSlice>>;

/// Bells inside one process. They are gone with it, which costs nothing: the next process
/// looks at the rows.
#[derive(Clone, Debug, Default)]
pub struct InProcessQueue {
    sender: Arc<Mutex<Option<Sender>>>,
    waiting: Arc<AtomicUsize>,
}

impl InProcessQueue {
    /// The end a worker listens at. A second call makes a new one and the old one falls
    /// silent, so that a worker that failed can be built again.
    pub fn backend(&self) -> MemoryStorage<SendSlice> {
        let (sender, receiver) = mpsc::unbounded();
        let sink = sender.clone().sink_map_err(|error| MemoryStorageError::from(error));
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        self.waiting.store(0, Ordering::Relaxed);
        let waiting = Arc::clone(&self.waiting);
        let heard = receiver.inspect(move |_| {
            waiting.fetch_sub(1, Ordering::Relaxed);
        });
        MemoryStorage::new_with(
            MemorySink::new(Arc::new(futures::lock::Mutex::new(Box::new(sink)))),
            heard.boxed(),
        )
    }
}

impl Queue for InProcessQueue {
    fn ring(&self, job: SendSlice) -> Result<(), QueueError> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = sender.as_ref().ok_or(QueueError)?;
        let task = TaskBuilder::new(job).task_id(TaskId::from_string(RandomId::default())).build();
        self.waiting.fetch_add(1, Ordering::Relaxed);
        sender.unbounded_send(task).map_err(|_| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            QueueError
        })
    }

    fn depth(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}
