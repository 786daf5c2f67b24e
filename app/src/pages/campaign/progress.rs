//! How far it is: percent, pace, the bar and every count.

use domain::campaign::{CampaignStatus, CampaignSummary};
use leptos::prelude::*;

use crate::{
    components::bar::{Bar, CountGrid},
    format,
};

/// The card with the bar.
#[component]
pub(super) fn Progress(summary: Memo<CampaignSummary>) -> impl IntoView {
    let counts = Signal::derive(move || summary.with(|summary| summary.counts));
    let percent = move || summary.with(|summary| format::percent(summary.progress));
    view! {
        <section class="card mb-4 p-5" aria-label="Progress">
            <div class="mb-3 flex flex-wrap items-baseline gap-x-3 gap-y-1">
                <b class="text-figure">{percent}</b>
                <span class="text-muted">{move || summary.with(in_words)}</span>
            </div>
            <div class="mb-4">
                <Bar counts tall=true />
            </div>
            <CountGrid counts />
        </section>
    }
}

/// `62,717 of 100,000 · 812/s · about 38 s left`, or how it ended.
fn in_words(campaign: &CampaignSummary) -> String {
    let counts = &campaign.counts;
    let mut parts = vec![format!(
        "{} of {}",
        format::number(counts.ended()),
        format::number(counts.total)
    )];
    if campaign.status.is_running() && campaign.waiting_for.is_none() {
        if campaign.rate_per_second > 0.0 {
            parts.push(format::rate(campaign.rate_per_second));
        }
        if let (Some(seconds), true) = (campaign.eta_seconds, campaign.rate_per_second > 0.0) {
            parts.push(format!("about {} left", format::duration(seconds)));
        }
        if campaign.status == CampaignStatus::Pending {
            parts.push("starting".to_owned());
        }
    }
    if let (Some(start), Some(end)) = (campaign.started_at, campaign.completed_at) {
        parts.push(match end.since(start).as_secs() {
            0 => "took under a second".to_owned(),
            seconds => format!("took {}", format::duration(seconds)),
        });
    }
    parts.join(" · ")
}
