//! What the campaign's message says, folded away.

use domain::campaign::CampaignContent;
use leptos::{either::Either, prelude::*};

use crate::{
    api::error::CallError,
    components::{failure::Failure, message_frame::MessageFrame},
};

/// The folded preview.
#[component]
pub(super) fn Message(content: Resource<Result<CampaignContent, CallError>>) -> impl IntoView {
    view! {
        <details class="card fold mb-4">
            <summary>"The message"</summary>
            <Transition>
                {move || Suspend::new(async move {
                    match content.await {
                        Err(error) => Either::Left(view! { <Failure error /> }),
                        Ok(content) => {
                            Either::Right(
                                view! {
                                    <MessageFrame html=content.body title="The message" />
                                    {content
                                        .text_body
                                        .map(|text| view! { <pre class="source">{text}</pre> })}
                                },
                            )
                        }
                    }
                })}
            </Transition>
        </details>
    }
}
