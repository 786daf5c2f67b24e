//! Failures by reason, the commonest first.

use domain::{
    CampaignId,
    campaign::CampaignSummary,
    recipient::{FailureReason, NO_ENHANCED_CODE},
};
use leptos::{either::EitherOf3, prelude::*};

use super::{
    request::Request,
    steering::{Ask, Steering, Wish},
};
use crate::{
    api::error::CallError,
    components::{bar::ShareBar, failure::Failure},
    format,
};

/// The card; nothing while nobody failed.
#[component]
pub(super) fn Reasons(
    reasons: Resource<Result<Vec<FailureReason>, CallError>>,
    summary: Memo<CampaignSummary>,
    steering: Steering,
) -> impl IntoView {
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let id = summary.with_untracked(|summary| summary.id);
                match reasons.await {
                    Err(error) => EitherOf3::A(view! { <Failure error /> }),
                    Ok(reasons) if reasons.is_empty() => EitherOf3::B(()),
                    Ok(reasons) => EitherOf3::C(view! { <ReasonTable id reasons steering /> }),
                }
            })}
        </Transition>
    }
}

#[component]
fn ReasonTable(id: CampaignId, reasons: Vec<FailureReason>, steering: Steering) -> impl IntoView {
    let whole = reasons.iter().map(|reason| reason.count).sum();
    let rows = reasons
        .into_iter()
        .map(|reason| view! { <ReasonRow id reason whole steering /> })
        .collect_view();
    view! {
        <section class="card mb-4 overflow-hidden" aria-labelledby="reasons">
            <h2 class="px-4 pt-3 pb-2" id="reasons">
                "Failures by reason"
            </h2>
            <table class="reasons">
                <thead class="sr-only">
                    <tr>
                        <th scope="col">"Code"</th>
                        <th scope="col">"The server said"</th>
                        <th scope="col">"Share"</th>
                        <th scope="col">"How many"</th>
                        <th scope="col">"Who"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
}

#[component]
fn ReasonRow(
    id: CampaignId,
    reason: FailureReason,
    whole: u64,
    steering: Steering,
) -> impl IntoView {
    let enhanced = reason.enhanced_code.clone();
    let enhanced = enhanced.unwrap_or_else(|| NO_ENHANCED_CODE.to_owned());
    let retry = Wish::Retry(reason.code, Some(enhanced));
    let who = Request::failed_for(id, &reason);
    view! {
        <tr>
            <td class="font-mono text-small">{codes(reason.code, reason.enhanced_code)}</td>
            <td class="words">{reason.example}</td>
            <td class="wide-only w-32">
                <ShareBar part=reason.count whole />
            </td>
            <td class="number">{format::number(reason.count)}</td>
            <td class="number">
                <div class="actions">
                    <a class="btn small" href=who>
                        "Show"
                    </a>
                    <Ask steering wish=retry word="Try again" class="btn small" />
                </div>
            </td>
        </tr>
    }
}

/// `550 5.1.1`; a dash where no server answered.
pub(super) fn codes(code: Option<u16>, enhanced: Option<String>) -> String {
    match (code, enhanced) {
        (Some(code), Some(enhanced)) => format!("{code} {enhanced}"),
        (Some(code), None) => code.to_string(),
        (None, Some(enhanced)) => enhanced,
        (None, None) => "–".to_owned(),
    }
}
