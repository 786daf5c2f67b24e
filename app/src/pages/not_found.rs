//! An address where nothing stands.

use domain::ErrorCode;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{api, routes};

/// Says so, with status 404.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    api::set_page_status(ErrorCode::NotFound);
    view! {
        <Title text="Not found" />
        <section class="empty">
            <h1>"There is nothing at this address"</h1>
            <p>"Perhaps it was shortened on its way here, or what stood here has gone."</p>
            <a class="btn primary" href=routes::DASHBOARD>
                "See all campaigns"
            </a>
        </section>
    }
}
