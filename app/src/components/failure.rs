//! What went wrong, and what to do.

use domain::ErrorCode;
use leptos::prelude::*;

use crate::{
    api::{self, error::CallError},
    components::icon::{Drawing, Mark},
};

/// Stands where a page's content could not be had. While the server renders, it gives the page the
/// error's status.
#[component]
pub(crate) fn Failure(error: CallError) -> impl IntoView {
    api::set_page_status(error.code());
    let ApiErrorText { title, advice } = text_of(error.code());
    view! {
        <section class="card notice" role="alert">
            <Mark drawing=Drawing::Cross tone="failed" />
            <div>
                <b>{title}</b>
                <div class="text-small text-muted">{error.0.detail}</div>
                <div class="text-small text-muted">{advice}</div>
            </div>
            <a class="btn small" href="">
                "Try again"
            </a>
        </section>
    }
}

struct ApiErrorText {
    title: &'static str,
    advice: &'static str,
}

fn text_of(code: ErrorCode) -> ApiErrorText {
    let advice = match code {
        ErrorCode::NotFound => "Perhaps the address was shortened on its way here.",
        ErrorCode::Unavailable => {
            "Nothing is lost: what was handed over goes on by itself as soon as it can."
        }
        ErrorCode::Internal => "Campaigns that are being sent are not touched by this.",
        ErrorCode::Malformed | ErrorCode::ValidationFailed => {
            "The address of this page says something Palomar does not understand."
        }
        _ => "",
    };
    ApiErrorText {
        title: code.title(),
        advice,
    }
}
