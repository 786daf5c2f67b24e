//! Changing what was not started yet, and starting over from what was.

use domain::{
    CampaignId, Timestamp,
    campaign::{CampaignContent, CampaignStatus, EventKind},
};
use entity::{
    email_job,
    prelude::{EmailJob, Recipient, Slice},
    recipient,
    slice::{self, SliceState},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, Order,
    QueryFilter, QueryOrder,
    sea_query::{Expr, Query},
};

use super::{
    plan::Plan,
    prepare::PreparedRecipient,
    rows::{Place, Written},
    store::{self, DefaultSender},
    timeline::Event,
};
use crate::{
    clock::Clock,
    database::{Database, repeated},
    ids::{self, Kind},
};

/// What a campaign's row says of its message.
pub(super) fn content_of(row: email_job::Model) -> CampaignContent {
    CampaignContent {
        // Where nothing was said it is called by its subject, and stays so when that changes.
        name: Some(row.name).filter(|name| *name != row.subject),
        subject: row.subject,
        body: row.body,
        text_body: row.text_body,
        from_name: row.from_name,
        from_email: Some(row.from_email),
        reply_to: row.reply_to,
        smtp_server: Some(row.smtp_server).filter(|name| !name.is_empty()),
    }
}

/// What is to become of a campaign that was not started yet.
pub(super) struct Edit<'a> {
    pub(super) campaign: CampaignId,
    /// The version it was read in: whoever changed it meanwhile was faster.
    pub(super) version: i64,
    pub(super) content: &'a CampaignContent,
    pub(super) sender: &'a DefaultSender,
    pub(super) plan: Plan,
    /// In place of the list there was.
    pub(super) list: Option<&'a [PreparedRecipient]>,
}

impl Edit<'_> {
    /// Whether it may not be while somebody is adding to the list.
    pub(super) fn is_about_the_list(&self) -> bool {
        self.list.is_some() || matches!(self.plan, Plan::At(_))
    }
}

/// Writes an edit; false when the campaign was started or changed meanwhile.
pub(super) async fn write(
    database: &Database,
    edit: &Edit<'_>,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let mut reserved = Written::after(0);
    if let Some(list) = edit.list {
        reserved.reserve(database, list.len()).await?;
    }
    repeated(|| write_once(database, edit, &reserved, now)).await
}

