//! When an SMTP server may be handed its next message.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "send_pace")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub server: String,
    pub next_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
