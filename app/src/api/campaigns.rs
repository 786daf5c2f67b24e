//! Campaigns.

use domain::{
    CampaignId,
    campaign::{
        Campaign, CampaignContent, CampaignCreated, CampaignForm, CampaignList, CampaignSummary,
        Overview,
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
