//! Which campaigns the table shows: tabs by status, and a search. Links and a plain form, so that
//! they work before the page is live.

use domain::campaign::{CampaignStatus, CampaignTotals};
use leptos::prelude::*;
use leptos_router::components::Form;

use super::request::Request;
use crate::{components::state::campaign_word, format, routes};

/// Tabs with their counts, and the search.
#[component]
pub(super) fn Filters(totals: CampaignTotals, request: Request) -> impl IntoView {
    let tab = |status: Option<CampaignStatus>, word: &'static str, count: u64| {
        let current = request.status == status;
        view! {
            <a href=request.in_status(status) aria-current=current.then_some("true")>
                {format!("{word} {}", format::number(count))}
            </a>
        }
    };
    let tabs = CampaignStatus::ALL
        .into_iter()
        .map(|status| (status, totals.of(&[status])))
        .filter(|(status, count)| *count > 0 || request.status == Some(*status))
        .map(|(status, count)| tab(Some(status), campaign_word(status), count))
        .collect_view();
    let status = request.status.map(CampaignStatus::as_str);

    view! {
        <div class="mb-2 flex flex-wrap items-center gap-3">
            <nav class="tabs flex-1" aria-label="Status">
                {tab(None, "All", totals.all)}
                {tabs}
            </nav>
            <search class="search">
                <Form method="GET" action=routes::DASHBOARD>
                    {status.map(|status| view! { <input type="hidden" name="status" value=status /> })}
                    <input
                        type="search"
                        name="q"
                        value=request.search
                        placeholder="Search name or subject"
                        aria-label="Search name or subject"
                        maxlength="200"
                    />
                </Form>
            </search>
        </div>
    }
}
