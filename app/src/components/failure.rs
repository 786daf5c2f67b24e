//! What went wrong, and what to do.

use domain::ErrorCode;
use leptos::prelude::*;

use crate::{
    api::{self, error::CallError},
    components::icon::{Drawing, Mark},
    format, routes,
};

/// Stands where a page's content could not be had. While the server renders, it gives the page the
/// error's status.
#[component]
pub(crate) fn Failure(error: CallError) -> impl IntoView {
    let code = error.code();
    api::set_page_status(code);
    let (href, word) = if code == ErrorCode::NotFound {
        (routes::DASHBOARD, "See all campaigns")
    } else {
        ("", "Try again")
    };
    view! {
        <section class="card notice" role="alert">
            <Mark drawing=Drawing::Cross tone="failed" />
            <div>
                <b>{code.title()}</b>
                <div class="text-small text-muted">{format::sentence(error.0.detail)}</div>
                <div class="text-small text-muted">{advice(code)}</div>
            </div>
            <a class="btn small" href=href>
                {word}
            </a>
        </section>
    }
}

/// What it means, or what to do.
fn advice(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::NotFound => "Perhaps the address was shortened on its way here.",
        ErrorCode::Unavailable => {
            "Nothing is lost: what was handed over goes on by itself as soon as it can."
        }
        ErrorCode::Internal => "Campaigns that are being sent are not touched by this.",
        ErrorCode::Malformed | ErrorCode::ValidationFailed => {
            "The address of this page says something Palomar does not understand."
        }
        _ => "",
    }
}
