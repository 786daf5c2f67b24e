//! Which field a failed deserialisation is about.

use domain::{ApiError, FieldError};

use crate::Problem;

/// A problem with the field at `path`, whose deserialiser said `message`.
pub(super) fn field_problem(path: &serde_path_to_error::Path, message: &str) -> Problem {
    let fault = FieldError::of_serde(&path.to_string(), message);
    ApiError::invalid(vec![fault]).into()
}
