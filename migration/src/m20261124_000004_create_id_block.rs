//! Where ids come from: each kind's next free one. Processes take them in blocks, in a short
//! transaction of their own, so that no insert depends on a key the database made.

use sea_orm_migration::{prelude::*, schema::*};

use crate::new_table;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                new_table(manager, "id_block")
                    .col(string_len("kind", 32).primary_key())
                    .col(big_integer("next_id"))
                    .to_owned(),
            )
            .await?;
        let mut first = Query::insert();
        first.into_table("id_block").columns(["kind", "next_id"]);
        for kind in ["email_job", "recipient"] {
            first.values_panic([kind.into(), 1_i64.into()]);
        }
        manager.execute(first).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("id_block").to_owned())
            .await
    }
}
