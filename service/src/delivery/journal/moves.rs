//! How the counters of slices move. They move by the rows that were really changed, never by
//! the number that was asked for, so that a repeated transaction counts nothing twice.

use std::collections::BTreeMap;

use domain::CampaignId;
use entity::{prelude::Slice, slice};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr,
};

use crate::queue::SendSlice;

/// By how much one slice's counters move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) sent: i64,
    pub(super) failed: i64,
    pub(super) unknown: i64,
    pub(super) deferred: i64,
}

/// The moves of one transaction, by campaign and slice: always in the same order, so that two
/// transactions never wait for each other in a circle.
#[derive(Debug, Default)]
pub(super) struct Moves(BTreeMap<(CampaignId, i64), Move>);

impl Moves {
    pub(super) fn of(&mut self, slice: SendSlice) -> &mut Move {
        self.0.entry((slice.campaign, slice.slice)).or_default()
    }

    pub(super) async fn write(self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        for ((campaign, no), by) in self.0 {
            if by == Move::default() {
                continue;
            }
            let mut update = Slice::update_many();
            for (column, amount) in [
                (slice::Column::Sent, by.sent),
                (slice::Column::Failed, by.failed),
                (slice::Column::Unknown, by.unknown),
                (slice::Column::Deferred, by.deferred),
            ] {
                if amount != 0 {
                    update = update.col_expr(column, Expr::col(column).add(amount));
                }
            }
            update
                .filter(slice::Column::EmailJobId.eq(campaign))
                .filter(slice::Column::No.eq(no))
                .exec(connection)
                .await?;
        }
        Ok(())
    }
}
