//! Slices between the database and this process: claimed, renewed, let go.

use domain::{Timestamp, campaign::CampaignStatus, recipient::RecipientStatus};
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Recipient, Slice},
    recipient,
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult, Order,
    QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use super::{rollup, work::Claimed};
use crate::{database::Database, queue::SendSlice};

/// Why a recipient whose process stopped is UNKNOWN, for people.
const STOPPED: &str = "the worker stopped while this message was being handed over, \
                       before a reply was stored";

/// A slice that is now this owner's.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) epoch: i64,
    pub(super) rows: Vec<Claimed>,
    pub(super) campaign: email_job::Model,
    /// Recipients an earlier owner left in the middle: UNKNOWN now.
    pub(super) left_unknown: u64,
}

/// Claims a slice for `owner`, if it is there to be had: whoever the earlier owner left in
/// SENDING becomes UNKNOWN, and whoever is due is returned.
pub(super) async fn claim(
    database: &Database,
    owner: &str,
    job: SendSlice,
    now: Timestamp,
) -> Result<Option<Claim>, DbErr> {
    let transaction = database.begin().await?;
    let key = (job.campaign, job.slice);
    let Some(found) = Slice::find_by_id(key).one(&transaction).await? else {
        return Ok(None);
    };
    if !to_be_had(&found, owner, now) {
        return Ok(None);
    }
    let Some(campaign) = EmailJob::find_by_id(job.campaign).one(&transaction).await? else {
        return Ok(None);
    };
    let runs = campaign.sealed_at.is_some()
        && campaign.desired_state == DesiredState::Run
        && campaign.status.is_running();
    if !runs {
        return Ok(None);
    }
    let taken_over = found.state == SliceState::Leased;
    let claimed = Slice::update_many()
        .col_expr(slice::Column::State, Expr::value(SliceState::Leased))
        .col_expr(slice::Column::Owner, Expr::value(owner))
        .col_expr(slice::Column::Epoch, Expr::value(found.epoch + 1))
        .col_expr(slice::Column::NextDueAt, Expr::value(None::<Timestamp>))
        .col_expr(
            slice::Column::Takeovers,
            Expr::value(found.takeovers + i32::from(taken_over)),
        )
        .filter(of(job))
        .filter(slice::Column::State.eq(found.state))
        .filter(slice::Column::Epoch.eq(found.epoch))
        .filter(slice::Column::Renewal.eq(found.renewal))
        .exec(&transaction)
        .await?;
    if claimed.rows_affected == 0 {
        return Ok(None);
    }
    let left_unknown = leave_unknown(&transaction, job, &found, now).await?;
    if campaign.status == CampaignStatus::Pending {
        begin_campaign(&transaction, job, now).await?;
    }
    let rows = due(&transaction, job, &found, now).await?;
    transaction.commit().await?;
    Ok(Some(Claim {
        epoch: found.epoch + 1,
        rows,
        campaign,
        left_unknown,
    }))
}

/// What another owner holds may be taken at once: the lock beside the database proves that no
/// other process is alive.
fn to_be_had(found: &slice::Model, owner: &str, now: Timestamp) -> bool {
    match found.state {
        SliceState::Ready => true,
        SliceState::Waiting => found.next_due_at.is_none_or(|due| due <= now),
        SliceState::Leased => found.owner.as_deref() != Some(owner),
        SliceState::Closed => false,
    }
}

