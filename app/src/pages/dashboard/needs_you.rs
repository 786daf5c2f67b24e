//! What needs a person, in a sentence that says what happened, what it means, and one button.

use domain::campaign::{CampaignStatus, CampaignSummary};
use leptos::{either::Either, prelude::*};

use crate::{
    components::icon::{Drawing, Mark},
    format, routes,
};

/// The card on top; nothing when nobody is needed.
#[component]
pub(super) fn NeedsYou(campaigns: Vec<CampaignSummary>) -> impl IntoView {
    (!campaigns.is_empty()).then(|| {
        let notices = campaigns
            .into_iter()
            .map(|campaign| view! { <Notice campaign /> })
            .collect_view();
        view! {
            <section class="card needs-you mb-6" aria-label="Needs you">
                {notices}
            </section>
        }
    })
}

#[component]
fn Notice(campaign: CampaignSummary) -> impl IntoView {
    if campaign.counts.unknown > 0 {
        Either::Left(view! { <UnknownOutcomes campaign /> })
    } else {
        Either::Right(view! { <StandsStill campaign /> })
    }
}

#[component]
fn UnknownOutcomes(campaign: CampaignSummary) -> impl IntoView {
    let name = format::name_of(&campaign);
    let unknown = campaign.counts.unknown;
    let address = routes::with_query(&routes::campaign(campaign.id), &[("show", "UNKNOWN")]);
    view! {
        <div class="notice">
            <Mark drawing=Drawing::Question tone="unknown" />
            <div>
                <b>{name}</b>
                ": "
                {format::count(unknown, "message", "messages")}
                " may or may not have been delivered"
                <div class="text-small text-muted">
                    "The connection ended after the hand-over and before the server answered. Nothing is sent again by itself."
                </div>
            </div>
            <a class="btn small" href=address>
                {format!("Review {}", format::number(unknown))}
            </a>
        </div>
    }
}

#[component]
fn StandsStill(campaign: CampaignSummary) -> impl IntoView {
    let name = format::name_of(&campaign);
    let paused = campaign.status == CampaignStatus::Paused;
    let why = campaign.waiting_for.unwrap_or_else(|| {
        let why = if paused {
            "It was paused by hand"
        } else {
            "Nothing has moved for a while"
        };
        why.to_owned()
    });
    view! {
        <div class="notice">
            <Mark drawing=Drawing::Clock tone="deferred" />
            <div>
                <b>{name}</b>
                " stands still"
                <div class="text-small text-muted">
                    {why} ". " {format::count(campaign.counts.pending, "message", "messages")}
                    " to go; nobody has lost an attempt."
                </div>
            </div>
            <a class="btn small" href=routes::campaign(campaign.id)>
                "Details"
            </a>
        </div>
    }
}
