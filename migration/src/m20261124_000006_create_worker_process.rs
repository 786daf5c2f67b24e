//! The processes that send, and when each was last seen.

use sea_orm_migration::{prelude::*, schema::*};

use crate::new_table;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                new_table(manager, "worker_process")
                    .col(string_len("id", 64).primary_key())
                    .col(big_integer("seen_at"))
                    .col(integer("concurrency"))
                    .col(string_len("version", 32))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("worker_process").to_owned())
            .await
    }
}
