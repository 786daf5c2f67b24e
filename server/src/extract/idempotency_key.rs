//! The client's name for one request.

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::Problem;

const NAME: &str = "Idempotency-Key";
const MAX_LENGTH: usize = 255;

/// The `Idempotency-Key` header, if there is one: 1 to 255 visible ASCII characters, taken as
/// they stand. Rejected with 422 when it is anything else, or there is more than one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(NAME).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        let key = value.as_bytes();
        let fits = (1..=MAX_LENGTH).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
        match value.to_str() {
            Ok(key) if fits && values.next().is_none() => Ok(Self(Some(key.to_owned()))),
            _ => Err(Problem::field(
                NAME,
                "must be one key of 1 to 255 visible ASCII characters",
            )),
        }
    }
}