async fn leave_unknown(
    connection: &impl ConnectionTrait,
    job: SendSlice,
    found: &slice::Model,
    now: Timestamp,
) -> Result<u64, DbErr> {
    let left = Recipient::update_many()
        .col_expr(
            recipient::Column::Status,
            Expr::value(RecipientStatus::Unknown),
        )
        .col_expr(
            recipient::Column::Trouble,
            Expr::value(Some(RecipientStatus::Unknown)),
        )
        .col_expr(
            recipient::Column::AttemptsCounted,
            Expr::col(recipient::Column::AttemptsCounted).add(1),
        )
        .col_expr(recipient::Column::Code, Expr::value(None::<i32>))
        .col_expr(recipient::Column::EnhancedCode, Expr::value(None::<String>))
        .col_expr(recipient::Column::Error, Expr::value(STOPPED))
        .col_expr(recipient::Column::FinishedAt, Expr::value(now))
        .filter(within(job, found))
        .filter(recipient::Column::Status.eq(RecipientStatus::Sending))
        .exec(connection)
        .await?
        .rows_affected;
    if left > 0 {
        Slice::update_many()
            .col_expr(
                slice::Column::Unknown,
                Expr::col(slice::Column::Unknown).add(i64::try_from(left).unwrap_or(i64::MAX)),
            )
            .filter(of(job))
            .exec(connection)
            .await?;
    }
    Ok(left)
}

async fn begin_campaign(
    connection: &impl ConnectionTrait,
    job: SendSlice,
    now: Timestamp,
) -> Result<(), DbErr> {
    EmailJob::update_many()
        .col_expr(
            email_job::Column::Status,
            Expr::value(CampaignStatus::Processing),
        )
        .col_expr(email_job::Column::StartedAt, Expr::value(now))
        .filter(email_job::Column::Id.eq(job.campaign))
        .filter(email_job::Column::Status.eq(CampaignStatus::Pending))
        .exec(connection)
        .await
        .map(drop)
}

async fn due(
    connection: &impl ConnectionTrait,
    job: SendSlice,
    found: &slice::Model,
    now: Timestamp,
) -> Result<Vec<Claimed>, DbErr> {
    let due = Condition::any()
        .add(recipient::Column::Status.eq(RecipientStatus::Pending))
        .add(
            Condition::all()
                .add(recipient::Column::Status.eq(RecipientStatus::Deferred))
                .add(recipient::Column::NextAttemptAt.lte(now)),
        );
    let rows = Recipient::find()
        .filter(within(job, found))
        .filter(due)
        .order_by(recipient::Column::No, Order::Asc)
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Claimed {
            id: row.id,
            email: row.email,
            status: row.status,
            attempt: row.attempt,
            attempts_counted: row.attempts_counted,
            disturbances: row.disturbances,
        })
        .collect())
}

/// Says that the owner is alive and at it; false when the slice is no longer its own.
pub(super) async fn renew(
    database: &Database,
    owner: &str,
    job: SendSlice,
    epoch: i64,
) -> Result<bool, DbErr> {
    let transaction = database.begin().await?;
    let renewed = Slice::update_many()
        .col_expr(
            slice::Column::Renewal,
            Expr::col(slice::Column::Renewal).add(1),
        )
        .filter(held(job, owner, epoch))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(renewed.rows_affected > 0)
}

/// What letting a slice go came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Released {
    /// Somebody in it is still to be written to.
    Ready,
    /// Everybody left in it is deferred.
    Waiting,
    /// Everybody in it has ended.
    Closed,
    /// Everybody in it has ended, and with it the campaign.
    Ended(CampaignStatus),
    /// It was no longer this owner's.
    Lost,
}

#[derive(Debug, FromQueryResult)]
struct Standing {
    status: RecipientStatus,
    n: i64,
    next: Option<Timestamp>,
}

