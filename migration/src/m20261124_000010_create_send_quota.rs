//! How many messages each SMTP server was handed lately, where a limit counts them.

use sea_orm_migration::{prelude::*, schema::*};

use crate::new_table;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                new_table(manager, "send_quota")
                    .col(string_len("server", 64))
                    .col(string_len("period", 1))
                    .col(big_integer("bucket"))
                    .col(big_integer("used").default(0))
                    .primary_key(Index::create().col("server").col("period").col("bucket"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("send_quota").to_owned())
            .await
    }
}
