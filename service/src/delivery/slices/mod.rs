//! Slices between the database and this process: claimed, renewed, let go, taken over. Each is one
//! transaction, repeated whole where the database asks for it.

mod again;
mod claim;
mod expire;
mod release;
mod skip;

use domain::{Timestamp, recipient::RecipientStatus};
use entity::{
    prelude::{Recipient, Slice},
    recipient,
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    sea_query::Expr,
};

pub(crate) use self::again::{reopen, to_pending};
pub(super) use self::{
    claim::claim,
    expire::{Held, expire, held_by_anybody},
    release::{Released, release},
    skip::skip,
};
use crate::{
    config::Uncertain,
    database::{Database, repeated},
    queue::SendSlice,
};

/// Why a recipient whose process stopped is UNKNOWN, for people.
const STOPPED: &str = "the worker stopped while this message was being handed over, \
                       before a reply was stored";

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

/// Settles whoever was left in SENDING: UNKNOWN, or PENDING where uncertain messages are sent again.
async fn leave(
    connection: &impl ConnectionTrait,
    job: SendSlice,
    found: &slice::Model,
    uncertain: Uncertain,
    now: Timestamp,
) -> Result<u64, DbErr> {
    match uncertain {
        Uncertain::Hold => leave_unknown(connection, job, found, now).await,
        Uncertain::Resend => leave_pending(connection, job, found).await.map(|()| 0),
    }
}

async fn leave_pending(
    connection: &impl ConnectionTrait,
    job: SendSlice,
    found: &slice::Model,
) -> Result<(), DbErr> {
    Recipient::update_many()
        .col_expr(
            recipient::Column::Status,
            Expr::value(RecipientStatus::Pending),
        )
        .col_expr(
            recipient::Column::AttemptsCounted,
            Expr::col(recipient::Column::AttemptsCounted).add(1),
        )
        .filter(within(job, found))
        .filter(recipient::Column::Status.eq(RecipientStatus::Sending))
        .exec(connection)
        .await
        .map(drop)
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
