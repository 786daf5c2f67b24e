//! The dashboard shows the campaigns that left unknown outcomes: few among all there ever were. The
//! number moves only when an outcome becomes unknown or is settled, never with a message sent.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(
                Index::create()
                    .name("email_job_unknown_emails")
                    .table("email_job")
                    .col("unknown_emails")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(
                Index::drop()
                    .name("email_job_unknown_emails")
                    .table("email_job")
                    .to_owned(),
            )
            .await
    }
}
