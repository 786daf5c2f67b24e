//! Slices between the database and this process: claimed, renewed, let go.

use domain::{CampaignId, Timestamp, campaign::CampaignStatus, recipient::RecipientStatus};
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
use crate::{
    database::{Database, repeated},
    queue::SendSlice,
};

/// Why a recipient whose process stopped is UNKNOWN, for people.
const STOPPED: &str = "the worker stopped while this message was being handed over, \
                       before a reply was stored";

/// A slice that is now this owner's.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) epoch: i64,
    pub(super) rows: Vec<Claimed>,
    pub(super) campaign: email_job::Model,
}

/// Claims a slice for `owner`, if it is there to be had, and returns whoever is due in it. Of
/// two that claim at once, one gets it.
pub(super) async fn claim(
    database: &Database,
    owner: &str,
    job: SendSlice,
    now: Timestamp,
) -> Result<Option<Claim>, DbErr> {
    repeated(|| claim_once(database, owner, job, now)).await
}

async fn claim_once(
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
    if !to_be_had(&found, now) {
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
    let claimed = Slice::update_many()
        .col_expr(slice::Column::State, Expr::value(SliceState::Leased))
        .col_expr(slice::Column::Owner, Expr::value(owner))
        .col_expr(slice::Column::Epoch, Expr::value(found.epoch + 1))
        .col_expr(slice::Column::NextDueAt, Expr::value(None::<Timestamp>))
        .col_expr(slice::Column::RungAt, Expr::value(None::<Timestamp>))
        .filter(of(job))
        .filter(slice::Column::State.eq(found.state))
        .filter(slice::Column::Epoch.eq(found.epoch))
        .exec(&transaction)
        .await?;
    if claimed.rows_affected == 0 {
        return Ok(None);
    }
    if campaign.status == CampaignStatus::Pending {
        begin_campaign(&transaction, job, now).await?;
    }
    let rows = due(&transaction, job, &found, now).await?;
    transaction.commit().await?;
    Ok(Some(Claim {
        epoch: found.epoch + 1,
        rows,
        campaign,
    }))
}

fn to_be_had(found: &slice::Model, now: Timestamp) -> bool {
    match found.state {
        SliceState::Ready => true,
        SliceState::Waiting => found.next_due_at.is_none_or(|due| due <= now),
        SliceState::Leased | SliceState::Closed => false,
    }
}

/// A slice somebody holds, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) job: SendSlice,
    pub(super) owner: Option<String>,
    pub(super) epoch: i64,
    pub(super) renewal: i64,
}

/// Every slice that is held now, whoever holds it.
pub(super) async fn held_by_anybody(connection: &impl ConnectionTrait) -> Result<Vec<Held>, DbErr> {
    let rows: Vec<(CampaignId, i64, Option<String>, i64, i64)> = Slice::find()
        .select_only()
        .columns([
            slice::Column::EmailJobId,
            slice::Column::No,
            slice::Column::Owner,
            slice::Column::Epoch,
            slice::Column::Renewal,
        ])
        .filter(slice::Column::State.eq(SliceState::Leased))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(campaign, slice, owner, epoch, renewal)| Held {
            job: SendSlice { campaign, slice },
            owner,
            epoch,
            renewal,
        })
        .collect())
}

/// Ends a lease that was seen to lapse: whoever was left in SENDING becomes UNKNOWN, the epoch
/// rises, so that the earlier owner starts nothing more, and the slice is READY. Returns how
/// many became UNKNOWN; none when the owner renewed or somebody else was faster.
///
/// Tried once: a row that its frozen owner still locks is tried at the next look.
pub(super) async fn expire(
    database: &Database,
    held: &Held,
    now: Timestamp,
) -> Result<Option<u64>, DbErr> {
    let transaction = database.begin().await?;
    let expired = Slice::update_many()
        .col_expr(slice::Column::State, Expr::value(SliceState::Ready))
        .col_expr(slice::Column::Owner, Expr::value(None::<String>))
        .col_expr(slice::Column::Epoch, Expr::value(held.epoch + 1))
        .col_expr(slice::Column::RungAt, Expr::value(None::<Timestamp>))
        .col_expr(
            slice::Column::Takeovers,
            Expr::col(slice::Column::Takeovers).add(1),
        )
        .filter(of(held.job))
        .filter(slice::Column::State.eq(SliceState::Leased))
        .filter(slice::Column::Epoch.eq(held.epoch))
        .filter(slice::Column::Renewal.eq(held.renewal))
        .exec(&transaction)
        .await?;
    if expired.rows_affected == 0 {
        return Ok(None);
    }
    let key = (held.job.campaign, held.job.slice);
    let Some(found) = Slice::find_by_id(key).one(&transaction).await? else {
        return Ok(None);
    };
    let unknown = leave_unknown(&transaction, held.job, &found, now).await?;
    transaction.commit().await?;
    Ok(Some(unknown))
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
    repeated(|| renew_once(database, owner, job, epoch)).await
}

async fn renew_once(
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

/// Lets a slice go that nobody is under way of, in the state its rows are in, checked in the
/// same transaction. Its counters are set to what the rows say, and the last slice ends the
/// campaign.
pub(super) async fn release(
    database: &Database,
    owner: &str,
    job: SendSlice,
    epoch: i64,
    now: Timestamp,
) -> Result<Released, DbErr> {
    repeated(|| release_once(database, owner, job, epoch, now)).await
}

async fn release_once(
    database: &Database,
    owner: &str,
    job: SendSlice,
    epoch: i64,
    now: Timestamp,
) -> Result<Released, DbErr> {
    let transaction = database.begin().await?;
    // Before its rows are counted: late evidence moves rows and counters in one transaction, and
    // this one must see both or neither.
    if !hold(&transaction, owner, job, epoch).await? {
        return Ok(Released::Lost);
    }
    let key = (job.campaign, job.slice);
    let Some(found) = Slice::find_by_id(key).one(&transaction).await? else {
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

/// Whether a slice is held by `owner` under `epoch`. An update, though it changes nothing,
/// because it holds the row until the transaction's end.
pub(super) async fn hold(
    connection: &impl ConnectionTrait,
    owner: &str,
    job: SendSlice,
    epoch: i64,
) -> Result<bool, DbErr> {
    let held = Slice::update_many()
        .col_expr(slice::Column::Epoch, Expr::col(slice::Column::Epoch))
        .filter(held(job, owner, epoch))
        .exec(connection)
        .await?;
    Ok(held.rows_affected > 0)
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
