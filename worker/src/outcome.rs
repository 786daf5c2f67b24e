//! Whether a failed job is worth another try.

use apalis::prelude::BoxDynError;
use service::Error;

/// Only what may pass by itself is: a part of the infrastructure that was away. A recipient's
/// failure never comes here; it is an outcome, and stands in its row.
pub(crate) fn is_worth_a_retry(error: &BoxDynError) -> bool {
    matches!(
        error.downcast_ref::<Error>(),
        Some(Error::Unavailable(_) | Error::Database(_))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_part_that_was_away_is_worth_a_retry() {
        let away: BoxDynError = Box::new(Error::Unavailable("the database"));
        let gone: BoxDynError = Box::new(Error::NotFound("campaign"));
        let other: BoxDynError = "something else".into();
        assert!(is_worth_a_retry(&away));
        assert!(!is_worth_a_retry(&gone));
        assert!(!is_worth_a_retry(&other));
    }
}
