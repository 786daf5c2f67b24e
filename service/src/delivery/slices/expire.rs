//! Taking a slice from an owner that fell silent.

use domain::{CampaignId, Timestamp, campaign::EventKind};
use entity::{
    prelude::Slice,
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::Expr,
};

use super::{leave, of};
use crate::{
    campaigns::{self, timeline::Event},
    config::Uncertain,
    database::Database,
    delivery::campaign,
    failpoints::failpoint,
    queue::SendSlice,
};

/// A slice that was taken over so often is what silences its workers.
const MOST_TAKEOVERS: i32 = 5;

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
    uncertain: Uncertain,
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
    let unknown = leave(&transaction, held.job, &found, uncertain, now).await?;
    if unknown > 0 {
        let taken_over = Event::of(held.job.campaign, EventKind::TakenOver).amount(unknown);
        taken_over.write(&transaction, now).await?;
    }
    if found.takeovers >= MOST_TAKEOVERS {
        set_aside(&transaction, held, now).await?;
    }
    failpoint!("slice::expiring");
    transaction.commit().await?;
    failpoint!("slice::expired");
    Ok(Some(unknown))
}

/// The campaign stands still until somebody lets it go on: taken up again and again by itself, its
/// slice would silence one worker after the other.
async fn set_aside(
    connection: &impl ConnectionTrait,
    held: &Held,
    now: Timestamp,
) -> Result<(), DbErr> {
    let words = format!(
        "slice {} was taken over from {MOST_TAKEOVERS} workers that fell silent; look into their \
         logs, then resume",
        held.job.slice
    );
    campaign::pause(
        connection,
        held.job.campaign,
        campaigns::view::waiting::SET_ASIDE,
        &words,
        now,
    )
    .await
    .map(drop)
}
