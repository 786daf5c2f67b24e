//! The schema, one file per change, forward only in spirit, the same for SQLite, MySQL 8.4
//! and MariaDB 10.6+. Migrations are frozen in time: they name tables and columns as text of
//! their own and never look at the entities, which move on.
//!
//! Conventions: ids are `BIGINT`s made by the application; instants are `BIGINT`
//! milliseconds since 1970 (UTC); statuses are short strings; whatever is compared is compared
//! byte by byte (`utf8mb4_bin` on MySQL, SQLite's default). MySQL cannot roll DDL back, so a
//! migration creates one table or changes one thing.
//!
//! To add a change: a new file `mYYYYMMDD_NNNNNN_verb_noun.rs`, at the end of the list below.

pub use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

mod m20261124_000001_create_email_job;
mod m20261124_000002_create_recipient;
mod m20261124_000003_create_slice;
mod m20261124_000004_create_id_block;
mod m20261124_000005_create_installation;
mod m20261124_000006_create_worker_process;
mod m20261124_000007_create_campaign_event;
mod m20261124_000008_create_rate_sample;
mod m20261124_000009_create_send_pace;
mod m20261124_000010_create_send_quota;
mod m20261124_000011_add_import_token;
mod m20261124_000012_index_import_token;
mod m20261124_000013_index_email_job_sealed_at;
mod m20261124_000014_index_email_job_unknown_emails;

/// Brings a database to the present schema; running it again changes nothing.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_create_email_job::Migration),
            Box::new(m20261124_000002_create_recipient::Migration),
            Box::new(m20261124_000003_create_slice::Migration),
            Box::new(m20261124_000004_create_id_block::Migration),
            Box::new(m20261124_000005_create_installation::Migration),
            Box::new(m20261124_000006_create_worker_process::Migration),
            Box::new(m20261124_000007_create_campaign_event::Migration),
            Box::new(m20261124_000008_create_rate_sample::Migration),
            Box::new(m20261124_000009_create_send_pace::Migration),
            Box::new(m20261124_000010_create_send_quota::Migration),
            Box::new(m20261124_000011_add_import_token::Migration),
            Box::new(m20261124_000012_index_import_token::Migration),
            Box::new(m20261124_000013_index_email_job_sealed_at::Migration),
            Box::new(m20261124_000014_index_email_job_unknown_emails::Migration),
        ]
    }
}

/// A new table whose text compares byte by byte on every database.
fn new_table(manager: &SchemaManager, name: &'static str) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    if manager.get_database_backend() == DbBackend::MySql {
        table.character_set("utf8mb4").collate("utf8mb4_bin");
    }
    table
}

/// Text of any length: MySQL's `TEXT` ends at 64 KB. SQLite takes any name with "text" in it.
fn long_text(name: &'static str) -> ColumnDef {
    ColumnDef::new_with_type(name, ColumnType::custom("longtext"))
}
