//! When each SMTP server may be handed its next message, where a limit per second sets a pace; and
//! the row that whoever reserves of a server's limits holds meanwhile.

use sea_orm_migration::{prelude::*, schema::*};

use crate::new_table;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                new_table(manager, "send_pace")
                    .col(string_len("server", 64).primary_key())
                    // In microseconds: a pace of some thousands a second needs them.
                    .col(big_integer("next_at").default(0))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("send_pace").to_owned())
            .await
    }
}
