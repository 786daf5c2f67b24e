//! The composer's form, before anything was created.

use domain::{ApiError, CampaignId, campaign::CampaignForm};
use leptos::{prelude::*, server_fn::codec::Json};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::context::{actor, answer, fail, services};
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
    /// The campaign that is being changed; none where a new one is written.
    pub editing: Option<Editing>,
}

/// A campaign that was not started yet, in the composer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Editing {
    /// Which.
    pub id: CampaignId,
    /// How many are on its list, which is kept where no other is written.
    pub recipients: u64,
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
    Ok(ComposerState {
        form,
        ..ComposerState::default()
    })
}

/// A campaign that was not started yet, as the composer shows it; or the refused form of its change.
#[server(prefix = "/ui", endpoint = "composer/edit", input = Json)]
pub(crate) async fn open_editor(id: CampaignId) -> Result<ComposerState, CallError> {
    let campaigns = services()?.campaigns();
    let campaign = answer(campaigns.get(&actor(), id).await)?.summary;
    let editing = Some(Editing {
        id,
        recipients: campaign.counts.total,
    });
    if let Some(refused) = use_context::<ComposerState>() {
        return Ok(ComposerState { editing, ..refused });
    }
    if !campaign.status.is_editable() {
        return Err(fail(ApiError::new(
            domain::ErrorCode::Conflict,
            "This campaign was started, so it can no longer be changed. Duplicate it instead.",
        )));
    }
    let content = answer(campaigns.content(&actor(), id).await)?;
    let form = CampaignForm::of(content, campaign.scheduled_at);
    Ok(ComposerState {
        form,
        error: None,
        editing,
    })
}