async fn write_once(
    database: &Database,
    edit: &Edit<'_>,
    reserved: &Written,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let (status, scheduled_at) = match edit.plan {
        Plan::At(time) => (CampaignStatus::Scheduled, Some(time)),
        Plan::Now | Plan::Draft => (CampaignStatus::Draft, None),
    };
    let (from_name, from_email) = edit.sender.of(edit.content);
    let transaction = database.begin().await?;
    let row = email_job::ActiveModel {
        name: Set(store::name_of(edit.content)),
        subject: Set(edit.content.subject.clone()),
        body: Set(edit.content.body.clone()),
        text_body: Set(edit.content.text_body.clone()),
        from_name: Set(from_name),
        from_email: Set(from_email),
        reply_to: Set(edit.content.reply_to.clone()),
        smtp_server: Set(edit.content.smtp_server.clone().unwrap_or_default()),
        status: Set(status),
        scheduled_at: Set(scheduled_at),
        version: Set(edit.version + 1),
        ..Default::default()
    };
    let mut alone = Condition::all();
    if edit.is_about_the_list() {
        alone = alone.add(email_job::Column::ImportToken.is_null());
    }
    let written = EmailJob::update_many()
        .set(row)
        .filter(alone)
        .filter(email_job::Column::Id.eq(edit.campaign))
        .filter(email_job::Column::SealedAt.is_not_null())
        .filter(email_job::Column::Version.eq(edit.version))
        .filter(email_job::Column::Status.is_in([CampaignStatus::Draft, CampaignStatus::Scheduled]))
        .exec(&transaction)
        .await?;
    if written.rows_affected == 0 {
        return Ok(false);
    }
    if let Some(list) = edit.list {
        replace(&transaction, edit.campaign, reserved.clone(), list).await?;
    }
    let event = match edit.plan {
        Plan::At(time) => Event::of(edit.campaign, EventKind::Scheduled).detail(time.to_string()),
        Plan::Now | Plan::Draft => Event::of(edit.campaign, EventKind::Edited),
    };
    event.write(&transaction, now).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Puts a list in the place of a draft's. In the transaction of the edit, so that a draft has
/// either list and never half of one.
async fn replace(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
    mut written: Written,
    list: &[PreparedRecipient],
) -> Result<(), DbErr> {
    Recipient::delete_many()
        .filter(recipient::Column::EmailJobId.eq(campaign))
        .exec(connection)
        .await?;
    Slice::delete_many()
        .filter(slice::Column::EmailJobId.eq(campaign))
        .exec(connection)
        .await?;
    written.add_within(connection, campaign, list).await?;
    let slices = written.write_slices(connection, campaign, 0).await?;
    store::write_size(connection, campaign, written.count(), slices).await
}

/// Stores a draft with the message and the list of another campaign, as if nobody had been
/// written to yet.
pub(super) async fn duplicate(
    database: &Database,
    clock: &dyn Clock,
    original: email_job::Model,
) -> Result<CampaignId, DbErr> {
    let id = CampaignId(ids::reserve(database, Kind::Campaign, 1).await?);
    let from = original.id;
    let name = name_of_copy(&original.name);
    repeated(async || {
        let now = clock.now();
        let transaction = database.begin().await?;
        let row = email_job::ActiveModel {
            id: Set(id),
            name: Set(name.clone()),
            status: Set(CampaignStatus::Draft),
            created_at: Set(now),
            touched_at: Set(now),
            ..store::fresh(original.clone().into_active_model())
        };
        EmailJob::insert(row)
            .exec_without_returning(&transaction)
            .await?;
        transaction.commit().await
    })
    .await?;
    let to = Place {
        campaign: id,
        token: None,
    };
    let slices = Slice::find()
        .filter(slice::Column::EmailJobId.eq(from))
        .order_by(slice::Column::No, Order::Asc)
        .all(database.reader())
        .await?;
    let mut copied = 0;
    for found in &slices {
        let room = usize::try_from(found.last_no - found.first_no + 1).unwrap_or(0);
        let first_id = ids::reserve(database, Kind::Recipient, room).await?;
        copied += repeated(|| copy_slice(database, clock.now(), found, &to, first_id)).await?;
    }
    let size = (copied, i64::try_from(slices.len()).unwrap_or(i64::MAX));
    repeated(async || {
        let now = clock.now();
        let transaction = database.begin().await?;
        to.touch(&transaction, now).await?;
        store::seal_of(&transaction, id, size, Plan::Draft, now).await?;
        transaction.commit().await
    })
    .await?;
    Ok(id)
}

/// What the copy of a campaign is called: nothing, where that has no name yet.
fn name_of_copy(original: &str) -> String {
    if original.is_empty() {
        return String::new();
    }
    format!("Copy of {original}").chars().take(200).collect()
}

/// Copies a slice and its recipients, and returns how many these are.
async fn copy_slice(
    database: &Database,
    now: Timestamp,
    found: &slice::Model,
    to: &Place,
    first_id: i64,
) -> Result<u64, DbErr> {
    use recipient::Column::{Email, EmailJobId, EmailKey, Id, No, Status, Vars};
    let transaction = database.begin().await?;
    to.touch(&transaction, now).await?;
    let shift = first_id - found.first_no;
    let rows = Query::select()
        .expr(Expr::col(No).add(shift))
        .expr(Expr::value(to.campaign))
        .columns([No, Email, EmailKey, Vars])
        .expr(Expr::value(domain::recipient::RecipientStatus::Pending))
        .from(Recipient)
        .and_where(EmailJobId.eq(found.email_job_id))
        .and_where(No.between(found.first_no, found.last_no))
        .to_owned();
    let mut copy = Query::insert();
    copy.into_table(Recipient)
        .columns([Id, EmailJobId, No, Email, EmailKey, Vars, Status])
        .select_from(rows)
        .map_err(|error| DbErr::Custom(error.to_string()))?;
    let copied = transaction.execute(&copy).await?.rows_affected();
    let row = slice::ActiveModel {
        email_job_id: Set(to.campaign),
        no: Set(found.no),
        first_no: Set(found.first_no),
        last_no: Set(found.last_no),
        state: Set(SliceState::Ready),
        ..Default::default()
    };
    Slice::insert(row)
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(copied)
}
