//! Storing a campaign while its list is still being read: rows in batches, then one transaction
//! that seals it. What is not sealed is never sent and never shown, and goes away by itself.

use domain::{
    CampaignId, Timestamp,
    campaign::{CampaignContent, CampaignStatus, EventKind, LeftOut},
};
use entity::{
    email_job::{self, DesiredState},
    prelude::EmailJob,
};
use futures::{StreamExt, stream};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, SqlErr,
    sea_query::Expr,
};
use tokio::task::JoinHandle;

use super::{
    LEFT_BEHIND_AFTER,
    intake::{
        Fault,
        batch::{self, Batches},
        body::Pump,
    },
    plan::Plan,
    prepare::{self, Read},
    queries,
    rows::Written,
    storing::Storing,
    timeline::Event,
    unsealed::{self, is_unsealed},
};
use crate::{
    Error, Result, Services,
    database::repeated,
    failpoints::failpoint,
    ids::{self, Kind},
};

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
        import_token: Set(None),
        ..row
    }
}

/// A campaign that was stored, now or before.
pub(super) struct Stored {
    pub(super) id: CampaignId,
    pub(super) left_out: LeftOut,
    pub(super) replayed: bool,
}

/// What reads a request to its end, on a thread of its own.
pub(super) trait Reader: FnOnce(Batches) -> Result<Read, Fault> + Send + 'static {}
impl<T: FnOnce(Batches) -> Result<Read, Fault> + Send + 'static> Reader for T {}

/// The work that a body is pumped into. It is seen through whatever becomes of the caller.
pub(super) async fn fed_by<T>(pump: Pump, mut work: JoinHandle<Result<T>>) -> Result<T> {
    let panicked = |_| Error::Unavailable("what takes lists in");
    tokio::select! {
        ended = &mut work => return ended.map_err(panicked)?,
        () = pump.run() => {}
    }
    work.await.map_err(panicked)?
}

/// Stores what `read` reads, and seals it. When it returns an error, nothing of it will be sent.
pub(super) async fn store(
    services: &Services,
    key: Option<String>,
    read: impl Reader,
) -> Result<Stored> {
    let known = match &key {
        Some(key) => known_by(services, key).await?,
        None => None,
    };
    if let Some(row) = known {
        let mut batches = batch::channel().0;
        batches.count_only();
        let read = read_aside(|| read(batches)).await?;
        prepare::judge(&read, &services.circumstances())?;
        return replayed(&row, &read);
    }
    let (batches, mut receiver) = batch::channel();
    let reading = tokio::task::spawn_blocking(|| read(batches));
    let first = receiver.recv().await.unwrap_or_default();
    match receiver.recv().await {
        None => store_small(services, key, reading, &first).await,
        Some(second) => {
            let storing = Storing::begin(services, key.as_deref()).await?;
            let rest = stream::poll_fn(move |context| receiver.poll_recv(context));
            let batches = stream::iter([first, second]).chain(rest);
            let stored = storing.run(reading, batches, key).await;
            if stored.is_err() {
                storing.give_up().await;
            }
            stored
        }
    }
}

/// The campaign this key stands for already; none when it stands for nothing, or for what is left
/// of a create that died, which is taken away.
async fn known_by(services: &Services, key: &str) -> Result<Option<email_job::Model>> {
    let database = services.database();
    let Some(row) = queries::find_by_key(database.reader(), key).await? else {
        return Ok(None);
    };
    if row.sealed_at.is_some() {
        return Ok(Some(row));
    }
    if services.clock().now().since(row.touched_at) < LEFT_BEHIND_AFTER {
        return Err(Error::InProgress);
    }
    unsealed::delete_unsealed(database, row.id).await?;
    Ok(None)
}

fn replayed(row: &email_job::Model, read: &Read) -> Result<Stored> {
    if row.request_hash.as_deref() != Some(read.request_hash.as_str()) {
        return Err(Error::KeyReused);
    }
    Ok(Stored {
        id: row.id,
        left_out: read.left_out(u64::try_from(row.total_emails).unwrap_or(0)),
        replayed: true,
    })
}

async fn read_aside(read: impl FnOnce() -> Result<Read, Fault> + Send + 'static) -> Result<Read> {
    read_to_its_end(tokio::task::spawn_blocking(read)).await
}

