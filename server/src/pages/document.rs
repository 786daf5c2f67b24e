//! The document, as the pages' crate makes it.

use app::ComposerState;
use domain::{ApiError, CampaignId, campaign::CampaignForm};
use leptos::prelude::*;

use super::Bundle;

/// The whole document, with the bundle's names in it.
pub(super) fn whole(bundle: &Bundle) -> impl IntoView + use<> {
    app::shell(bundle.options(), bundle.stylesheet().to_owned())
}

/// The address of one campaign's page.
pub(super) fn campaign(id: CampaignId) -> String {
    format!("/campaigns/{id}")
}

/// Hands a refused form to the composer.
pub(super) fn provide_refused(form: CampaignForm, error: ApiError) {
    provide_context(ComposerState {
        form,
        error: Some(error),
        editing: None,
    });
}
