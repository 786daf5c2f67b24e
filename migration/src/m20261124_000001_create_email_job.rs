//! The campaign.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{long_text, new_table};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                new_table(manager, "email_job")
                    .col(big_integer("id").primary_key())
                    .col(string_len("name", 500))
                    .col(string_len("subject", 500))
                    .col(string_len_null("from_name", 200))
                    .col(string_len("from_email", 320))
                    .col(string_len_null("reply_to", 320))
                    .col(string_len("smtp_server", 64))
                    .col(string_len("status", 16))
                    .col(string_len("desired_state", 16))
                    .col(big_integer("total_emails").default(0))
                    .col(big_integer("sent_emails").default(0))
                    .col(big_integer("failed_emails").default(0))
                    .col(big_integer("unknown_emails").default(0))
                    .col(big_integer("skipped_emails").default(0))
                    .col(big_integer("deferred_emails").default(0))
                    .col(big_integer("open_slices").default(0))
                    .col(big_integer_null("sealed_at"))
                    .col(big_integer_null("scheduled_at"))
                    .col(big_integer("created_at"))
                    // When the last row was added to an unsealed one: a leftover is known by it.
                    .col(big_integer("touched_at"))
                    .col(big_integer_null("started_at"))
                    .col(big_integer_null("completed_at"))
                    .col(string_len_null("waiting_code", 32))
                    .col(string_len_null("waiting_detail", 600))
                    .col(big_integer_null("waiting_since"))
                    .col(big_integer("version").default(0))
                    .col(string_len_null("idempotency_key", 255))
                    .col(string_len_null("request_hash", 64))
                    // Last: SQLite reads through a long column to whatever stands behind it.
                    .col(long_text("body").not_null())
                    .col(long_text("text_body").null())
                    .index(
                        Index::create()
                            .name("email_job_idempotency_key")
                            .unique()
                            .col("idempotency_key"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("email_job_status")
                    .table("email_job")
                    .col("status")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("email_job_completed_at")
                    .table("email_job")
                    .col("completed_at")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("email_job").to_owned())
            .await
    }
}