/// Lets a slice go that nobody is under way of, in the state its rows are in, checked in the same transaction. Its counters
/// are set to what the rows say, and the last slice ends the campaign.
pub(super) async fn release(
    database: &Database,
    owner: &str,
    job: SendSlice,
    epoch: i64,
    now: Timestamp,
) -> Result<Released, DbErr> {
    let transaction = database.begin().await?;
    let Some(found) = Slice::find_by_id((job.campaign, job.slice))
        .filter(held(job, owner, epoch))
        .one(&transaction)
        .await?
    else {
        return Ok(Released::Lost);
    };
    // Nobody of this slice is under way any more: whoever is still SENDING was cut off.
    leave_unknown(&transaction, job, &found, now).await?;
    let standing = Recipient::find()
        .select_only()
        .column(recipient::Column::Status)
        .column_as(recipient::Column::Id.count(), "n")
        .column_as(recipient::Column::NextAttemptAt.min(), "next")
        .filter(within(job, &found))
        .group_by(recipient::Column::Status)
        .into_model::<Standing>()
        .all(&transaction)
        .await?;
    let of = |status| {
        standing
            .iter()
            .filter(|s| s.status == status)
            .map(|s| s.n)
            .sum::<i64>()
    };
    let state = if of(RecipientStatus::Pending) > 0 {
        SliceState::Ready
    } else if of(RecipientStatus::Deferred) > 0 {
        SliceState::Waiting
    } else {
        SliceState::Closed
    };
    let next_due_at = standing
        .iter()
        .filter(|s| s.status == RecipientStatus::Deferred)
        .find_map(|s| s.next);
    Slice::update_many()
        .col_expr(slice::Column::State, Expr::value(state))
        .col_expr(slice::Column::Owner, Expr::value(None::<String>))
        .col_expr(slice::Column::NextDueAt, Expr::value(next_due_at))
        .col_expr(slice::Column::RungAt, Expr::value(None::<Timestamp>))
        .col_expr(slice::Column::Sent, Expr::value(of(RecipientStatus::Sent)))
        .col_expr(
            slice::Column::Failed,
            Expr::value(of(RecipientStatus::Failed)),
        )
        .col_expr(
            slice::Column::Unknown,
            Expr::value(of(RecipientStatus::Unknown)),
        )
        .col_expr(
            slice::Column::Skipped,
            Expr::value(of(RecipientStatus::Skipped)),
        )
        .col_expr(
            slice::Column::Deferred,
            Expr::value(of(RecipientStatus::Deferred)),
        )
        .filter(held(job, owner, epoch))
        .exec(&transaction)
        .await?;
    let released = match state {
        SliceState::Ready | SliceState::Leased => Released::Ready,
        SliceState::Waiting => Released::Waiting,
        SliceState::Closed => close(&transaction, job, now).await?,
    };
    transaction.commit().await?;
    Ok(released)
}

/// One slice fewer is open; the last one ends the campaign.
async fn close(
    connection: &impl ConnectionTrait,
    job: SendSlice,
    now: Timestamp,
) -> Result<Released, DbErr> {
    EmailJob::update_many()
        .col_expr(
            email_job::Column::OpenSlices,
            Expr::col(email_job::Column::OpenSlices).sub(1),
        )
        .filter(email_job::Column::Id.eq(job.campaign))
        .exec(connection)
        .await?;
    let open: Option<i64> = EmailJob::find_by_id(job.campaign)
        .select_only()
        .column(email_job::Column::OpenSlices)
        .into_tuple()
        .one(connection)
        .await?;
    if open == Some(0) {
        return Ok(Released::Ended(
            rollup::end_campaign(connection, job.campaign, now).await?,
        ));
    }
    Ok(Released::Closed)
}

fn of(job: SendSlice) -> Condition {
    Condition::all()
        .add(slice::Column::EmailJobId.eq(job.campaign))
        .add(slice::Column::No.eq(job.slice))
}

fn held(job: SendSlice, owner: &str, epoch: i64) -> Condition {
    of(job)
        .add(slice::Column::State.eq(SliceState::Leased))
        .add(slice::Column::Owner.eq(owner))
        .add(slice::Column::Epoch.eq(epoch))
}

fn within(job: SendSlice, found: &slice::Model) -> Condition {
    Condition::all()
        .add(recipient::Column::EmailJobId.eq(job.campaign))
        .add(recipient::Column::No.between(found.first_no, found.last_no))
}
