//! The composer, on one page: from whom, the subject, to whom, the body, and what it looks like.
//!
//! It is a plain form first, which posts to its own address. Once the page is live the same fields
//! are surveyed and previewed while they are written, and sent by a server function.
//!
//! | module | holds |
//! |---|---|
//! | `draft` | what is being written, as signals |
//! | `form` | the form, and its way to the server |
//! | `sender`, `message`, `more` | from whom, subject and body, and what is rarely needed |
//! | `later` | when it starts, if not at once |
//! | `recipients` | the list: pasted, chosen or dropped, and what it holds |
//! | `list` | which list counts, and the survey of it in the background |
//! | `survey` | a survey taken step by step |
//! | `preview`, `checks`, `send_bar` | what it looks like, what is well with it, and Send |
//! | `faults` | what is wrong with a field, beside it |

mod checks;
mod draft;
mod faults;
mod form;
mod later;
mod list;
mod message;
mod more;
mod preview;
mod recipients;
mod send_bar;
mod sender;
mod survey;

use domain::CampaignId;
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::{
    api::{
        composer::{ComposerState, open_composer, open_editor},
        error::CallError,
    },
    components::failure::Failure,
    contexts, routes,
};
use form::ComposerForm;

/// The composer.
#[component]
pub(crate) fn ComposerPage() -> impl IntoView {
    let opened = Resource::new(|| (), |()| open_composer());
    view! { <Frame title="New campaign" opened /> }
}

/// The composer, for a campaign that was not started yet.
#[component]
pub(crate) fn EditPage() -> impl IntoView {
    let parameters = use_params_map();
    let id = Memo::new(move |_| {
        let id = parameters.with(|parameters| parameters.get_str("id")?.parse().ok());
        id.unwrap_or(CampaignId(0))
    });
    let opened = Resource::new(move || id.get(), open_editor);
    view! { <Frame title="Edit campaign" opened /> }
}

#[component]
fn Frame(title: &'static str, opened: Resource<Result<ComposerState, CallError>>) -> impl IntoView {
    let installation = contexts::installation();
    view! {
        <Title text=title />
        <nav class="crumbs" aria-label="Where you are">
            // Leaves the document, so that the browser asks about what is unsent.
            <a href=routes::DASHBOARD rel="external">
                "Campaigns"
            </a>
            " /"
        </nav>
        <div class="head">
            <h1>{title}</h1>
        </div>
        <Suspense>
            {move || Suspend::new(async move {
                match (opened.await, installation.await) {
                    (Ok(state), Ok(installation)) => {
                        Either::Left(view! { <ComposerForm state installation /> })
                    }
                    (Err(error), _) | (_, Err(error)) => Either::Right(view! { <Failure error /> }),
                }
            })}
        </Suspense>
    }
}

/// A text as the markup inside a `<textarea>`: its first line break would otherwise be lost.
fn inner_text(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}
