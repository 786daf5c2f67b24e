//! What stands in the place of the recipients where there are none.

use domain::campaign::CampaignSummary;
use leptos::{either::Either, prelude::*};

use crate::routes;

/// The card: how somebody comes to be on the list, while anybody still can.
#[component]
pub(super) fn Nobody(summary: Memo<CampaignSummary>) -> impl IntoView {
    let id = summary.with_untracked(|summary| summary.id);
    let open = Memo::new(move |_| summary.with(|summary| summary.status.is_editable()));
    let words = move || {
        if open.get() {
            Either::Left(view! {
                <h2>"Nobody is on the list yet"</h2>
                <p>
                    "Paste the addresses, or drop a file with them. A script adds a list of any length, as CSV, NDJSON or JSON, with "
                    <code>{format!("POST {}", routes::recipients(id))}</code> "."
                </p>
                <a class="btn" href=format!("{}#recipients", routes::edit(id)) rel="external">
                    "Add recipients"
                </a>
            })
        } else {
            Either::Right(view! { <p class="text-muted">"Nobody was on the list."</p> })
        }
    };
    view! {
        <section class="card empty" aria-label="Recipients">
            {words}
        </section>
    }
}
