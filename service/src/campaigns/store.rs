//! Storing a campaign: rows in transactions of a thousand, then one that seals it. What is not
//! sealed is never sent and never shown, and goes away by itself.

use domain::{CampaignId, Timestamp, campaign::CampaignStatus, recipient::RecipientStatus};
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Recipient, Slice},
    recipient,
    slice::{self, SliceState},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::Expr,
};

use super::prepare::{Prepared, PreparedRecipient};
use crate::{
    clock::Clock,
    database::Database,
    ids::{self, Kind},
};

/// Recipients in a slice, and in a transaction: one of a million would hold SQLite's only
/// writer past every lease.
pub(crate) const SLICE_SIZE: usize = 1_000;

/// Who a campaign is from when it does not say.
#[derive(Clone, Debug)]
pub(crate) struct DefaultSender {
    pub(crate) name: Option<String>,
    pub(crate) email: String,
}

/// Stores `prepared` and seals it. When it returns an error, nothing of it will be sent.
pub(super) async fn store(
    database: &Database,
    clock: &dyn Clock,
    sender: &DefaultSender,
    prepared: &Prepared,
    key: Option<&str>,
) -> Result<CampaignId, DbErr> {
    let id = CampaignId(ids::reserve(database, Kind::Campaign, 1).await?);
    insert_unsealed(database, clock.now(), sender, prepared, key, id).await?;
    let mut slices = 0;
    for chunk in prepared.recipients.chunks(SLICE_SIZE) {
        insert_slice(database, clock.now(), id, slices, chunk).await?;
        slices += 1;
    }
    seal(database, clock.now(), id, prepared.recipients.len(), slices).await?;
    Ok(id)
}

async fn insert_unsealed(
    database: &Database,
    now: Timestamp,
    sender: &DefaultSender,
    prepared: &Prepared,
    key: Option<&str>,
    id: CampaignId,
) -> Result<(), DbErr> {
    let content = &prepared.content;
    let (from_name, from_email) = match &content.from_email {
        Some(email) => (content.from_name.clone(), email.clone()),
        None => (
            content.from_name.clone().or_else(|| sender.name.clone()),
            sender.email.clone(),
        ),
    };
    let transaction = database.begin().await?;
    let row = email_job::ActiveModel {
        id: Set(id),
        name: Set(content
            .name
            .clone()
            .unwrap_or_else(|| content.subject.clone())),
        subject: Set(content.subject.clone()),
        body: Set(content.body.clone()),
        text_body: Set(content.text_body.clone()),
        from_name: Set(from_name),
        from_email: Set(from_email),
        reply_to: Set(content.reply_to.clone()),
        smtp_server: Set("default".to_owned()),
        status: Set(CampaignStatus::Pending),
        desired_state: Set(DesiredState::Run),
        created_at: Set(now),
        touched_at: Set(now),
        idempotency_key: Set(key.map(ToOwned::to_owned)),
        request_hash: Set(key.map(|_| prepared.request_hash.clone())),
        ..Default::default()
    };
    EmailJob::insert(row)
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await
}

async fn insert_slice(
    database: &Database,
    now: Timestamp,
    campaign: CampaignId,
    no: i64,
    chunk: &[PreparedRecipient],
) -> Result<(), DbErr> {
    let first_id = ids::reserve(database, Kind::Recipient, chunk.len()).await?;
    let size = i64::try_from(SLICE_SIZE).unwrap_or(i64::MAX);
    let first_no = no * size;
    let rows = (0_i64..)
        .zip(chunk)
        .map(|(offset, prepared)| recipient::ActiveModel {
            id: Set(domain::RecipientId(first_id + offset)),
            email_job_id: Set(campaign),
            no: Set(first_no + offset),
            email: Set(prepared.email.clone()),
            email_key: Set(prepared.email_key.clone()),
            vars: Set(prepared.vars.clone()),
            status: Set(RecipientStatus::Pending),
            ..Default::default()
        });
    let transaction = database.begin().await?;
    Recipient::insert_many(rows)
        .exec_without_returning(&transaction)
        .await?;
    let row = slice::ActiveModel {
        email_job_id: Set(campaign),
        no: Set(no),
        first_no: Set(first_no),
        last_no: Set(first_no + i64::try_from(chunk.len()).unwrap_or(size) - 1),
        state: Set(SliceState::Ready),
        owner: NotSet,
        ..Default::default()
    };
    Slice::insert(row)
        .exec_without_returning(&transaction)
        .await?;
    EmailJob::update_many()
        .col_expr(email_job::Column::TouchedAt, Expr::value(now))
        .filter(email_job::Column::Id.eq(campaign))
        .exec(&transaction)
        .await?;
    transaction.commit().await
}

/// From here on the campaign exists.
async fn seal(
    database: &Database,
    now: Timestamp,
    id: CampaignId,
    recipients: usize,
    slices: i64,
) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    email_job::ActiveModel {
        id: Set(id),
        total_emails: Set(i64::try_from(recipients).unwrap_or(i64::MAX)),
        open_slices: Set(slices),
        sealed_at: Set(Some(now)),
        touched_at: Set(now),
        ..Default::default()
    }
    .update(&transaction)
    .await?;
    transaction.commit().await
}

/// Takes a campaign that was never sealed away, with its key. Does nothing to a sealed one.
pub(crate) async fn delete_unsealed(database: &Database, id: CampaignId) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    // The campaign's row goes first: whoever was still adding to it finds nothing to seal.
    let deleted = EmailJob::delete_many()
        .filter(email_job::Column::Id.eq(id))
        .filter(email_job::Column::SealedAt.is_null())
        .exec(&transaction)
        .await?;
    if deleted.rows_affected == 0 {
        return Ok(());
    }
    Slice::delete_many()
        .filter(slice::Column::EmailJobId.eq(id))
        .exec(&transaction)
        .await?;
    Recipient::delete_many()
        .filter(recipient::Column::EmailJobId.eq(id))
        .exec(&transaction)
        .await?;
    transaction.commit().await
}
