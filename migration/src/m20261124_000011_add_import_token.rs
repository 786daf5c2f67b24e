//! Whose import into a campaign is under way. While it is set, recipients of the campaign may stand
//! beyond its slices; `touched_at` tells whether somebody still adds to them.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("email_job")
                    .add_column(string_len_null("import_token", 16))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("email_job")
                    .drop_column("import_token")
                    .to_owned(),
            )
            .await
    }
}
