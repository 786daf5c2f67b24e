//! Query strings.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::named::field_problem;
use crate::Problem;

/// The query string. A parameter without a value counts as not said, as a plain form sends it.
/// Rejected with 422 that names the parameter when one is unknown or not of its type.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let said = form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty());
    let said = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(said)
        .finish();
    let said = form_urlencoded::parse(said.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(said))
        .map_err(|error| field_problem(error.path(), &error.inner().to_string()))
}

#[cfg(test)]
mod tests {
    use domain::campaign::{CampaignList, CampaignStatus};

    use super::*;

    fn refused_field(query: &str) -> String {
        let problem = parse::<CampaignList>(query).unwrap_err();
        problem.error().fields[0].path.clone()
    }

    #[test]
    fn what_a_form_leaves_blank_counts_as_not_said() {
        let list: CampaignList = parse("q=&status=FAILED&limit=&cursor=").unwrap();
        assert_eq!(list.status, Some(CampaignStatus::Failed));
        assert_eq!((list.q, list.cursor, list.limit), (None, None, None));
    }

    #[test]
    fn a_parameter_that_is_wrong_or_unknown_is_named() {
        assert_eq!(refused_field("limit=ten"), "limit");
        assert_eq!(refused_field("status=HAPPY"), "status");
        assert_eq!(refused_field("state=FAILED"), "state");
    }
}
