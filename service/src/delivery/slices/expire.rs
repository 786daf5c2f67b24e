//! Taking a slice from an owner that fell silent.

use domain::{CampaignId, Timestamp};
use entity::{
    prelude::Slice,
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::Expr,
};

use super::{leave_unknown, of};
use crate::{database::Database, queue::SendSlice};

/// A slice somebody holds, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Held {
    pub(in super::super) job: SendSlice,
    pub(in super::super) owner: Option<String>,
    pub(in super::super) epoch: i64,
    pub(in super::super) renewal: i64,
}

/// Every slice that is held now, whoever holds it.
pub(in super::super) async fn held_by_anybody(
    connection: &impl ConnectionTrait,
) -> Result<Vec<Held>, DbErr> {
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
pub(in super::super) async fn expire(
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
