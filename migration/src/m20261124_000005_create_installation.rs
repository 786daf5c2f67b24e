//! The one row that makes this installation itself: its secret.

use sea_orm_migration::{prelude::*, schema::*};

use crate::new_table;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                new_table(manager, "installation")
                    .col(integer("id").primary_key())
                    .col(string_len("secret", 128))
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("installation").to_owned())
            .await
    }
}
