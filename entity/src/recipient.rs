//! One address of one campaign.

use domain::{CampaignId, RecipientId, Timestamp, recipient::RecipientStatus};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "recipient")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecipientId,
    pub email_job_id: CampaignId,
    pub no: i64,
    pub email: String,
    pub email_key: String,
    pub vars: Option<String>,
    pub status: RecipientStatus,
    pub attempt: i32,
    pub attempts_counted: i32,
    pub disturbances: i32,
    pub next_attempt_at: Option<Timestamp>,
    pub phase: Option<String>,
    pub code: Option<i32>,
    pub enhanced_code: Option<String>,
    pub error: Option<String>,
    pub smtp_server: Option<String>,
    pub skip_reason: Option<String>,
    pub finished_at: Option<Timestamp>,
    pub trouble: Option<RecipientStatus>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
