//! Recipients, one a row, and for each what the server said.

use domain::{
    CampaignId,
    campaign::Whom,
    page::Page,
    recipient::{Recipient, RecipientStatus},
};
use leptos::{either::Either, prelude::*};

use super::{
    reasons::codes,
    request::Request,
    steering::{Ask, Steering, Wish},
};
use crate::components::{
    address::Address,
    moment::{Moment, Precision},
    pager::Pager,
    state::RecipientState,
};

/// One page of the list, or why it is empty.
#[component]
pub(super) fn RecipientTable(
    id: CampaignId,
    page: Page<Recipient>,
    request: Request,
    steering: Steering,
) -> impl IntoView {
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
        .map(|recipient| view! { <Row recipient steering /> })
        .collect_view();
    Either::Right(view! {
        <table class="recipients stacked">
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
fn Row(recipient: Recipient, steering: Steering) -> impl IntoView {
    let answered = recipient.code.is_some() || recipient.enhanced_code.is_some();
    let code = answered.then(|| codes(recipient.code, recipient.enhanced_code));
    let precision = Precision::TimeOfDay;
    let unknown = recipient.status == RecipientStatus::Unknown;
    view! {
        <tr>
            <td class="address">
                <Address text=recipient.email />
            </td>
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
                {unknown
                    .then(|| {
                        let only = Whom::These(vec![recipient.id]);
                        view! {
                            <div class="actions">
                                <Ask
                                    steering
                                    wish=Wish::TreatAsSent(only.clone())
                                    word="Treat as sent"
                                    class="btn small"
                                />
                                <Ask
                                    steering
                                    wish=Wish::Resend(only)
                                    word="Send again, perhaps twice"
                                    class="btn small"
                                />
                            </div>
                        }
                    })}
            </td>
            <td class="number wide-only">{recipient.attempts}</td>
            <td class="number wide-only text-small text-muted whitespace-nowrap">
                {recipient.finished_at.map(|at| view! { <Moment at precision /> })}
            </td>
        </tr>
    }
}
