//! The campaign.

use domain::{CampaignId, Timestamp, campaign::CampaignStatus};
use sea_orm::entity::prelude::*;

/// What a person wants of a campaign; its status follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(sea_orm::sea_query::StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum DesiredState {
    Run,
    Pause,
    Cancel,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "email_job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CampaignId,
    pub name: String,
    pub subject: String,
    pub body: String,
    pub text_body: Option<String>,
    pub from_name: Option<String>,
    pub from_email: String,
    pub reply_to: Option<String>,
    pub smtp_server: String,
    pub status: CampaignStatus,
    pub desired_state: DesiredState,
    pub total_emails: i64,
    pub sent_emails: i64,
    pub failed_emails: i64,
    pub unknown_emails: i64,
    pub skipped_emails: i64,
    pub deferred_emails: i64,
    pub open_slices: i64,
    pub sealed_at: Option<Timestamp>,
    pub scheduled_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub touched_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub waiting_code: Option<String>,
    pub waiting_detail: Option<String>,
    pub waiting_since: Option<Timestamp>,
    pub version: i64,
    pub idempotency_key: Option<String>,
    pub request_hash: Option<String>,
    /// Whose import is under way; recipients beyond the slices are its, and nobody's else.
    pub import_token: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
