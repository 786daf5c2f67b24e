//! An address where nothing stands.

use domain::ErrorCode;
use leptos::prelude::*;

use crate::{api, components::failure::Nothing};

/// Says so, with status 404.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    api::set_page_status(ErrorCode::NotFound);
    let words = "No page of Palomar’s stands here.".to_owned();
    view! { <Nothing words /> }
}
