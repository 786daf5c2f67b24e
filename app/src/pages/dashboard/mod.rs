//! The dashboard: what needs a person, what is being sent now, and every campaign.

mod campaign_table;
mod empty;
mod filters;
mod live_campaigns;
mod needs_you;
mod request;
mod sending;

use domain::{
    campaign::{CampaignSummary, Overview},
    page::Page,
};
use leptos::{
    either::{Either, EitherOf3},
    prelude::*,
};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    api::campaigns::{get_overview, list_campaigns},
    components::{
        connection_note::ConnectionNote,
        failure::Failure,
        icon::{Drawing, Icon},
        pager::Pager,
    },
    live, routes,
};
use campaign_table::CampaignTable;
use empty::{NoCampaigns, NothingFound};
use filters::Filters;
use live_campaigns::LiveCampaigns;
use needs_you::NeedsYou;
use request::Request;
use sending::SendingNow;

/// The dashboard.
#[component]
pub(crate) fn DashboardPage() -> impl IntoView {
    let query = use_query_map();
    let request = Memo::new(move |_| query.with(Request::read));
    let overview = Resource::new(|| (), |()| get_overview());
    let campaigns = Resource::new(
        move || request.get(),
        |request| list_campaigns(request.list()),
    );

    let live_campaigns = LiveCampaigns::new();
    let connection = live::follow(
        Signal::stored(Some(routes::EVENTS.to_owned())),
        move |event| {
            if live_campaigns.take(event) {
                overview.refetch();
                campaigns.refetch();
            }
        },
    );
    live_campaigns.catch_up(connection, move || {
        overview.refetch();
        campaigns.refetch();
    });

    view! {
        <Title text="Campaigns" />
        <div class="head">
            <h1>"Campaigns"</h1>
            <a class="btn primary" href=routes::COMPOSER>
                <Icon drawing=Drawing::Plus />
                "New campaign"
            </a>
        </div>
        <ConnectionNote connection />
        <Transition>
            {move || Suspend::new(async move {
                let request = request.get();
                match overview.await {
                    Err(error) => Either::Left(view! { <Failure error /> }),
                    Ok(overview) => {
                        live_campaigns.show(&overview);
                        Either::Right(view! { <Above overview request live=live_campaigns /> })
                    }
                }
            })}
        </Transition>
        <Transition>
            {move || Suspend::new(async move {
                let request = request.get();
                match campaigns.await {
                    Err(error) => Either::Left(view! { <Failure error /> }),
                    Ok(page) => Either::Right(view! { <Table page request live=live_campaigns /> }),
                }
            })}
        </Transition>
    }
}

/// What stands above the table.
#[component]
fn Above(overview: Overview, request: Request, live: LiveCampaigns) -> impl IntoView {
    let filters =
        (overview.totals.all > 0).then(|| view! { <Filters totals=overview.totals request /> });
    view! {
        <NeedsYou campaigns=overview.needs_you />
        <SendingNow campaigns=overview.sending live />
        {filters}
    }
}

/// The table, or what stands in its place when it is empty.
#[component]
fn Table(page: Page<CampaignSummary>, request: Request, live: LiveCampaigns) -> impl IntoView {
    match (page.items.is_empty(), request.is_narrowed()) {
        (true, true) => EitherOf3::A(view! { <NothingFound /> }),
        (true, false) => EitherOf3::B(view! { <NoCampaigns /> }),
        (false, _) => {
            let next = page.next_cursor.map(|cursor| request.page(&cursor));
            let first = (!request.cursor.is_empty()).then(|| request.page(""));
            EitherOf3::C(view! {
                <CampaignTable campaigns=page.items live />
                <Pager first next word="Older" />
            })
        }
    }
}
