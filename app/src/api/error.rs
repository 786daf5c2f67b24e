//! What a call says when it fails.

use std::fmt;

use domain::{ApiError, ErrorCode};
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// The error of every server function: an [`ApiError`], on the wire exactly as REST writes it. What
/// stands between page and service (a server that is away, a body that is too large) comes as the
/// same type, so a page has one thing to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CallError(pub(crate) ApiError);

impl CallError {
    /// The stable word for what went wrong.
    pub(crate) fn code(&self) -> ErrorCode {
        self.0.code
    }
}

impl From<ApiError> for CallError {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromServerFnError for CallError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let (code, detail) = match error {
            ServerFnErrorErr::Request(_) => (
                ErrorCode::Unavailable,
                "Palomar does not answer. Is it running?".to_owned(),
            ),
            ServerFnErrorErr::Args(fault) | ServerFnErrorErr::MissingArg(fault) => {
                (ErrorCode::Malformed, fault)
            }
            ServerFnErrorErr::Deserialization(_) => (
                ErrorCode::Internal,
                "The answer could not be read. Reload the page; Palomar may have been updated."
                    .to_owned(),
            ),
            other => (ErrorCode::Internal, other.to_string()),
        };
        #[cfg(feature = "ssr")]
        super::context::set_call_status(code);
        Self(ApiError::new(code, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_crosses_the_wire_as_rest_writes_it() {
        let error = ApiError::new(ErrorCode::NotFound, "there is no campaign of this number");
        assert_eq!(
            CallError(error.clone()).ser(),
            serde_json::to_vec(&error).unwrap()
        );
        assert_eq!(CallError::de(CallError(error.clone()).ser()).0, error);
    }

    #[test]
    fn an_answer_from_in_between_is_still_an_error_a_page_can_show() {
        let error = CallError::de("<html>502 Bad Gateway</html>".into());
        assert_eq!(error.code(), ErrorCode::Internal);
    }
}
