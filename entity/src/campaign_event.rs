//! One thing that happened to a campaign.

use domain::{CampaignId, Timestamp, campaign::EventKind};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub email_job_id: CampaignId,
    pub at: Timestamp,
    pub kind: EventKind,
    pub amount: Option<i64>,
    pub detail: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
