//! How many messages had ended at a moment: the chart's points.

use sea_orm_migration::{prelude::*, schema::*};

use crate::new_table;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                new_table(manager, "rate_sample")
                    .col(big_integer("email_job_id"))
                    .col(big_integer("at"))
                    .col(big_integer("ended"))
                    .primary_key(Index::create().col("email_job_id").col("at"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("rate_sample").to_owned())
            .await
    }
}
