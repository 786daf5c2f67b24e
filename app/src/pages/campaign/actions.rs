//! What can be done with the campaign now.

use domain::campaign::{CampaignStatus, CampaignSummary};
use leptos::{either::EitherOf5, prelude::*};

use super::steering::{Ask, AskTwice, Steering, Wish};
use crate::routes;

const CANCELLING: &str = "Whoever has not been written to yet never will be. Messages on their way \
                          arrive. This cannot be taken back.";
const DELETING: &str = "The campaign goes, and with it all that is known of its recipients. This \
                        cannot be taken back.";

/// The buttons beside the campaign's name.
#[component]
pub(super) fn Actions(
    summary: Memo<CampaignSummary>,
    steering: Steering,
    missing: Memo<Vec<String>>,
) -> impl IntoView {
    let id = summary.with_untracked(|summary| summary.id);
    let status = Memo::new(move |_| summary.with(|summary| summary.status));
    let duplicate = move || view! { <Ask steering wish=Wish::Duplicate word="Duplicate" /> };
    let delete = move || {
        view! {
            <AskTwice
                steering
                wish=Wish::Delete
                word="Delete…"
                meaning=DELETING
                sure="Delete it"
            />
        }
    };
    let cancel = move || {
        view! {
            <AskTwice
                steering
                wish=Wish::Cancel
                word="Cancel…"
                meaning=CANCELLING
                sure="Cancel it for good"
            />
        }
    };
    let send = move || {
        let whole = missing.with(Vec::is_empty);
        whole.then(
            || view! { <Ask steering wish=Wish::Start word="Send now" class="btn primary" /> },
        )
    };
    let buttons = move || match status.get() {
        CampaignStatus::Draft | CampaignStatus::Scheduled => EitherOf5::A(view! {
            {delete()}
            {duplicate()}
            <a
                class="btn"
                class:primary=move || missing.with(|missing| !missing.is_empty())
                href=routes::edit(id)
                rel="external"
            >
                "Edit"
            </a>
            {send}
        }),
        CampaignStatus::Pending | CampaignStatus::Processing => EitherOf5::B(view! {
            {cancel()}
            {duplicate()}
            <Ask steering wish=Wish::Pause word="Pause" />
        }),
        CampaignStatus::Paused => EitherOf5::C(view! {
            {cancel()}
            {duplicate()}
            <Ask steering wish=Wish::Resume word="Resume" class="btn primary" />
        }),
        CampaignStatus::Cancelling => EitherOf5::D(duplicate()),
        CampaignStatus::Completed | CampaignStatus::Failed | CampaignStatus::Cancelled => {
            EitherOf5::E(view! {
                {delete()}
                {duplicate()}
            })
        }
    };
    view! { <div class="actions">{buttons}</div> }
}
