//! Letting a slice go.

use domain::{Timestamp, campaign::CampaignStatus, recipient::RecipientStatus};
use entity::{
    email_job,
    prelude::{EmailJob, Recipient, Slice},
    recipient,
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult, QueryFilter,
    QuerySelect, sea_query::Expr,
};

use super::{held, hold, leave, within};
use crate::{
    config::Uncertain,
    database::{Database, repeated},
    delivery::rollup,
    failpoints::failpoint,
    queue::SendSlice,
};

/// What letting a slice go came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Released {
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
pub(in super::super) async fn release(
    database: &Database,
    owner: &str,
    job: SendSlice,
    epoch: i64,
    uncertain: Uncertain,
    now: Timestamp,
) -> Result<Released, DbErr> {
    repeated(|| release_once(database, owner, job, epoch, uncertain, now)).await
}

async fn release_once(
    database: &Database,
    owner: &str,
    job: SendSlice,
    epoch: i64,
    uncertain: Uncertain,
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
    leave(&transaction, job, &found, uncertain, now).await?;
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
    failpoint!("slice::releasing");
    transaction.commit().await?;
    failpoint!("slice::released");
    Ok(released)
}

/// One slice fewer is open; the last one ends the campaign.
pub(super) async fn close(
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
