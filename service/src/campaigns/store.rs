//! Storing a campaign: rows in transactions of a thousand, then one that seals it. What is not
//! sealed is never sent and never shown, and goes away by itself.

use domain::{
    CampaignId, Timestamp,
    campaign::{CampaignContent, CampaignStatus, EventKind},
    recipient::RecipientStatus,
};
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Recipient, Slice},
    recipient,
    slice::{self, SliceState},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
    sea_query::Expr,
};

use super::{
    plan::Plan,
    prepare::{Prepared, PreparedRecipient},
    timeline::{self, Event},
};
use crate::{
    clock::Clock,
    database::{Database, repeated},
    failpoints::failpoint,
    ids::{self, Kind},
};

/// Recipients in a slice, and in a transaction: one of a million would hold SQLite's only
/// writer past every lease.
pub(crate) const SLICE_SIZE: usize = 1_000;

/// As many octets of addresses and variables as one statement carries: MySQL takes 16 MiB at once
/// where nobody has told it otherwise.
const STATEMENT_SIZE: usize = 4 << 20;

/// Who a campaign is from when it does not say.
#[derive(Clone, Debug)]
pub(crate) struct DefaultSender {
    pub(crate) name: Option<String>,
    pub(crate) email: String,
}

impl DefaultSender {
    /// Name and address of a campaign's sender.
    pub(super) fn of(&self, content: &CampaignContent) -> (Option<String>, String) {
        match &content.from_email {
            Some(email) => (content.from_name.clone(), email.clone()),
            None => (
                content.from_name.clone().or_else(|| self.name.clone()),
                self.email.clone(),
            ),
        }
    }
}

/// What a campaign is called: its subject when nothing was said.
pub(super) fn name_of(content: &CampaignContent) -> String {
    content
        .name
        .clone()
        .unwrap_or_else(|| content.subject.clone())
}

/// A campaign's row as if nothing had ever happened to it.
pub(super) fn fresh(row: email_job::ActiveModel) -> email_job::ActiveModel {
    email_job::ActiveModel {
        desired_state: Set(DesiredState::Run),
        total_emails: Set(0),
        sent_emails: Set(0),
        failed_emails: Set(0),
        unknown_emails: Set(0),
        skipped_emails: Set(0),
        deferred_emails: Set(0),
        open_slices: Set(0),
        sealed_at: Set(None),
        scheduled_at: Set(None),
        started_at: Set(None),
        completed_at: Set(None),
        waiting_code: Set(None),
        waiting_detail: Set(None),
        waiting_since: Set(None),
        version: Set(0),
        idempotency_key: Set(None),
        request_hash: Set(None),
        ..row
    }
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
    let now = || clock.now();
    repeated(|| insert_unsealed(database, now(), sender, prepared, key, id)).await?;
    failpoint!("store::unsealed");
    let mut slices = 0;
    for chunk in prepared.recipients.chunks(SLICE_SIZE) {
        let first_id = ids::reserve(database, Kind::Recipient, chunk.len()).await?;
        repeated(|| insert_slice(database, now(), (id, slices), first_id, chunk)).await?;
        failpoint!("store::slice");
        slices += 1;
    }
    let size = prepared.recipients.len();
    repeated(|| seal(database, now(), id, (size, slices), prepared.plan)).await?;
    failpoint!("store::sealed");
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
    let (from_name, from_email) = sender.of(content);
    let (status, scheduled_at) = match prepared.plan {
        Plan::Now => (CampaignStatus::Pending, None),
        Plan::At(time) => (CampaignStatus::Scheduled, Some(time)),
        Plan::Draft => (CampaignStatus::Draft, None),
    };
    let transaction = database.begin().await?;
    let row = email_job::ActiveModel {
        id: Set(id),
        name: Set(name_of(content)),
        subject: Set(content.subject.clone()),
        body: Set(content.body.clone()),
        text_body: Set(content.text_body.clone()),
        from_name: Set(from_name),
        from_email: Set(from_email),
        reply_to: Set(content.reply_to.clone()),
        smtp_server: Set(content.smtp_server.clone().unwrap_or_default()),
        status: Set(status),
        scheduled_at: Set(scheduled_at),
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
    place: (CampaignId, i64),
    first_id: i64,
    chunk: &[PreparedRecipient],
) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    touch(&transaction, place.0, now).await?;
    write_slice(&transaction, place, first_id, chunk).await?;
    transaction.commit().await
}

/// Writes the recipients of one slice, and the slice.
pub(super) async fn write_slice(
    connection: &impl ConnectionTrait,
    (campaign, no): (CampaignId, i64),
    first_id: i64,
    chunk: &[PreparedRecipient],
) -> Result<(), DbErr> {
    let size = i64::try_from(SLICE_SIZE).unwrap_or(i64::MAX);
    let first_no = no * size;
    let mut offset = 0;
    for part in parts(chunk) {
        let rows = (offset..)
            .zip(part)
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
        Recipient::insert_many(rows)
            .exec_without_returning(connection)
            .await?;
        offset += i64::try_from(part.len()).unwrap_or(size);
    }
    write_slice_row(
        connection,
        (campaign, no),
        (first_no, first_no + offset - 1),
    )
    .await
}

