//! A whole worker process: started, then run until it is told to stop.

use std::time::Duration;

use service::{
    Config, Services,
    start::{Role, StartError, Surroundings},
};
use tokio::{task::JoinError, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long apalis may take to end once nothing is being sent any more.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Why a worker process could not start, or ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The service cannot start: the database, mostly.
    #[error("the service cannot start")]
    Start(#[from] StartError),
    /// It ended by itself.
    #[error("the worker ended before it was told to")]
    Ended,
    /// A part of the process panicked.
    #[error("a part of the process panicked")]
    Panicked(#[from] JoinError),
}

/// Sends until `shutdown` resolves. Then it takes nothing more, lets messages on their way end
/// within `DRAIN_DEADLINE`, lets its slices go for others, and returns.
pub async fn run_until_stopped(
    config: &Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), WorkerError> {
    let surroundings = Surroundings {
        role: Role::Worker,
        ..Surroundings::default()
    };
    let services = Services::start(config, surroundings).await?;
    let stop = CancellationToken::new();
    let mut worker = tokio::spawn(crate::run(services.clone(), stop.clone()));
    tracing::info!(connections = config.delivery.concurrency, "sending");
    tokio::select! {
        () = shutdown => tracing::info!("stopping"),
        ended = &mut worker => {
            ended?;
            return Err(WorkerError::Ended);
        }
    }
    stop.cancel();
    services.drain().await;
    // Its slices ended when the engine under them did; a queue that is away must not keep it.
    match timeout(LAST_WORDS, &mut worker).await {
        Ok(ended) => ended?,
        Err(_) => worker.abort(),
    }
    services.stop().await;
    tracing::info!("stopped");
    Ok(())
}
