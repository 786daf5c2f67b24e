//! The recipients: tabs by state, a search, and for each what the server said.

use domain::{campaign::CampaignSummary, page::Page, recipient::Recipient};
use leptos::{either::Either, prelude::*};

use super::{
    recipient_table::RecipientTable, recipient_tabs::Tabs, request::Request, steering::Steering,
};
use crate::{api::error::CallError, components::failure::Failure};

/// One page of the list.
pub(super) type RecipientPage = Result<Page<Recipient>, CallError>;

/// The card. Tabs and search stay as they are while the list is read again.
#[component]
pub(super) fn Recipients(
    recipients: Resource<RecipientPage>,
    request: Memo<Request>,
    summary: Memo<CampaignSummary>,
    steering: Steering,
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
                                Either::Right(view! { <RecipientTable id page request steering /> })
                            }
                        }
                    })}
                </Transition>
            </div>
        </section>
    }
}
