//! A run of at most 1,000 recipients, leased to one worker at a time.

use domain::{CampaignId, Timestamp};
use sea_orm::entity::prelude::*;

/// Where a slice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(sea_orm::sea_query::StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum SliceState {
    /// Somebody in it is to be written to, and nobody holds it.
    Ready,
    /// An owner holds it.
    Leased,
    /// Everybody left in it is deferred; nobody holds it until `next_due_at`.
    Waiting,
    /// Everybody in it has ended.
    Closed,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "slice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub email_job_id: CampaignId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub no: i64,
    pub first_no: i64,
    pub last_no: i64,
    pub state: SliceState,
    pub owner: Option<String>,
    pub epoch: i64,
    pub renewal: i64,
    pub next_due_at: Option<Timestamp>,
    pub rung_at: Option<Timestamp>,
    pub takeovers: i32,
    pub sent: i64,
    pub failed: i64,
    pub unknown: i64,
    pub skipped: i64,
    pub deferred: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
