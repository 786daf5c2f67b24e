//! Caught messages, one a row.

use domain::{caught::CaughtSummary, page::Page};
use leptos::{either::Either, prelude::*};

use super::Request;
use crate::{
    components::{address::Address, moment::Moment, pager::Pager},
    format, routes,
};

/// One page of the list, or why it is empty.
#[component]
pub(super) fn CaughtTable(request: Request, page: Page<CaughtSummary>) -> impl IntoView {
    if page.items.is_empty() {
        let words = if request == Request::default() {
            "Nothing was caught yet. Send a campaign, and its messages arrive here."
        } else {
            "No caught message is like this."
        };
        return Either::Left(view! {
            <section class="card empty">
                <p>{words}</p>
            </section>
        });
    }
    let next = page.next_cursor.map(|cursor| request.page(&cursor));
    let first = (!request.cursor.is_empty()).then(|| request.page(""));
    let rows = page
        .items
        .into_iter()
        .map(|message| view! { <Row message /> });
    Either::Right(view! {
        <section class="card overflow-hidden" aria-label="Caught mail">
            <table class="stacked">
                <thead>
                    <tr>
                        <th scope="col">"To"</th>
                        <th scope="col">"Subject"</th>
                        <th scope="col" class="number wide-only">
                            "Size"
                        </th>
                        <th scope="col" class="number wide-only">
                            "Caught"
                        </th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
        <Pager first next word="Older" />
    })
}

#[component]
fn Row(message: CaughtSummary) -> impl IntoView {
    view! {
        <tr>
            <td class="address">
                <a class="row-link" href=routes::caught(message.id)>
                    <Address text=message.recipients.join(", ") />
                </a>
            </td>
            <td class="words">
                {message.subject}
                <div class="wide-only text-small text-muted">"from " {message.from}</div>
            </td>
            <td class="number wide-only text-small text-muted whitespace-nowrap">
                {format::size(message.size)}
            </td>
            <td class="number wide-only text-small text-muted whitespace-nowrap">
                <Moment at=message.received_at />
            </td>
        </tr>
    }
}
