//! What went wrong, and what to do.

use domain::ErrorCode;
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

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
    let words = format::sentence(error.0.detail);
    if code == ErrorCode::NotFound {
        Either::Left(view! { <Nothing words /> })
    } else {
        Either::Right(view! { <Fault code words /> })
    }
}

/// That nothing stands at the page's address, in place of the page.
#[component]
pub(crate) fn Nothing(words: String) -> impl IntoView {
    view! {
        <Title text="Not found" />
        <section class="empty">
            <h1>"There is nothing at this address"</h1>
            <p>{words} " Perhaps the address was shortened on its way here."</p>
            <a class="btn primary" href=routes::DASHBOARD>
                "See all campaigns"
            </a>
        </section>
    }
}

#[component]
fn Fault(code: ErrorCode, words: String) -> impl IntoView {
    view! {
        <section class="card notice" role="alert">
            <Mark drawing=Drawing::Cross tone="failed" />
            <div>
                <b>{code.title()}</b>
                <div class="text-small text-muted">{words}</div>
                <div class="text-small text-muted">{advice(code)}</div>
            </div>
            <a class="btn small" href="">
                "Try again"
            </a>
        </section>
    }
}

/// What it means, or what to do.
fn advice(code: ErrorCode) -> &'static str {
    match code {
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
