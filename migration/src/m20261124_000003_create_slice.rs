//! Slices: a campaign's recipients in runs of at most 1,000, each leased to one worker at a
//! time, with counters of its own.

use sea_orm_migration::{prelude::*, schema::*};

use crate::new_table;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                new_table(manager, "slice")
                    .col(big_integer("email_job_id"))
                    .col(big_integer("no"))
                    .col(big_integer("first_no"))
                    .col(big_integer("last_no"))
                    .col(string_len("state", 16))
                    .col(string_len_null("owner", 64))
                    .col(big_integer("epoch").default(0))
                    .col(big_integer("renewal").default(0))
                    .col(big_integer_null("next_due_at"))
                    .col(big_integer_null("rung_at"))
                    .col(integer("takeovers").default(0))
                    .col(big_integer("sent").default(0))
                    .col(big_integer("failed").default(0))
                    .col(big_integer("unknown").default(0))
                    .col(big_integer("skipped").default(0))
                    .col(big_integer("deferred").default(0))
                    .primary_key(Index::create().col("email_job_id").col("no"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("slice_state")
                    .table("slice")
                    .col("state")
                    .col("next_due_at")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("slice").to_owned())
            .await
    }
}
