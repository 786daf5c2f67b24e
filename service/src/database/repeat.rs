//! Transactions that the database asks to repeat.

use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr, sqlx::mysql::MySqlDatabaseError};

/// Tries in all; more means that something stands still for good.
const TRIES: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// A row was locked by another transaction for too long; MySQL gave this statement up.
const LOCK_WAIT_TIMEOUT: u16 = 1205;
/// Two transactions waited for each other; MySQL rolled this one back.
const DEADLOCK: u16 = 1213;

/// Runs a whole transaction, and repeats it where the database gave it up in favour of another
/// one: nothing of it has happened then. Any other error is returned at once.
pub(crate) async fn repeated<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, DbErr>
where
    F: Future<Output = Result<T, DbErr>>,
{
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        match attempt().await {
            Err(error) if is_to_be_repeated(&error) => {
                // Two that met once should not meet again.
                tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.5))).await;
                pause *= 2;
            }
            done => return done,
        }
    }
    attempt().await
}

fn is_to_be_repeated(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return false;
    };
    error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>())
        .is_some_and(|error| matches!(error.number(), LOCK_WAIT_TIMEOUT | DEADLOCK))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn what_is_no_conflict_is_not_repeated() {
        let tries = Cell::new(0);
        let failed = repeated(|| {
            tries.set(tries.get() + 1);
            async { Err::<(), _>(DbErr::Custom("away".to_owned())) }
        });
        assert!(failed.await.is_err());
        assert_eq!(tries.get(), 1);
    }
}
