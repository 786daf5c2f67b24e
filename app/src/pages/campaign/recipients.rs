//! The recipients: tabs by state, a search, and for each what the server said.

use domain::{
    CampaignId,
    campaign::CampaignSummary,
    page::Page,
    recipient::{Recipient, RecipientStatus},
};
use leptos::{either::Either, prelude::*};
use leptos_router::components::Form;

use super::{
    reasons::codes,
    request::{Request, Show},
};
use crate::{
    api::error::CallError,
    components::{
        failure::Failure,
        moment::{Moment, Precision},
        pager::Pager,
        state::RecipientState,
    },
    format, routes,
};

/// One page of the list.
pub(super) type RecipientPage = Result<Page<Recipient>, CallError>;

/// The card. Tabs and search stay as they are while the list is read again.
#[component]
pub(super) fn Recipients(
    recipients: Resource<RecipientPage>,
    request: Memo<Request>,
    summary: Memo<CampaignSummary>,
) -> impl IntoView {
    let id = summary.with_untracked(|summary| summary.id);
    view! {
        <section aria-label="Recipients">
            <div class="card overflow-hidden">
                {move || view! { <Tabs request=request.get() summary /> }}
                <Transition>
                    {move || Suspend::new(async move {
                        match recipients.await {
                            Err(error) => Either::Left(view! { <Failure error /> }),
                            Ok(page) => {
                                let request = request.get_untracked();
                                Either::Right(view! { <RecipientTable id page request /> })
                            }
                        }
                    })}
                </Transition>
            </div>
        </section>
    }
}

#[component]
fn Tabs(request: Request, summary: Memo<CampaignSummary>) -> impl IntoView {
    let id = summary.with_untracked(|summary| summary.id);
    let open = request.show;
    let tab = move |show: Show, word: &'static str, number: fn(&CampaignSummary) -> u64| {
        let is_open = open == Some(show);
        view! {
            <a
                href=Request::tab(id, show, None)
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
    let code = request.code;
    view! {
        {code
            .map(|code| {
                let without = Request { code: None, cursor: String::new(), ..request.clone() };
                view! {
                    <a class="chip" href=without.page(id, "") title="Show every code">
                        {format!("code {code} ×")}
                    </a>
                }
            })}
        <search class="search">
            <Form method="GET" action=routes::campaign(id)>
                <input type="hidden" name="show" value=request.show_word() />
                {code.map(|code| view! { <input type="hidden" name="code" value=code.to_string() /> })}
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

#[component]
fn RecipientTable(id: CampaignId, page: Page<Recipient>, request: Request) -> impl IntoView {
    if page.items.is_empty() {
        let words = if request.search.is_empty() {
            "Nobody is in this state."
        } else {
            "No address is like this."
        };
        return Either::Left(view! { <p class="px-4 py-5 text-muted">{words}</p> });
    }
    let first = (!request.cursor.is_empty()).then(|| request.page(id, ""));
    let next = page.next_cursor.map(|cursor| request.page(id, &cursor));
    let rows = page
        .items
        .into_iter()
        .map(|recipient| view! { <Row recipient /> })
        .collect_view();
    Either::Right(view! {
        <table class="recipients">
            <thead>
                <tr>
                    <th scope="col">"Recipient"</th>
                    <th scope="col">"State"</th>
                    <th scope="col">"Server said"</th>
                    <th scope="col" class="number wide-only">
                        "Tries"
                    </th>
                    <th scope="col" class="number wide-only">
                        "At"
                    </th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        <Pager first next word="More" />
    })
}

#[component]
fn Row(recipient: Recipient) -> impl IntoView {
    let answered = recipient.code.is_some() || recipient.enhanced_code.is_some();
    let code = answered.then(|| codes(recipient.code, recipient.enhanced_code));
    let precision = Precision::TimeOfDay;
    view! {
        <tr>
            <td class="address">{recipient.email}</td>
            <td>
                <RecipientState status=recipient.status />
            </td>
            <td class="words text-small text-muted">
                <span class="font-mono text-ink">{code}</span>
                " "
                {recipient.error}
                {recipient
                    .next_attempt_at
                    .map(|at| view! { <span class="block">"tried again " <Moment at /></span> })}
            </td>
            <td class="number wide-only">{recipient.attempts}</td>
            <td class="number wide-only text-small text-muted whitespace-nowrap">
                {recipient.finished_at.map(|at| view! { <Moment at precision /> })}
            </td>
        </tr>
    }
}
