//! The use-cases of campaigns.

use domain::{
    CampaignId,
    campaign::{
        Campaign, CampaignContent, CampaignCreate, CampaignCreated, CampaignForm, CampaignList,
        CampaignSummary, Overview,
    },
    page::Page,
    recipient::{FailureReason, Recipient, RecipientList},
};

use crate::{Actor, Error, Result};

/// The use-cases of campaigns.
pub struct Campaigns;

/// What a create did.
pub struct Created {
    /// The campaign, and what of its list was not taken.
    pub created: CampaignCreated,
    /// Whether this key had created it before, so that nothing was stored now.
    pub replayed: bool,
}

impl Campaigns {
    /// Stores a campaign and starts it. `key` is the client's `Idempotency-Key`.
    pub async fn create(
        &self,
        _: &Actor,
        _: CampaignCreate,
        _key: Option<String>,
    ) -> Result<Created> {
        Err(Error::Unavailable("sketch"))
    }

    /// The same, from the composer's form.
    pub async fn create_from_form(&self, _: &Actor, _: CampaignForm) -> Result<Created> {
        Err(Error::Unavailable("sketch"))
    }

    /// One campaign's true state now.
    pub async fn get(&self, _: &Actor, _: CampaignId) -> Result<Campaign> {
        Err(Error::Unavailable("sketch"))
    }

    /// What its message says.
    pub async fn content(&self, _: &Actor, _: CampaignId) -> Result<CampaignContent> {
        Err(Error::Unavailable("sketch"))
    }

    /// Campaigns, newest first.
    pub async fn list(&self, _: &Actor, _: CampaignList) -> Result<Page<CampaignSummary>> {
        Err(Error::Unavailable("sketch"))
    }

    /// What stands above the list on the dashboard.
    pub async fn overview(&self, _: &Actor) -> Result<Overview> {
        Err(Error::Unavailable("sketch"))
    }

    /// Recipients of a campaign, in the list's order.
    pub async fn recipients(
        &self,
        _: &Actor,
        _: CampaignId,
        _: RecipientList,
    ) -> Result<Page<Recipient>> {
        Err(Error::Unavailable("sketch"))
    }

    /// Its failures by reason, the commonest first.
    pub async fn failure_reasons(&self, _: &Actor, _: CampaignId) -> Result<Vec<FailureReason>> {
        Err(Error::Unavailable("sketch"))
    }
}