pub(super) async fn write_slice_row(
    connection: &impl ConnectionTrait,
    (campaign, no): (CampaignId, i64),
    (first_no, last_no): (i64, i64),
) -> Result<(), DbErr> {
    let row = slice::ActiveModel {
        email_job_id: Set(campaign),
        no: Set(no),
        first_no: Set(first_no),
        last_no: Set(last_no),
        state: Set(SliceState::Ready),
        owner: NotSet,
        ..Default::default()
    };
    Slice::insert(row)
        .exec_without_returning(connection)
        .await
        .map(drop)
}

/// Says that somebody is still adding to an unsealed campaign, and holds its row meanwhile. Fails
/// when it was given up as left behind: what is added to nothing would stay for ever.
pub(super) async fn touch(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
    now: Timestamp,
) -> Result<(), DbErr> {
    let touched = EmailJob::update_many()
        .col_expr(email_job::Column::TouchedAt, Expr::value(now))
        .filter(unsealed(campaign))
        .filter(email_job::Column::DesiredState.eq(DesiredState::Run))
        .exec(connection)
        .await?;
    if touched.rows_affected == 0 {
        let what = "the campaign that is being stored";
        return Err(DbErr::RecordNotFound(what.to_owned()));
    }
    Ok(())
}

/// The recipients in parts that each fit a statement.
fn parts(mut chunk: &[PreparedRecipient]) -> impl Iterator<Item = &[PreparedRecipient]> {
    std::iter::from_fn(move || {
        let mut octets = 0;
        let fits = chunk.iter().take_while(|recipient| {
            octets += recipient.email.len() + recipient.vars.as_ref().map_or(0, String::len);
            octets <= STATEMENT_SIZE
        });
        // One that is larger alone goes alone.
        let count = fits.count().max(1).min(chunk.len());
        let (part, rest) = chunk.split_at(count);
        chunk = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// From here on the campaign exists.
pub(super) async fn seal(
    database: &Database,
    now: Timestamp,
    id: CampaignId,
    (recipients, slices): (usize, i64),
    plan: Plan,
) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    touch(&transaction, id, now).await?;
    write_size(&transaction, id, recipients, slices).await?;
    EmailJob::update_many()
        .col_expr(email_job::Column::SealedAt, Expr::value(now))
        .filter(unsealed(id))
        .exec(&transaction)
        .await?;
    let created = Event::of(id, EventKind::Created).amount(recipients as u64);
    created.write(&transaction, now).await?;
    if let Plan::At(time) = plan {
        let scheduled = Event::of(id, EventKind::Scheduled).detail(time.to_string());
        scheduled.write(&transaction, now).await?;
    }
    transaction.commit().await
}

/// Writes how many recipients and slices a campaign has.
pub(super) async fn write_size(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
    recipients: usize,
    slices: i64,
) -> Result<(), DbErr> {
    let recipients = i64::try_from(recipients).unwrap_or(i64::MAX);
    EmailJob::update_many()
        .col_expr(email_job::Column::TotalEmails, Expr::value(recipients))
        .col_expr(email_job::Column::OpenSlices, Expr::value(slices))
        .filter(email_job::Column::Id.eq(campaign))
        .exec(connection)
        .await
        .map(drop)
}

/// Takes a campaign that was never sealed away, with its key. Does nothing to a sealed one.
pub(crate) async fn delete_unsealed(database: &Database, id: CampaignId) -> Result<(), DbErr> {
    if !repeated(|| give_up(database, id)).await? {
        return Ok(());
    }
    // In small steps: a million rows in one transaction would hold everybody else up.
    let slices: Vec<(i64, i64, i64)> = Slice::find()
        .select_only()
        .columns([
            slice::Column::No,
            slice::Column::FirstNo,
            slice::Column::LastNo,
        ])
        .filter(slice::Column::EmailJobId.eq(id))
        .into_tuple()
        .all(database.reader())
        .await?;
    for slice in slices {
        repeated(|| delete_slice(database, id, slice)).await?;
    }
    repeated(async || {
        let transaction = database.begin().await?;
        timeline::forget(&transaction, id).await?;
        EmailJob::delete_many()
            .filter(unsealed(id))
            .exec(&transaction)
            .await?;
        transaction.commit().await
    })
    .await
}

/// Makes sure that nobody seals it any more or adds to it; false when it is sealed already.
async fn give_up(database: &Database, id: CampaignId) -> Result<bool, DbErr> {
    let transaction = database.begin().await?;
    let given_up = EmailJob::update_many()
        .col_expr(
            email_job::Column::DesiredState,
            Expr::value(DesiredState::Cancel),
        )
        .filter(unsealed(id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(given_up.rows_affected > 0)
}

async fn delete_slice(
    database: &Database,
    campaign: CampaignId,
    (no, first_no, last_no): (i64, i64, i64),
) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    Recipient::delete_many()
        .filter(recipient::Column::EmailJobId.eq(campaign))
        .filter(recipient::Column::No.between(first_no, last_no))
        .exec(&transaction)
        .await?;
    Slice::delete_by_id((campaign, no))
        .exec(&transaction)
        .await?;
    transaction.commit().await
}

fn unsealed(id: CampaignId) -> Condition {
    Condition::all()
        .add(email_job::Column::Id.eq(id))
        .add(email_job::Column::SealedAt.is_null())
}
