//! Parts of the address.

use axum::{
    extract::{FromRequestParts, Path as AxumPath},
    http::request::Parts,
};
use domain::ErrorCode;
use serde::de::DeserializeOwned;

use crate::Problem;

/// Parts of the address. What is not of its type names nothing: 404.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match AxumPath::from_request_parts(parts, state).await {
            Ok(AxumPath(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::new(
                ErrorCode::NotFound,
                format!("there is nothing at {}", parts.uri.path()),
            )),
        }
    }
}