pub(super) async fn read_to_its_end(reading: JoinHandle<Result<Read, Fault>>) -> Result<Read> {
    let read = reading.await;
    read.map_err(|_| Error::Unavailable("the reader of lists"))?
        .map_err(|fault| match fault {
            Fault::Refused(error) => error,
            Fault::Unwanted => Error::Unavailable("the writer of lists"),
        })
}

/// Stores a campaign whose list is one batch, in one transaction.
async fn store_small(
    services: &Services,
    key: Option<String>,
    reading: JoinHandle<Result<Read, Fault>>,
    batch: &[prepare::PreparedRecipient],
) -> Result<Stored> {
    let read = read_to_its_end(reading).await?;
    let plan = prepare::judge(&read, &services.circumstances())?;
    let database = services.database();
    let id = CampaignId(ids::reserve(database, Kind::Campaign, 1).await?);
    let mut reserved = Written::after(0);
    if !batch.is_empty() {
        reserved.reserve(database, batch.len()).await?;
    }
    let written = repeated(async || {
        let now = services.clock().now();
        let mut written = reserved.clone();
        let transaction = database.begin().await?;
        let row = row_of(services, id, &read, plan, now);
        let row = email_job::ActiveModel {
            idempotency_key: Set(key.clone()),
            request_hash: Set(key.as_ref().map(|_| read.request_hash.clone())),
            ..row
        };
        EmailJob::insert(row)
            .exec_without_returning(&transaction)
            .await?;
        written.add_within(&transaction, id, batch).await?;
        seal(&transaction, id, &written, plan, now).await?;
        transaction.commit().await?;
        Ok(written.count())
    })
    .await;
    match (written, key) {
        (Ok(written), _) => {
            failpoint!("store::sealed");
            Ok(Stored {
                id,
                left_out: read.left_out(written),
                replayed: false,
            })
        }
        // Another request with this key was faster.
        (Err(error), Some(key)) if is_known(&error) => {
            let row = known_by(services, &key).await?;
            replayed(&row.ok_or(Error::InProgress)?, &read)
        }
        (Err(error), _) => Err(error.into()),
    }
}

pub(super) fn is_known(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// The row of a campaign that was read whole, as if nothing had ever happened to it.
pub(super) fn row_of(
    services: &Services,
    id: CampaignId,
    read: &Read,
    plan: Plan,
    now: Timestamp,
) -> email_job::ActiveModel {
    let content = &read.content;
    let (from_name, from_email) = services.default_sender().of(content);
    let (status, scheduled_at) = match plan {
        Plan::Now => (CampaignStatus::Pending, None),
        Plan::At(time) => (CampaignStatus::Scheduled, Some(time)),
        Plan::Draft => (CampaignStatus::Draft, None),
    };
    email_job::ActiveModel {
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
        ..Default::default()
    }
}

/// From here on the campaign exists, with everything that was written to it.
pub(super) async fn seal(
    connection: &impl ConnectionTrait,
    id: CampaignId,
    written: &Written,
    plan: Plan,
    now: Timestamp,
) -> Result<(), DbErr> {
    let slices = written.write_slices(connection, id, 0).await?;
    seal_of(connection, id, (written.count(), slices), plan, now).await
}

/// The same, whose recipients and slices were counted.
pub(super) async fn seal_of(
    connection: &impl ConnectionTrait,
    id: CampaignId,
    (recipients, slices): (u64, i64),
    plan: Plan,
    now: Timestamp,
) -> Result<(), DbErr> {
    write_size(connection, id, recipients, slices).await?;
    EmailJob::update_many()
        .col_expr(email_job::Column::SealedAt, Expr::value(now))
        .filter(is_unsealed(id))
        .exec(connection)
        .await?;
    let created = Event::of(id, EventKind::Created).amount(recipients);
    created.write(connection, now).await?;
    if let Plan::At(time) = plan {
        let scheduled = Event::of(id, EventKind::Scheduled).detail(time.to_string());
        scheduled.write(connection, now).await?;
    }
    Ok(())
}

/// Writes how many recipients and slices a campaign has.
pub(super) async fn write_size(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
    recipients: u64,
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
