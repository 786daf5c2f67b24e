//! What the campaign's message says, folded away.

use domain::campaign::CampaignContent;
use leptos::{either::EitherOf3, prelude::*};

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
                        Err(error) => EitherOf3::A(view! { <Failure error /> }),
                        Ok(content) if content.body.trim().is_empty() => {
                            EitherOf3::B(
                                view! {
                                    <p class="px-4 pb-4 text-muted">"Nothing is written yet."</p>
                                },
                            )
                        }
                        Ok(content) => {
                            EitherOf3::C(
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
