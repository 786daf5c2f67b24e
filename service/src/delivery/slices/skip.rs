//! Skipping what is left of a cancelled campaign.

use domain::{Timestamp, campaign::CampaignStatus, recipient::RecipientStatus};
use entity::{
    prelude::{Recipient, Slice},
    recipient,
    slice::{self, SliceState},
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};

use super::{of, release, within};
use crate::{
    database::{Database, repeated},
    failpoints::failpoint,
    queue::SendSlice,
};

/// Why a recipient of a cancelled campaign is SKIPPED.
const CANCELLED: &str = "CANCELLED";

/// Closes a slice nobody holds: whoever is PENDING or DEFERRED in it is SKIPPED, without waiting
/// for a time. The last one ends the campaign, whose status is returned then. Does nothing to a
/// slice that somebody holds, or that is closed already.
pub(in super::super) async fn skip(
    database: &Database,
    job: SendSlice,
    now: Timestamp,
) -> Result<Option<CampaignStatus>, DbErr> {
    repeated(|| skip_once(database, job, now)).await
}

async fn skip_once(
    database: &Database,
    job: SendSlice,
    now: Timestamp,
) -> Result<Option<CampaignStatus>, DbErr> {
    let transaction = database.begin().await?;
    let closed = Slice::update_many()
        .col_expr(slice::Column::State, Expr::value(SliceState::Closed))
        .col_expr(slice::Column::NextDueAt, Expr::value(None::<Timestamp>))
        .col_expr(slice::Column::RungAt, Expr::value(None::<Timestamp>))
        .col_expr(slice::Column::Epoch, Expr::col(slice::Column::Epoch).add(1))
        .filter(of(job))
        .filter(slice::Column::State.is_in([SliceState::Ready, SliceState::Waiting]))
        .exec(&transaction)
        .await?;
    if closed.rows_affected == 0 {
        return Ok(None);
    }
    let key = (job.campaign, job.slice);
    let Some(found) = Slice::find_by_id(key).one(&transaction).await? else {
        return Ok(None);
    };
    let skipped = |from| {
        Recipient::update_many()
            .col_expr(
                recipient::Column::Status,
                Expr::value(RecipientStatus::Skipped),
            )
            .col_expr(
                recipient::Column::Trouble,
                Expr::value(Some(RecipientStatus::Skipped)),
            )
            .col_expr(recipient::Column::SkipReason, Expr::value(CANCELLED))
            .col_expr(
                recipient::Column::NextAttemptAt,
                Expr::value(None::<Timestamp>),
            )
            .col_expr(recipient::Column::FinishedAt, Expr::value(now))
            .filter(within(job, &found))
            .filter(recipient::Column::Status.eq(from))
            .exec(&transaction)
    };
    let pending = skipped(RecipientStatus::Pending).await?.rows_affected;
    let deferred = skipped(RecipientStatus::Deferred).await?.rows_affected;
    let signed = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
    Slice::update_many()
        .col_expr(
            slice::Column::Skipped,
            Expr::col(slice::Column::Skipped).add(signed(pending + deferred)),
        )
        .col_expr(
            slice::Column::Deferred,
            Expr::col(slice::Column::Deferred).sub(signed(deferred)),
        )
        .filter(of(job))
        .exec(&transaction)
        .await?;
    let ended = release::close(&transaction, job, now).await?;
    transaction.commit().await?;
    failpoint!("slice::skipped");
    Ok(match ended {
        release::Released::Ended(status) => Some(status),
        _ => None,
    })
}
