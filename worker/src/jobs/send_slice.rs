//! Sends one slice of a campaign.

use std::time::Instant;

use apalis::prelude::{Attempt, BoxDynError, Data};
use service::{Services, queue::SendSlice};

/// Hands the slice to the engine. Harmless when run twice.
pub(crate) async fn handle(
    job: SendSlice,
    services: Data<Services>,
    attempt: Attempt,
) -> Result<(), BoxDynError> {
    let began = Instant::now();
    let outcome = services.send_slice(job).await;
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (campaign, slice, attempt) = (job.campaign.0, job.slice, attempt.current());
    match outcome {
        Ok(outcome) => {
            tracing::info!(
                campaign.id = campaign,
                slice.no = slice,
                job.attempt = attempt,
                duration_ms,
                ?outcome,
                "send slice",
            );
            Ok(())
        }
        Err(error) => {
            tracing::warn!(
                campaign.id = campaign,
                slice.no = slice,
                job.attempt = attempt,
                duration_ms,
                error = &error as &dyn std::error::Error,
                "send slice failed",
            );
            Err(error.into())
        }
    }
}
