//! What the use-cases of campaigns ask the database.

use domain::{
    CampaignId, Timestamp,
    campaign::{CampaignList, CampaignStatus},
    recipient::RecipientStatus,
};
use entity::{
    email_job,
    prelude::{EmailJob, Recipient, Slice},
    recipient, slice,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, DerivePartialModel, EntityTrait, ExprTrait,
    FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, Func, LikeExpr, Query},
};

/// A campaign without its bodies, which may be megabytes that no list shows.
#[derive(Clone, Debug, DerivePartialModel)]
#[sea_orm(entity = "EmailJob")]
pub(crate) struct CampaignRow {
    pub(crate) id: CampaignId,
    pub(crate) name: String,
    pub(crate) subject: String,
    pub(crate) from_name: Option<String>,
    pub(crate) from_email: String,
    pub(crate) reply_to: Option<String>,
    pub(crate) smtp_server: String,
    pub(crate) status: CampaignStatus,
    pub(crate) total_emails: i64,
    pub(crate) sent_emails: i64,
    pub(crate) failed_emails: i64,
    pub(crate) unknown_emails: i64,
    pub(crate) skipped_emails: i64,
    pub(crate) deferred_emails: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) scheduled_at: Option<Timestamp>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) waiting_code: Option<String>,
    pub(crate) waiting_detail: Option<String>,
    pub(crate) waiting_since: Option<Timestamp>,
    pub(crate) version: i64,
}

/// What a campaign's slices add up to.
#[derive(Clone, Copy, Debug, Default, FromQueryResult)]
pub(crate) struct SliceSums {
    pub(crate) email_job_id: Option<CampaignId>,
    pub(crate) sent: i64,
    pub(crate) failed: i64,
    pub(crate) unknown: i64,
    pub(crate) skipped: i64,
    pub(crate) deferred: i64,
    pub(crate) next_due_at: Option<Timestamp>,
}

impl SliceSums {
    /// Recipients that are no longer just PENDING.
    pub(crate) fn placed(&self) -> i64 {
        self.sent + self.failed + self.unknown + self.skipped + self.deferred
    }
}

/// How many campaigns are in a status.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub(crate) struct StatusCount {
    pub(crate) status: CampaignStatus,
    pub(crate) n: i64,
}

/// Failures that share their codes.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct ReasonRow {
    pub(crate) code: Option<i32>,
    pub(crate) enhanced_code: Option<String>,
    pub(crate) example: Option<String>,
    pub(crate) n: i64,
}

/// Sealed campaigns: one that is still being stored is nobody's business.
fn sealed() -> Select<EmailJob> {
    EmailJob::find().filter(email_job::Column::SealedAt.is_not_null())
}

pub(crate) async fn find(
    connection: &impl ConnectionTrait,
    id: CampaignId,
) -> Result<Option<CampaignRow>, DbErr> {
    sealed()
        .filter(email_job::Column::Id.eq(id))
        .into_partial_model::<CampaignRow>()
        .one(connection)
        .await
}

pub(crate) async fn find_whole(
    connection: &impl ConnectionTrait,
    id: CampaignId,
) -> Result<Option<email_job::Model>, DbErr> {
    sealed()
        .filter(email_job::Column::Id.eq(id))
        .one(connection)
        .await
}

/// One campaign by its idempotency key, sealed or not.
pub(crate) async fn find_by_key(
    connection: &impl ConnectionTrait,
    key: &str,
) -> Result<Option<email_job::Model>, DbErr> {
    EmailJob::find()
        .filter(email_job::Column::IdempotencyKey.eq(key))
        .one(connection)
        .await
}

/// One row more than `limit` of what is asked for, newest first.
pub(crate) async fn list(
    connection: &impl ConnectionTrait,
    request: &CampaignList,
    before: Option<CampaignId>,
    limit: u32,
) -> Result<Vec<CampaignRow>, DbErr> {
    let mut query = sealed();
    if let Some(status) = request.status {
        query = query.filter(email_job::Column::Status.eq(status));
    }
    if let Some(text) = request.q.as_deref().filter(|text| !text.trim().is_empty()) {
        query = query.filter(
            Condition::any()
                .add(contains(Expr::col(email_job::Column::Name), text))
                .add(contains(Expr::col(email_job::Column::Subject), text)),
        );
    }
    if let Some(before) = before {
        query = query.filter(email_job::Column::Id.lt(before));
    }
    query
        .order_by(email_job::Column::Id, Order::Desc)
        .limit(u64::from(limit) + 1)
        .into_partial_model::<CampaignRow>()
        .all(connection)
        .await
}

/// Campaigns in one of `statuses`, oldest first, at most 50.
pub(crate) async fn in_status(
    connection: &impl ConnectionTrait,
    statuses: &[CampaignStatus],
) -> Result<Vec<CampaignRow>, DbErr> {
    sealed()
        .filter(email_job::Column::Status.is_in(statuses.iter().copied()))
        .order_by(email_job::Column::Id, Order::Asc)
        .limit(50)
        .into_partial_model::<CampaignRow>()
        .all(connection)
        .await
}

