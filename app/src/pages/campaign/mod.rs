//! One campaign: how far it is, who got it, who did not and why, and what it says.

mod actions;
mod explained;
mod head;
mod message;
mod missing;
mod nobody;
mod progress;
mod reasons;
mod recipient_table;
mod recipient_tabs;
mod recipients;
mod request;
mod steering;
mod timeline;
mod watch;

use domain::{ApiError, CampaignId, ErrorCode};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    api::{
        campaigns::{
            get_campaign, get_content, list_events, list_failure_reasons, list_recipients,
        },
        error::CallError,
    },
    components::{connection_note::ConnectionNote, failure::Failure},
};
use explained::{Deferred, StandsStill, Unknown};
use head::Head;
use message::Message;
use missing::Missing;
use nobody::Nobody;
use progress::Progress;
use reasons::Reasons;
use recipients::Recipients;
use request::Request;
use steering::{Refused, Steering};
use timeline::Timeline;
use watch::Watch;

/// One campaign.
#[component]
pub(crate) fn CampaignPage() -> impl IntoView {
    let parameters = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| {
        let id = parameters.with(|parameters| parameters.get_str("id")?.parse().ok());
        id.unwrap_or(CampaignId(0))
    });
    let request = Memo::new(move |_| query.with(Request::read));
    let watch = Watch::new();

    let campaign = Resource::new(move || id.get(), load);
    let reasons = Resource::new(
        move || (id.get(), watch.reading()),
        |(id, _)| list_failure_reasons(id),
    );
    let recipients = Resource::new(
        move || (id.get(), request.get(), watch.reading()),
        move |(id, request, _)| async move {
            let campaign = campaign.await?;
            let request = request.chosen_for(&campaign.summary.counts);
            list_recipients(id, request.list()).await
        },
    );
    let content = Resource::new(move || id.get(), get_content);
    let events = Resource::new(
        move || (id.get(), watch.reading()),
        |(id, _)| list_events(id),
    );
    let connection = watch.follow();

    view! {
        <Transition>
            {move || Suspend::new(async move {
                match campaign.await {
                    Err(error) => Either::Left(view! { <Failure error /> }),
                    Ok(campaign) => {
                        let summary = watch.newest(campaign.summary.clone());
                        let steering = Steering::new(campaign.summary.id, watch);
                        let missing = missing::of(summary, content).await;
                        let somebody = Memo::new(move |_| {
                            summary.with(|summary| summary.counts.total > 0)
                        });
                        let counts = campaign.summary.counts;
                        let request = Memo::new(move |_| request.get().chosen_for(&counts));
                        Either::Right(
                            view! {
                                <Head campaign summary steering missing />
                                <Refused steering />
                                <ConnectionNote connection />
                                <Missing missing />
                                <StandsStill summary />
                                <Show when=move || somebody.get()>
                                    <Progress summary />
                                </Show>
                                <Unknown summary steering />
                                <Deferred summary />
                                <Reasons reasons summary steering />
                                <Message content />
                                <Timeline events />
                                <Show
                                    when=move || somebody.get()
                                    fallback=move || view! { <Nobody summary /> }
                                >
                                    <Recipients recipients request summary steering />
                                </Show>
                            },
                        )
                    }
                }
            })}
        </Transition>
    }
}

/// An address that names no campaign is answered without asking for one.
async fn load(id: CampaignId) -> Result<domain::campaign::Campaign, CallError> {
    if id.0 <= 0 {
        return Err(CallError(ApiError::new(
            ErrorCode::NotFound,
            "Campaigns are named by a number, as in /campaigns/42.",
        )));
    }
    get_campaign(id).await
}
