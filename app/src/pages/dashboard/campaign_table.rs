//! Every campaign, one a row.

use domain::campaign::CampaignSummary;
use leptos::prelude::*;

use super::live_campaigns::LiveCampaigns;
use crate::{
    components::{bar::Bar, moment::Moment, state::CampaignState},
    format, routes,
};

/// The table.
#[component]
pub(super) fn CampaignTable(campaigns: Vec<CampaignSummary>, live: LiveCampaigns) -> impl IntoView {
    let rows = campaigns
        .into_iter()
        .map(|campaign| view! { <Row campaign live /> })
        .collect_view();
    view! {
        <section class="card overflow-hidden" aria-label="Campaigns">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Campaign"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col" class="wide-only w-37">
                            "Progress"
                        </th>
                        <th scope="col" class="number">
                            "Sent"
                        </th>
                        <th scope="col" class="number wide-only">
                            "Failed"
                        </th>
                        <th scope="col" class="wide-only">
                            "When"
                        </th>
                        <th scope="col" class="number wide-only">
                            "Took"
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
}

#[component]
fn Row(campaign: CampaignSummary, live: LiveCampaigns) -> impl IntoView {
    let newest = live.newest(campaign.clone());
    let counts = Signal::derive(move || newest.with(|campaign| campaign.counts));
    let status = Signal::derive(move || newest.with(|campaign| campaign.status));
    let (name, subject) = (format::name_of(&campaign), format::subject_of(&campaign));
    let at = campaign.started_at.unwrap_or(campaign.created_at);

    view! {
        <tr>
            <td class="words">
                <a class="row-link" href=routes::campaign(campaign.id)>
                    {name}
                </a>
                <div class="text-small text-muted">{subject}</div>
            </td>
            <td>
                <CampaignState status />
            </td>
            <td class="wide-only">
                <Bar counts />
            </td>
            <td class="number">{move || format::number(counts.get().sent)}</td>
            <td class="number wide-only">{move || format::number(counts.get().failed)}</td>
            <td class="wide-only text-small text-muted whitespace-nowrap">
                <Moment at />
            </td>
            <td class="number wide-only text-small text-muted whitespace-nowrap">
                {move || newest.with(took)}
            </td>
        </tr>
    }
}

/// From the first message to the end; a dash while it has not ended.
fn took(campaign: &CampaignSummary) -> String {
    match (campaign.started_at, campaign.completed_at) {
        (Some(start), Some(end)) if end.since(start).as_secs() == 0 => "under 1\u{a0}s".to_owned(),
        (Some(start), Some(end)) => format::duration(end.since(start).as_secs()),
        _ => "–".to_owned(),
    }
}
