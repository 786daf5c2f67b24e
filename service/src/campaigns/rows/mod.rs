//! Rows of recipients: written batch by batch beyond what a campaign's slices cover, so that nobody
//! sees them, and taken away again in small steps.
//!
//! | module | holds |
//! |---|---|
//! | `place` | the fence: which campaign is added to, and whether it still is |
//! | `adding` | all batches of a list, some of them side by side |
//! | `written` | one batch, and what was written so far: in the end, slices |
//! | `insert` | the statement |

mod adding;
mod insert;
mod place;
mod written;

use domain::CampaignId;
use entity::{
    prelude::{Recipient, Slice},
    recipient, slice,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder,
    QuerySelect,
};

pub(super) use self::{adding::add_all, place::Place, written::Written};
use crate::{
    clock::Clock,
    database::{Database, repeated},
};

/// Recipients in a slice, and in a statement, at most.
pub(crate) const SLICE_SIZE: usize = 1_000;
/// Rows that are taken away in one transaction.
const CLEARED_AT_ONCE: u64 = 5_000;

/// The numbers that come next in a campaign: of a slice, and of a recipient.
pub(super) async fn next_numbers(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<(i64, i64), DbErr> {
    let last: Option<(i64, i64)> = Slice::find()
        .select_only()
        .columns([slice::Column::No, slice::Column::LastNo])
        .filter(slice::Column::EmailJobId.eq(campaign))
        .order_by(slice::Column::No, Order::Desc)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(last.map_or((0, 0), |(no, last)| (no + 1, last + 1)))
}

/// Takes a campaign's recipients away from this number on, in small steps: a million rows in one
/// transaction would hold everybody else up. Each is fenced by `hold`.
pub(super) async fn clear(
    database: &Database,
    campaign: CampaignId,
    from: i64,
    hold: Option<(&Place, &dyn Clock)>,
) -> Result<(), DbErr> {
    let beyond = || {
        Condition::all()
            .add(recipient::Column::EmailJobId.eq(campaign))
            .add(recipient::Column::No.gte(from))
    };
    loop {
        let last: Option<i64> = Recipient::find()
            .select_only()
            .column(recipient::Column::No)
            .filter(beyond())
            .order_by(recipient::Column::No, Order::Asc)
            .offset(CLEARED_AT_ONCE - 1)
            .limit(1)
            .into_tuple()
            .one(database.reader())
            .await?;
        repeated(async || {
            let transaction = database.begin().await?;
            let mut these = beyond();
            if let Some(last) = last {
                these = these.add(recipient::Column::No.lte(last));
            }
            Recipient::delete_many()
                .filter(these)
                .exec(&transaction)
                .await?;
            // Last, as whoever adds does it: in another order these two could wait for each other.
            if let Some((place, clock)) = hold {
                place.touch(&transaction, clock.now()).await?;
            }
            transaction.commit().await
        })
        .await?;
        if last.is_none() {
            return Ok(());
        }
    }
}
