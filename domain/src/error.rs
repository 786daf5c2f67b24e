//! The only error that crosses a wire, on both surfaces: REST shows it as
//! `application/problem+json` (RFC 9457), server functions as their typed error.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many faulty fields an error names at most; [`ApiError::fields_total`] tells them all.
pub const MAX_FIELDS: usize = 100;

/// What went wrong, as a stable word for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The body or the query is not what it claims to be: broken JSON, say.
    Malformed,
    /// One or more fields break a rule; `fields` names them.
    ValidationFailed,
    /// There is no such thing.
    NotFound,
    /// The method does not exist here.
    MethodNotAllowed,
    /// The thing is not in a state for this.
    Conflict,
    /// The same `Idempotency-Key` is still being worked on; ask again shortly.
    InProgress,
    /// Recipients are being imported into the campaign; ask again when that is done.
    Importing,
    /// The `Idempotency-Key` was used before, with another request.
    IdempotencyKeyReused,
    /// The body is larger than `BODY_LIMIT`, or the list than `IMPORT_LIMIT`.
    PayloadTooLarge,
    /// The body's media type is not one this address reads.
    UnsupportedMediaType,
    /// The request did not come from this machine's own pages or programs.
    Forbidden,
    /// A part that is needed is away; nothing was done.
    Unavailable,
    /// A fault of Palomar's; its log has the cause.
    Internal,
}

impl ErrorCode {
    /// The HTTP status of this error, the same on every surface.
    #[must_use]
    pub fn http_status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict | Self::InProgress | Self::Importing => 409,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::ValidationFailed | Self::IdempotencyKeyReused => 422,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// A short human title, the same for every error of this code.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::ValidationFailed => "Some fields are not valid",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "This method does not exist here",
            Self::Conflict => "This is not possible now",
            Self::InProgress => "The same request is still being worked on",
            Self::Importing => "Recipients are being imported",
            Self::IdempotencyKeyReused => "This Idempotency-Key belongs to another request",
            Self::PayloadTooLarge => "The request is too large",
            Self::UnsupportedMediaType => "This media type is not read here",
            Self::Forbidden => "This is open to this machine only",
            Self::Unavailable => "A needed part is away",
            Self::Internal => "Something went wrong here",
        }
    }
}

/// One faulty field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Where, as in `recipients[3].email`; positions count from 0.
    pub path: String,
    /// What is wrong with it, for people.
    pub message: String,
}

impl FieldError {
    /// A fault at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }

    /// A fault that serde found at `path`, in the words of its error. Where the field's name stands
    /// in the words only, as with one that is missing, it completes the path.
    pub fn of_serde(path: &str, message: &str) -> Self {
        let mut path = match path {
            "." => String::new(),
            path => path.to_owned(),
        };
        // JSON's messages end with a position, which the path says better.
        let message = message
            .rsplit_once(" at line ")
            .map_or(message, |(message, _)| message);
        if let Some(name) = ["missing field `", "duplicate field `"]
            .iter()
            .find_map(|words| message.strip_prefix(words)?.strip_suffix('`'))
        {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(name);
        }
        Self::new(path, message)
    }
}

/// What a caller gets when a call does not do what was asked. It holds nothing about the
/// inside: causes are logged where the error is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiError {
    /// The stable word for programs.
    pub code: ErrorCode,
    /// The code's title, for people.
    pub title: String,
    /// What happened this time, for people.
    pub detail: String,
    /// The faulty fields, the first [`MAX_FIELDS`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// How many faulty fields there are in all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fields_total: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl ApiError {
    /// An error of this code; `detail` is for people.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            title: code.title().to_owned(),
            detail: detail.into(),
            fields: Vec::new(),
            fields_total: 0,
        }
    }

    /// A validation error that names its fields; beyond [`MAX_FIELDS`] it only counts them.
    #[must_use]
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let total = fields.len();
        Self::invalid_of(fields, total)
    }

    /// The same, of whose `fields_total` fields only the first may be there.
    #[must_use]
    pub fn invalid_of(mut fields: Vec<FieldError>, fields_total: usize) -> Self {
        fields.truncate(MAX_FIELDS);
        let detail = match (fields_total, fields.first()) {
            (1, Some(only)) => format!("{}: {}", only.path, only.message),
            _ => format!("{fields_total} fields are not valid"),
        };
        Self {
            fields,
            fields_total,
            ..Self::new(ErrorCode::ValidationFailed, detail)
        }
    }

    /// The message for one field, if that field is at fault.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.path == path)
            .map(|field| field.message.as_str())
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl std::error::Error for ApiError {}

/// The faults of a garde report, field by field, in the report's order.
#[must_use]
pub fn fields_of(report: &garde::Report) -> Vec<FieldError> {
    report
        .iter()
        .map(|(path, error)| FieldError::new(camel_case(&path.to_string()), error.to_string()))
        .collect()
}

/// Paths come from Rust's field names; the wire says them in camelCase.
fn camel_case(path: &str) -> String {
    let mut camel = String::with_capacity(path.len());
    let mut upper = false;
    for character in path.chars() {
        if character == '_' {
            upper = true;
        } else if upper {
            camel.extend(character.to_uppercase());
            upper = false;
        } else {
            camel.push(character);
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_first_hundred_fields_and_counts_them_all() {
        let error = ApiError::invalid(
            (0..250)
                .map(|n| FieldError::new(format!("recipients[{n}]"), "no @"))
                .collect(),
        );
        assert_eq!(error.fields.len(), MAX_FIELDS);
        assert_eq!(error.fields_total, 250);
        assert_eq!(error.detail, "250 fields are not valid");
    }

    #[test]
    fn a_path_is_said_as_the_wire_says_it() {
        assert_eq!(
            camel_case("recipients[3].reply_to"),
            "recipients[3].replyTo"
        );
    }
}
