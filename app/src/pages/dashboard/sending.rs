//! What is being sent now, with live bars.

use domain::campaign::{CampaignStatus, CampaignSummary};
use leptos::prelude::*;

use super::live_campaigns::LiveCampaigns;
use crate::{
    components::{
        bar::{Bar, CountLine},
        moment::Moment,
    },
    format, routes,
};

/// A card for each campaign that is being sent; nothing when none is.
#[component]
pub(super) fn SendingNow(campaigns: Vec<CampaignSummary>, live: LiveCampaigns) -> impl IntoView {
    (!campaigns.is_empty()).then(|| {
        let cards = campaigns
            .into_iter()
            .map(|campaign| view! { <SendingCard campaign live /> })
            .collect_view();
        view! {
            <section class="mb-6" aria-labelledby="sending-now">
                <h2 class="mb-2" id="sending-now">
                    "Sending now"
                </h2>
                <div class="grid gap-3">{cards}</div>
            </section>
        }
    })
}

#[component]
fn SendingCard(campaign: CampaignSummary, live: LiveCampaigns) -> impl IntoView {
    let newest = live.newest(campaign.clone());
    let counts = Signal::derive(move || newest.with(|campaign| campaign.counts));
    let percent = move || newest.with(|campaign| format::percent(campaign.progress));
    let name = format::name_of(&campaign);
    let subject = format::subject_of(&campaign).map(|subject| format!(" · {subject}"));

    view! {
        <article class="card words p-4">
            <div class="flex flex-wrap items-center gap-4">
                <div class="min-w-55 flex-1">
                    <a href=routes::campaign(campaign.id)>
                        <b>{name}</b>
                    </a>
                    <span class="text-muted">{subject}</span>
                    <div class="text-small text-muted">
                        "from "
                        {campaign.from_email}
                        {campaign
                            .started_at
                            .map(|at| view! { ", started " <Moment at /> })}
                    </div>
                </div>
                <div class="pace">
                    <b class="text-lead">{percent}</b>
                    <div class="text-small text-muted">{move || newest.with(pace)}</div>
                </div>
            </div>
            <div class="my-3">
                <Bar counts tall=true />
            </div>
            <CountLine counts />
        </article>
    }
}

/// How fast, and how long; or why not.
fn pace(campaign: &CampaignSummary) -> String {
    let counts = &campaign.counts;
    if let Some(why) = &campaign.waiting_for {
        return format!("waits: {why}");
    }
    if campaign.rate_per_second <= 0.0 {
        let why = match campaign.status {
            CampaignStatus::Pending => "starting",
            _ if counts.pending == 0 && counts.deferred > 0 => "waits for the next try",
            _ => "",
        };
        return why.to_owned();
    }
    let rate = format::rate(campaign.rate_per_second);
    match campaign.eta_seconds {
        Some(seconds) if seconds > 0 => format!("{rate} · {} left", format::duration(seconds)),
        _ => rate,
    }
}
