//! Errors as `application/problem+json` (RFC 9457).

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{ApiError, ErrorCode, FieldError};
use serde::Serialize;

/// Seconds after which what is still being worked on is worth asking about again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// An error as REST answers it: the status of its code, and a body both people and programs
/// can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(ApiError);

impl Problem {
    /// A problem of this code; `detail` is for people.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self(ApiError::new(code, detail))
    }

    /// A problem with one field.
    pub fn field(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self(ApiError::invalid(vec![FieldError::new(path, message)]))
    }

    /// A fault of ours, whose cause is in the log already.
    pub fn internal() -> Self {
        Self::new(ErrorCode::Internal, "the server's log has the reason")
    }

    /// The error it shows.
    pub fn error(&self) -> &ApiError {
        &self.0
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<service::Error> for Problem {
    fn from(error: service::Error) -> Self {
        Self(error.into_api())
    }
}

/// The members of RFC 9457, then ours.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: ErrorCode,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fields: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    fields_total: Option<usize>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = self.0;
        let status = error.code.http_status();
        let body = Body {
            r#type: "about:blank",
            title: &error.title,
            status,
            detail: &error.detail,
            code: error.code,
            fields: &error.fields,
            fields_total: Some(error.fields_total).filter(|total| *total > 0),
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (
            status,
            [
                (header::CONTENT_TYPE, "application/problem+json"),
                (header::CACHE_CONTROL, "no-store"),
            ],
            body,
        )
            .into_response();
        if matches!(error.code, ErrorCode::InProgress | ErrorCode::Importing) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}

/// The answer where there is no such address.
pub async fn no_such_address(request: Request) -> Problem {
    Problem::new(
        ErrorCode::NotFound,
        format!("there is nothing at {}", request.uri().path()),
    )
}

/// The answer where the address knows other methods only; axum adds `Allow`.
pub async fn no_such_method(request: Request) -> Problem {
    Problem::new(
        ErrorCode::MethodNotAllowed,
        format!(
            "{} does not know {}",
            request.uri().path(),
            request.method()
        ),
    )
}
