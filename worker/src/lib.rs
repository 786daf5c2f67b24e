//! The worker: apalis listens at the queue and runs the jobs, with a configured concurrency
//! and a retry layer. A library, so that the server of the embedded size runs it in its own
//! process.
//!
//! This is the one list of jobs; each has a file in `jobs`:
//!
//! | job | does |
//! |---|---|
//! | `send_slice` | hands one slice of a campaign to the engine |
//!
//! To add a job: its payload beside the others in `service::queue`, its handler in `jobs`, its
//! worker below. A handler decodes, makes one call into the service, and says whether a failure
//! is worth another try; it holds no business of its own.

mod jobs;
mod outcome;

use std::time::Duration;

use apalis::{
    layers::retry::{HasherRng, RetryPolicy},
    prelude::{BoxDynError, ParallelizeExt, WorkerBuilder, WorkerBuilderExt},
};
use futures::{FutureExt, TryFutureExt, future::BoxFuture};
use service::{Services, delivery::SLICES_AT_ONCE};
use tokio_util::sync::CancellationToken;
use tower::retry::backoff::{ExponentialBackoffMaker, MakeBackoff};

/// Tries of a job in all: a slice whose job gave up is rung again by the reconciler.
const TRIES: usize = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The pause before a worker that failed is built again.
const REBUILD_PAUSE: Duration = Duration::from_secs(1);

/// Runs the jobs until `stop` is cancelled, and returns once none is running. A worker that
/// fails is built again, after a pause.
pub async fn run(services: Services, stop: CancellationToken) {
    let mut built = 0_u32;
    while !stop.is_cancelled() {
        built += 1;
        // apalis refuses a name that is still in use.
        let name = format!("send-slice-{}-{built}", std::process::id());
        let ended = match listen(services.clone(), &name, stop.clone()) {
            Ok(running) => running.await,
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            tracing::error!(worker.name = name, %error, "the worker failed; building it again");
            tokio::time::sleep(REBUILD_PAUSE).await;
        }
    }
}

/// Builds a worker that runs until `stop`. Boxed where its type is known: the compiler does not
/// see through apalis' layers that it may be spawned.
fn listen(
    services: Services,
    name: &str,
    stop: CancellationToken,
) -> Result<BoxFuture<'static, Result<(), BoxDynError>>, BoxDynError> {
    let backoff =
        ExponentialBackoffMaker::new(FIRST_PAUSE, LONGEST_PAUSE, 0.2, HasherRng::default())?
            .make_backoff();
    let retry = RetryPolicy::retries(TRIES - 1)
        .with_backoff(backoff)
        .retry_if(outcome::is_worth_a_retry);
    let worker = WorkerBuilder::new(name)
        .backend(services.queue().backend())
        .data(services)
        // The first is the outermost: a job keeps its place while it waits for its retry.
        .concurrency(SLICES_AT_ONCE)
        .retry(retry)
        .enable_tracing()
        .catch_panic()
        .parallelize(tokio::spawn)
        .build(jobs::send_slice::handle);
    let until = async move {
        stop.cancelled().await;
        Ok::<(), std::io::Error>(())
    };
    Ok(worker.run_until(until).map_err(BoxDynError::from).boxed())
}
