//! Requests as types. They differ from axum's own in what they say when a request is not what
//! it should be: a [`Problem`](crate::Problem) that names the field.

mod idempotency_key;
mod json;
mod named;
mod path;
mod query;
mod upload;

pub use idempotency_key::IdempotencyKey;
pub use json::Json;
pub(crate) use json::read_body;
pub use path::Path;
pub use query::Query;
pub use upload::{JsonUpload, ListUpload};
