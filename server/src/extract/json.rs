//! JSON bodies.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use domain::ErrorCode;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::{named::field_problem, upload::not_json};
use crate::Problem;

/// From this size on a body is parsed where it keeps no other request waiting.
const PARSED_ASIDE: usize = 256 << 10;

/// A body of JSON. Rejected with 415 when it does not say that it is JSON, 400 with line and
/// column when it is not, and 422 with the field's path when it is not of this type: a wrong
/// type, a missing or an unknown field.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Sync,
    T: DeserializeOwned + Send + 'static,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        let body = read_body(request.into_body()).await?;
        if body.len() < PARSED_ASIDE {
            return parse(&body).map(Self);
        }
        tokio::task::spawn_blocking(move || parse(&body))
            .await
            .map_err(|error| {
                tracing::error!(%error, "a body could not be parsed");
                Problem::internal()
            })?
            .map(Self)
    }
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok()?.parse::<mime::Mime>().ok())
        .is_some_and(|media| {
            media.type_() == mime::APPLICATION
                && (media.subtype() == mime::JSON || media.suffix() == Some(mime::JSON))
        })
}

/// A whole body. That it is not over `BODY_LIMIT` is seen to around every handler.
pub(crate) async fn read_body(body: Body) -> Result<Bytes, Problem> {
    match body.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(_) => Err(Problem::new(
            ErrorCode::Malformed,
            "the body broke off before its end",
        )),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| match error
        .inner()
        .classify()
    {
        Category::Data => field_problem(error.path(), &error.inner().to_string()),
        _ => malformed(error.inner()),
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(
        ErrorCode::Malformed,
        format!("the body is not JSON: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use domain::campaign::CampaignCreate;

    use super::*;

    fn refusal(body: &str) -> String {
        let problem = parse::<CampaignCreate>(body.as_bytes()).unwrap_err();
        let error = problem.error();
        match error.fields.first() {
            Some(field) => format!("{}: {}", field.path, field.message),
            None => format!("{:?}: {}", error.code, error.detail),
        }
    }

    #[test]
    fn broken_json_is_named_with_line_and_column() {
        assert_eq!(
            refusal("{\"subject\":\n nonsense}"),
            "Malformed: the body is not JSON: expected ident at line 2 column 3"
        );
        assert_eq!(
            refusal(r#"{"subject": "a", "body": "b", "recipients": []} x"#),
            "Malformed: the body is not JSON: trailing characters at line 1 column 49"
        );
    }

    #[test]
    fn a_field_that_is_wrong_unknown_or_missing_is_named_by_its_path() {
        assert_eq!(
            refusal(r#"{"subject": 7, "body": "b", "recipients": []}"#),
            "subject: invalid type: integer `7`, expected a string"
        );
        assert_eq!(
            refusal(r#"{"subject": "a", "body": "b"}"#),
            "recipients: missing field `recipients`"
        );
        assert_eq!(
            refusal(r#"{"subject": "a", "body": "b", "recipients": ["a@b.c", {"vars": {}}]}"#),
            "recipients[1].email: missing field `email`"
        );
        let unknown = refusal(r#"{"subject": "a", "body": "b", "recipients": [{"nmae": "A"}]}"#);
        assert!(
            unknown.starts_with("recipients[0].nmae: unknown field `nmae`"),
            "{unknown}"
        );
    }
}