/// Campaigns that are under way or have ended since `since`, at most 200 of each. Two queries,
/// since each has an index of its own and together they would have none.
pub(crate) async fn under_way_or_ended_since(
    connection: &impl ConnectionTrait,
    since: Timestamp,
) -> Result<Vec<CampaignRow>, DbErr> {
    let under_way = [
        CampaignStatus::Scheduled,
        CampaignStatus::Pending,
        CampaignStatus::Processing,
        CampaignStatus::Paused,
        CampaignStatus::Cancelling,
    ];
    let among = |condition: sea_orm::sea_query::SimpleExpr| {
        sealed()
            .filter(condition)
            .limit(200)
            .into_partial_model::<CampaignRow>()
    };
    let mut rows = among(email_job::Column::Status.is_in(under_way))
        .all(connection)
        .await?;
    let ended = among(email_job::Column::CompletedAt.gte(since))
        .all(connection)
        .await?;
    rows.extend(ended.into_iter().filter(|row| row.status.has_ended()));
    Ok(rows)
}

/// Ended campaigns that left unknown outcomes, newest first, at most 50.
pub(crate) async fn with_unknown(
    connection: &impl ConnectionTrait,
) -> Result<Vec<CampaignRow>, DbErr> {
    // In a query of its own: SQLite would rather walk through all campaigns, which are in order.
    let few = Query::select()
        .column(email_job::Column::Id)
        .from(EmailJob)
        .and_where(email_job::Column::UnknownEmails.gt(0))
        .take();
    sealed()
        .filter(email_job::Column::Id.in_subquery(few))
        .order_by(email_job::Column::Id, Order::Desc)
        .limit(50)
        .into_partial_model::<CampaignRow>()
        .all(connection)
        .await
}

pub(crate) async fn totals(connection: &impl ConnectionTrait) -> Result<Vec<StatusCount>, DbErr> {
    sealed()
        .select_only()
        .column(email_job::Column::Status)
        .column_as(email_job::Column::Id.count(), "n")
        .group_by(email_job::Column::Status)
        .into_model::<StatusCount>()
        .all(connection)
        .await
}

/// What the slices of each of `campaigns` add up to now.
pub(crate) async fn sums(
    connection: &impl ConnectionTrait,
    campaigns: impl IntoIterator<Item = CampaignId>,
) -> Result<Vec<SliceSums>, DbErr> {
    slice_sums(campaigns)
        .into_model::<SliceSums>()
        .all(connection)
        .await
}

/// A row of [`SliceSums`] for each of `campaigns`, for adding columns to.
pub(crate) fn slice_sums(campaigns: impl IntoIterator<Item = CampaignId>) -> Select<Slice> {
    Slice::find()
        .select_only()
        .column(slice::Column::EmailJobId)
        .expr_as(sum(slice::Column::Sent), "sent")
        .expr_as(sum(slice::Column::Failed), "failed")
        .expr_as(sum(slice::Column::Unknown), "unknown")
        .expr_as(sum(slice::Column::Skipped), "skipped")
        .expr_as(sum(slice::Column::Deferred), "deferred")
        .column_as(slice::Column::NextDueAt.min(), "next_due_at")
        .filter(slice::Column::EmailJobId.is_in(campaigns))
        .group_by(slice::Column::EmailJobId)
}

/// MySQL's SUM is a DECIMAL; the cast makes it a whole number on every database.
fn sum(column: slice::Column) -> Expr {
    Expr::col(column).sum().cast_as("SIGNED")
}

/// The first recipients that are in one of these troubles, in the list's order. A query for each:
/// for several at once SQLite would rather walk through the whole campaign.
pub(crate) async fn in_trouble(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
    troubles: impl IntoIterator<Item = RecipientStatus>,
    limit: usize,
) -> Result<Vec<recipient::Model>, DbErr> {
    let mut rows = Vec::new();
    for status in troubles {
        let found = Recipient::find()
            .filter(recipient::Column::EmailJobId.eq(campaign))
            .filter(recipient::Column::Trouble.eq(status))
            .order_by(recipient::Column::No, Order::Asc)
            .limit(limit as u64)
            .all(connection)
            .await?;
        rows.extend(found);
    }
    rows.sort_by_key(|row| row.no);
    rows.truncate(limit);
    Ok(rows)
}

/// The failures of a campaign by code, the commonest first, at most 20 kinds.
pub(crate) async fn reasons(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<Vec<ReasonRow>, DbErr> {
    Recipient::find()
        .select_only()
        .column(recipient::Column::Code)
        .column(recipient::Column::EnhancedCode)
        .column_as(recipient::Column::Error.min(), "example")
        .column_as(recipient::Column::Id.count(), "n")
        .filter(recipient::Column::EmailJobId.eq(campaign))
        .filter(recipient::Column::Trouble.eq(RecipientStatus::Failed))
        .group_by(recipient::Column::Code)
        .group_by(recipient::Column::EnhancedCode)
        .order_by(Expr::col("n"), Order::Desc)
        .limit(20)
        .into_model::<ReasonRow>()
        .all(connection)
        .await
}

/// Whether a campaign is there and sealed.
pub(crate) async fn exists(
    connection: &impl ConnectionTrait,
    id: CampaignId,
) -> Result<bool, DbErr> {
    let found: Option<CampaignId> = sealed()
        .filter(email_job::Column::Id.eq(id))
        .select_only()
        .column(email_job::Column::Id)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(found.is_some())
}

/// Upper and lower case alike, whatever the database thinks of its collation; `%` and `_` in
/// the text mean themselves.
pub(super) fn contains(column: Expr, text: &str) -> Expr {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.trim().to_lowercase().chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    Expr::expr(Func::lower(column)).like(LikeExpr::new(pattern).escape('!'))
}
