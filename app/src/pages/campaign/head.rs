//! What it is called, what it says first, from whom, and where it stands.

use domain::campaign::{Campaign, CampaignStatus, CampaignSummary};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{actions::Actions, steering::Steering};
use crate::{
    components::{moment::Moment, state::CampaignState},
    contexts, format, routes,
};

/// The page's head.
#[component]
pub(super) fn Head(
    campaign: Campaign,
    summary: Memo<CampaignSummary>,
    steering: Steering,
    missing: Memo<Vec<String>>,
) -> impl IntoView {
    let installation = contexts::installation();
    let status = Signal::derive(move || summary.with(|summary| summary.status));
    let read = campaign.summary;
    let name = format::name_of(&read);
    let subject = format::subject_of(&read).map(|subject| format!("{subject} · "));
    let server = read.smtp_server;
    let sender = match read.from_name {
        Some(name) => format!("{name} <{}>", read.from_email),
        None => read.from_email,
    };

    let starts = move || {
        let at = summary.with(|summary| {
            let scheduled = summary.status == CampaignStatus::Scheduled;
            summary.scheduled_at.filter(|_| scheduled)
        });
        at.map(|at| view! { <b>" · starts " <Moment at /></b> })
    };

    view! {
        <Title text=name.clone() />
        <nav class="crumbs" aria-label="Where you are">
            <a href=routes::DASHBOARD>"Campaigns"</a>
            " /"
        </nav>
        <div class="head">
            <div>
                <h1>{name}</h1>
                <div class="text-muted">
                    {subject} "from " {sender}
                    <Suspense>
                        {move || {
                            let named = server.clone();
                            Suspend::new(async move {
                                let installation = installation.await.ok()?;
                                Some(format!(" via {}", named.unwrap_or(installation.smtp_server)))
                            })
                        }}
                    </Suspense>
                    {campaign.reply_to.map(|address| format!(", answers to {address}"))}
                </div>
                <div class="text-small text-muted">
                    "Created " <Moment at=read.created_at /> {starts}
                </div>
            </div>
            <CampaignState status />
            <Actions summary steering missing />
        </div>
    }
}
