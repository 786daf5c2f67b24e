//! How long the slices of a process that fell silent stay its own.

use std::time::{Duration, Instant};

use testbed::Session;

use super::world::LOOK;

/// Longer than any takeover that keeps the promise.
const PATIENCE: Duration = Duration::from_mins(2);

/// Slices by campaign, number and epoch, that this worker holds; all that are held if it is nobody.
pub(crate) async fn held(database: &str, worker: Option<&str>) -> Option<Vec<String>> {
    let whose = worker.map(|id| format!(" AND owner = '{id}'"));
    let question = format!(
        "SELECT CONCAT(email_job_id, '/', no, '/', epoch) AS value FROM slice \
         WHERE state = 'LEASED'{}",
        whose.unwrap_or_default()
    );
    let session = Session::reach(database).await.ok()?;
    let asked = tokio::time::timeout(Duration::from_secs(2), session.texts(&question));
    asked.await.ok()?.ok()
}

/// From now until none of these is held under the same epoch. A database that is away keeps
/// everybody from taking over, so the time counts from when it last answered again.
pub(crate) async fn of(database: String, slices: Vec<String>) -> Duration {
    let began = Instant::now();
    let mut since = began;
    let mut was_away = false;
    let mut looks = tokio::time::interval(LOOK);
    while began.elapsed() < PATIENCE {
        looks.tick().await;
        let Some(now) = held(&database, None).await else {
            was_away = true;
            continue;
        };
        if std::mem::take(&mut was_away) {
            since = Instant::now();
        }
        if !slices.iter().any(|slice| now.contains(slice)) {
            break;
        }
    }
    since.elapsed()
}
