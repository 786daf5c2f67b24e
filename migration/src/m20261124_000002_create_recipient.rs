//! The recipients: the hot table. `status` is in no index, since PENDING → SENDING → SENT
//! would pay for it twice a message; `trouble` repeats it for the few that went wrong.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{long_text, new_table};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                new_table(manager, "recipient")
                    .col(big_integer("id").primary_key())
                    .col(big_integer("email_job_id"))
                    .col(big_integer("no"))
                    .col(string_len("email", 320))
                    .col(string_len("email_key", 320))
                    .col(long_text("vars").null())
                    .col(string_len("status", 16))
                    .col(integer("attempt").default(0))
                    .col(integer("attempts_counted").default(0))
                    .col(integer("disturbances").default(0))
                    .col(big_integer_null("next_attempt_at"))
                    .col(string_len_null("phase", 16))
                    .col(integer_null("code"))
                    .col(string_len_null("enhanced_code", 16))
                    .col(string_len_null("error", 600))
                    .col(string_len_null("smtp_server", 64))
                    .col(string_len_null("skip_reason", 32))
                    .col(big_integer_null("finished_at"))
                    .col(string_len_null("trouble", 16))
                    .index(
                        Index::create()
                            .name("recipient_email_key")
                            .unique()
                            .col("email_job_id")
                            .col("email_key"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("recipient_no")
                    .table("recipient")
                    .col("email_job_id")
                    .col("no")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("recipient_trouble")
                    .table("recipient")
                    .col("email_job_id")
                    .col("trouble")
                    .col("no")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("recipient").to_owned())
            .await
    }
}
