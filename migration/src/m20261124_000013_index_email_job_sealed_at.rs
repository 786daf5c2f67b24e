//! What a create left behind is looked for every few seconds by every process; without this each
//! look would read every campaign there ever was, bodies and all.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(
                Index::create()
                    .name("email_job_sealed_at")
                    .table("email_job")
                    .col("sealed_at")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(
                Index::drop()
                    .name("email_job_sealed_at")
                    .table("email_job")
                    .to_owned(),
            )
            .await
    }
}
