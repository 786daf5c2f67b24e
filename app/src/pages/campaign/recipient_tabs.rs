//! Which recipients are shown: tabs by state, a search, and the code that was asked for.

use domain::{CampaignId, campaign::CampaignSummary, recipient::RecipientStatus};
use leptos::prelude::*;
use leptos_router::components::Form;

use super::request::{Request, Show};
use crate::{format, routes};

/// Tabs and search.
#[component]
pub(super) fn Tabs(request: Request, summary: Memo<CampaignSummary>) -> impl IntoView {
    let id = summary.with_untracked(|summary| summary.id);
    let open = request.show;
    let tab = move |show: Show, word: &'static str, number: fn(&CampaignSummary) -> u64| {
        let is_open = open == Some(show);
        view! {
            <a
                href=Request::tab(id, show)
                aria-current=is_open.then_some("true")
                hidden=move || !is_open && summary.with(number) == 0
            >
                {word}
                " "
                {move || format::number(summary.with(number))}
            </a>
        }
    };
    view! {
        <div class="flex flex-wrap items-center gap-3 px-4 py-2">
            <nav class="tabs flex-1" aria-label="State">
                {tab(Show::Only(RecipientStatus::Unknown), "Unknown", |it| it.counts.unknown)}
                {tab(Show::Only(RecipientStatus::Failed), "Failed", |it| it.counts.failed)}
                {tab(Show::Only(RecipientStatus::Deferred), "Deferred", |it| it.counts.deferred)}
                {tab(Show::Only(RecipientStatus::Skipped), "Skipped", |it| it.counts.skipped)}
                {tab(Show::Only(RecipientStatus::Sent), "Sent", |it| it.counts.sent)}
                {tab(Show::All, "All", |it| it.counts.total)}
            </nav>
            <Search id request />
        </div>
    }
}

#[component]
fn Search(id: CampaignId, request: Request) -> impl IntoView {
    let code = request.code.map(|code| code.to_string());
    let enhanced = Some(request.enhanced.clone()).filter(|enhanced| !enhanced.is_empty());
    let kept = |name: &'static str, value: Option<String>| {
        value.map(|value| view! { <input type="hidden" name=name value=value /> })
    };
    view! {
        {request
            .reason()
            .map(|reason| {
                view! {
                    <a
                        class="chip"
                        href=request.for_every_reason().page(id, "")
                        title="Show every reason"
                    >
                        {format!("code {reason} ×")}
                    </a>
                }
            })}
        <search class="search">
            <Form method="GET" action=routes::campaign(id)>
                <input type="hidden" name="show" value=request.show_word() />
                {kept("code", code)}
                {kept("enhanced", enhanced)}
                <input
                    type="search"
                    name="q"
                    value=request.search.clone()
                    placeholder="Search address"
                    aria-label="Search address"
                    maxlength="254"
                />
            </Form>
        </search>
    }
}
