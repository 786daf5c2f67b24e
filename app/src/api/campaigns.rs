//! Campaigns.

use domain::{
    CampaignId,
    campaign::{
        Campaign, CampaignContent, CampaignCreated, CampaignEvent, CampaignForm, CampaignList,
        CampaignSummary, Overview, ResolveRequest, RetryRequest,
    },
    page::Page,
    recipient::{FailureReason, Recipient, RecipientList},
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use super::context::{actor, answer, services};
use super::error::CallError;

/// Stores a campaign, starts it, and sends the page on to it. The same form twice creates one.
#[server(prefix = "/ui", endpoint = "campaigns/create", input = Json)]
pub(crate) async fn create_campaign(form: CampaignForm) -> Result<CampaignCreated, CallError> {
    let campaigns = services()?.campaigns();
    let created = answer(campaigns.create_from_form(&actor(), form).await)?.created;
    leptos_axum::redirect(&crate::routes::campaign(created.campaign.summary.id));
    Ok(created)
}

/// Campaigns, newest first.
#[server(prefix = "/ui", endpoint = "campaigns/list", input = Json)]
pub(crate) async fn list_campaigns(
    request: CampaignList,
) -> Result<Page<CampaignSummary>, CallError> {
    answer(services()?.campaigns().list(&actor(), request).await)
}

/// One campaign's true state now.
#[server(prefix = "/ui", endpoint = "campaigns/get", input = Json)]
pub(crate) async fn get_campaign(id: CampaignId) -> Result<Campaign, CallError> {
    answer(services()?.campaigns().get(&actor(), id).await)
}

/// What stands above the list on the dashboard.
#[server(prefix = "/ui", endpoint = "campaigns/overview", input = Json)]
pub(crate) async fn get_overview() -> Result<Overview, CallError> {
    answer(services()?.campaigns().overview(&actor()).await)
}

/// Recipients of a campaign, in the list's order.
#[server(prefix = "/ui", endpoint = "campaigns/recipients", input = Json)]
pub(crate) async fn list_recipients(
    id: CampaignId,
    request: RecipientList,
) -> Result<Page<Recipient>, CallError> {
    let campaigns = services()?.campaigns();
    answer(campaigns.recipients(&actor(), id, request).await)
}

/// A campaign's failures by reason, the commonest first.
#[server(prefix = "/ui", endpoint = "campaigns/reasons", input = Json)]
pub(crate) async fn list_failure_reasons(id: CampaignId) -> Result<Vec<FailureReason>, CallError> {
    answer(services()?.campaigns().failure_reasons(&actor(), id).await)
}

/// What a campaign's message says.
#[server(prefix = "/ui", endpoint = "campaigns/content", input = Json)]
pub(crate) async fn get_content(id: CampaignId) -> Result<CampaignContent, CallError> {
    answer(services()?.campaigns().content(&actor(), id).await)
}

/// Changes what was not started yet, and with the form's intent starts it.
#[server(prefix = "/ui", endpoint = "campaigns/edit", input = Json)]
pub(crate) async fn edit_campaign(
    id: CampaignId,
    form: CampaignForm,
) -> Result<Campaign, CallError> {
    let campaign = answer(
        services()?
            .campaigns()
            .edit_from_form(&actor(), id, form)
            .await,
    )?;
    leptos_axum::redirect(&crate::routes::campaign(id));
    Ok(campaign)
}

/// Starts a draft or scheduled campaign now.
#[server(prefix = "/ui", endpoint = "campaigns/start", input = Json)]
pub(crate) async fn start_campaign(id: CampaignId) -> Result<Campaign, CallError> {
    answer(services()?.campaigns().start(&actor(), id).await)
}

/// Lets a campaign stand still.
#[server(prefix = "/ui", endpoint = "campaigns/pause", input = Json)]
pub(crate) async fn pause_campaign(id: CampaignId) -> Result<Campaign, CallError> {
    answer(services()?.campaigns().pause(&actor(), id).await)
}

/// Lets a campaign go on.
#[server(prefix = "/ui", endpoint = "campaigns/resume", input = Json)]
pub(crate) async fn resume_campaign(id: CampaignId) -> Result<Campaign, CallError> {
    answer(services()?.campaigns().resume(&actor(), id).await)
}

/// Ends a campaign for good.
#[server(prefix = "/ui", endpoint = "campaigns/cancel", input = Json)]
pub(crate) async fn cancel_campaign(id: CampaignId) -> Result<Campaign, CallError> {
    answer(services()?.campaigns().cancel(&actor(), id).await)
}

/// Takes a campaign away, and sends the page on to the list.
#[server(prefix = "/ui", endpoint = "campaigns/delete", input = Json)]
pub(crate) async fn delete_campaign(id: CampaignId) -> Result<(), CallError> {
    answer(services()?.campaigns().delete(&actor(), id).await)?;
    leptos_axum::redirect(crate::routes::DASHBOARD);
    Ok(())
}

/// Copies a campaign into a draft, and sends the page on to change it.
#[server(prefix = "/ui", endpoint = "campaigns/duplicate", input = Json)]
pub(crate) async fn duplicate_campaign(id: CampaignId) -> Result<Campaign, CallError> {
    let copy = answer(services()?.campaigns().duplicate(&actor(), id).await)?;
    leptos_axum::redirect(&crate::routes::edit(copy.summary.id));
    Ok(copy)
}

/// Sends once more to those who failed, or are unknown.
#[server(prefix = "/ui", endpoint = "campaigns/retry", input = Json)]
pub(crate) async fn retry_campaign(
    id: CampaignId,
    request: RetryRequest,
) -> Result<Campaign, CallError> {
    answer(services()?.campaigns().retry(&actor(), id, request).await)
}

/// Settles those whose outcome is unknown.
#[server(prefix = "/ui", endpoint = "campaigns/resolve", input = Json)]
pub(crate) async fn resolve_campaign(
    id: CampaignId,
    request: ResolveRequest,
) -> Result<Campaign, CallError> {
    let campaigns = services()?.campaigns();
    answer(campaigns.resolve(&actor(), id, request).await)
}

/// What happened to a campaign, the latest first.
#[server(prefix = "/ui", endpoint = "campaigns/timeline", input = Json)]
pub(crate) async fn list_events(id: CampaignId) -> Result<Vec<CampaignEvent>, CallError> {
    answer(services()?.campaigns().events(&actor(), id).await)
}
