//! The worker: apalis listens at the queue and runs the jobs, with a configured concurrency
//! and a retry layer. A library and a binary, so that the server of the embedded size runs it
//! in its own process, and any number of processes run it where there is Redis.
//!
//! This is the one list of jobs; each has a file in `jobs`:
//!
//! | job | does |
//! |---|---|
//! | `send_slice` | hands one slice of a campaign to the engine |
//!
//! To add a job: its payload beside the others in `service::queue`, its handler in `jobs`, its
//! worker below. [`process`] is a whole worker process. A handler decodes, makes one call into the service, and says whether a failure
//! is worth another try; it holds no business of its own.

pub mod commands;
mod jobs;
mod outcome;
pub mod process;

use std::time::{Duration, Instant};

use apalis::{
    layers::retry::{HasherRng, RetryPolicy},
    prelude::{
        BackoffRetryPolicy, BoxDynError, ParallelizeExt, RetryIfPolicy, WorkerBuilder,
        WorkerBuilderExt,
    },
};
use futures::{FutureExt, TryFutureExt, future::BoxFuture};
use service::{Services, delivery::SLICES_AT_ONCE, queue::QueueEnd};
use tokio_util::sync::CancellationToken;
use tower::retry::backoff::{ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};

/// Tries of a job in all: a slice whose job gave up is rung again by the reconciler.
const TRIES: usize = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The pause before a worker that failed is built again: the queue may be away for long.
const REBUILD_PAUSE: Duration = Duration::from_secs(1);
/// A worker that listened for so long worked.
const WORKED: Duration = Duration::from_secs(15);

/// Runs the jobs until `stop` is cancelled, and returns once none is running. A worker that
/// fails is built again, after a pause, for as long as it takes.
pub async fn run(services: Services, stop: CancellationToken) {
    let mut failing = false;
    while !stop.is_cancelled() {
        // Never used twice: apalis refuses a name it has seen lately, and gives what a lost
        // worker had fetched to nobody while its name lives.
        let name = format!("send-slice-{:016x}", rand::random::<u64>());
        let began = Instant::now();
        let ended = match listen(&services, &name, stop.clone()) {
            Ok(running) => running.await,
            Err(error) => Err(error),
        };
        // One that worked for a while meets a new trouble, not the old one again.
        failing &= began.elapsed() < WORKED;
        match ended {
            Ok(()) => {}
            // Said once: what is away may be away for hours.
            Err(error) if failing => tracing::debug!(worker.name = name, %error, "still failing"),
            Err(error) => {
                failing = true;
                tracing::warn!(worker.name = name, %error, "the worker failed; building it again");
            }
        }
        if let QueueEnd::Redis(queue) = services.queue()
            && let Err(error) = queue.forget_worker(&name).await
        {
            tracing::debug!(worker.name = name, %error, "the queue remembers this worker");
        }
        if !stop.is_cancelled() {
            tokio::time::sleep(REBUILD_PAUSE).await;
        }
    }
}

type Retry = RetryIfPolicy<BackoffRetryPolicy<ExponentialBackoff>, fn(&BoxDynError) -> bool>;
type Running = BoxFuture<'static, Result<(), BoxDynError>>;

/// One worker that listens at this backend until `stop`. A macro, since no signature can name
/// what apalis asks of a backend. Boxed where its type is known: the compiler does not see
/// through apalis' layers that it may be spawned.
macro_rules! worker {
    ($name:expr, $backend:expr, $services:expr, $stop:expr) => {{
        let stop: CancellationToken = $stop;
        let worker = WorkerBuilder::new($name)
            .backend($backend)
            .data($services.clone())
            // The first is the outermost: a job keeps its place while it waits for its retry.
            .concurrency(SLICES_AT_ONCE)
            .retry(retry()?)
            .enable_tracing()
            .catch_panic()
            .parallelize(tokio::spawn)
            .build(jobs::send_slice::handle);
        let until = async move {
            stop.cancelled().await;
            Ok::<(), std::io::Error>(())
        };
        worker.run_until(until).map_err(BoxDynError::from).boxed()
    }};
}

fn retry() -> Result<Retry, BoxDynError> {
    let backoff =
        ExponentialBackoffMaker::new(FIRST_PAUSE, LONGEST_PAUSE, 0.2, HasherRng::default())?
            .make_backoff();
    Ok(RetryPolicy::retries(TRIES - 1)
        .with_backoff(backoff)
        .retry_if(outcome::is_worth_a_retry as fn(&BoxDynError) -> bool))
}

fn listen(
    services: &Services,
    name: &str,
    stop: CancellationToken,
) -> Result<Running, BoxDynError> {
    Ok(match services.queue() {
        QueueEnd::InProcess(queue) => worker!(name, queue.backend(), services, stop),
        QueueEnd::Redis(queue) => worker!(name, queue.backend(), services, stop),
    })
}
