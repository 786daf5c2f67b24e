//! The statement that writes recipients, as many at once as fit it.

use domain::CampaignId;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use super::SLICE_SIZE;
use crate::campaigns::prepare::PreparedRecipient;

/// As many octets of addresses and variables as one statement carries: MySQL takes 16 MiB at once
/// where nobody has told it otherwise.
const STATEMENT_SIZE: usize = 4 << 20;

/// Writes recipients, but for those whose mailbox the campaign has already, and returns how many.
///
/// By hand, since no builder writes this for MySQL, and a million rows are many. What MySQL's
/// `IGNORE` would shorten or turn into something else beside was looked at before, and fits.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
    (first_id, first_no): (i64, i64),
    part: &[PreparedRecipient],
) -> Result<usize, DbErr> {
    const COLUMNS: &str =
        "`recipient` (`status`, `id`, `email_job_id`, `no`, `email`, `email_key`, `vars`)";
    const ROW: &str = "('PENDING', ?, ?, ?, ?, ?, ?)";
    let backend = connection.get_database_backend();
    let (ignore, on_conflict) = match backend {
        DbBackend::MySql => ("IGNORE ", ""),
        _ => ("", " ON CONFLICT (`email_job_id`, `email_key`) DO NOTHING"),
    };
    let mut sql = String::with_capacity(part.len() * (ROW.len() + 1) + 256);
    sql.push_str("INSERT ");
    sql.push_str(ignore);
    sql.push_str("INTO ");
    sql.push_str(COLUMNS);
    sql.push_str(" VALUES ");
    let mut values: Vec<Value> = Vec::with_capacity(part.len() * 6);
    for (offset, recipient) in (0..).zip(part) {
        if offset > 0 {
            sql.push(',');
        }
        sql.push_str(ROW);
        values.extend([
            Value::from(first_id + offset),
            campaign.into(),
            (first_no + offset).into(),
            recipient.email.as_str().into(),
            recipient.email_key.as_str().into(),
            recipient.vars.as_deref().into(),
        ]);
    }
    sql.push_str(on_conflict);
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let written = connection.execute_raw(statement).await?;
    Ok(usize::try_from(written.rows_affected()).unwrap_or(usize::MAX))
}

/// The recipients in parts that each fit a statement, and a slice.
pub(super) fn parts(mut batch: &[PreparedRecipient]) -> impl Iterator<Item = &[PreparedRecipient]> {
    std::iter::from_fn(move || {
        let mut octets = 0;
        let fits = batch.iter().take(SLICE_SIZE).take_while(|recipient| {
            octets += recipient.octets();
            octets <= STATEMENT_SIZE
        });
        // One that is larger alone goes alone.
        let count = fits.count().max(1).min(batch.len());
        let (part, rest) = batch.split_at(count);
        batch = rest;
        (!part.is_empty()).then_some(part)
    })
}
