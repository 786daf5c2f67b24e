//! The document around the pages. A stand-in, until the pages are there.

use leptos::prelude::*;

use super::Bundle;

/// Everything inside the body.
#[expect(non_snake_case, reason = "components are named like types")]
pub(super) fn Body() -> impl IntoView {
    view! { <main>"Palomar"</main> }
}

/// The whole document.
pub(super) fn whole(_bundle: &Bundle) -> impl IntoView + use<> {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <body>{Body()}</body>
        </html>
    }
}

/// The address of one campaign's page.
pub(super) fn campaign(id: domain::CampaignId) -> String {
    format!("/campaigns/{id}")
}

/// Hands a refused form to the composer.
pub(super) fn provide_refused(form: domain::campaign::CampaignForm, error: domain::ApiError) {
    provide_context((form, error));
}
