//! A campaign's timeline.

use sea_orm_migration::{prelude::*, schema::*};

use crate::new_table;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                new_table(manager, "campaign_event")
                    .col(big_integer("id").primary_key())
                    .col(big_integer("email_job_id"))
                    .col(big_integer("at"))
                    .col(string_len("kind", 32))
                    .col(big_integer_null("amount"))
                    .col(string_len_null("detail", 600))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("campaign_event_email_job")
                    .table("campaign_event")
                    .col("email_job_id")
                    .col("id")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("campaign_event").to_owned())
            .await
    }
}
