//! The composer's form, before anything was created.

use domain::{ApiError, campaign::CampaignForm};
use leptos::{prelude::*, server_fn::codec::Json};
use serde::{Deserialize, Serialize};

use super::error::CallError;

/// What the composer shows when it opens.
///
/// A form posted without JavaScript is answered by the composer itself: the server provides this as
/// context, with what was typed and what is wrong with it, and renders `/campaigns/new`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComposerState {
    /// The fields as they stand.
    pub form: CampaignForm,
    /// Why the form was refused.
    pub error: Option<ApiError>,
}

/// The refused form where there is one; otherwise an empty one with a key of its own, by which
/// sending it twice creates one campaign.
#[server(prefix = "/ui", endpoint = "composer/open", input = Json)]
pub(crate) async fn open_composer() -> Result<ComposerState, CallError> {
    if let Some(refused) = use_context::<ComposerState>() {
        return Ok(refused);
    }
    let mut key = [0_u8; 16];
    getrandom::fill(&mut key).map_err(|_| {
        CallError::from(ApiError::new(
            domain::ErrorCode::Unavailable,
            "the system gives no random numbers",
        ))
    })?;
    let form = CampaignForm {
        idempotency_key: hex::encode(key),
        ..CampaignForm::default()
    };
    Ok(ComposerState { form, error: None })
}
