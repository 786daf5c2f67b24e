//! How the counters of slices move. They move by the rows that were really changed, never by
//! the number that was asked for, so that a repeated transaction counts nothing twice.

use std::collections::BTreeMap;

use domain::CampaignId;
use entity::{
    email_job::DesiredState,
    prelude::Slice,
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, UpdateMany,
    sea_query::{CaseStatement, Expr},
};

use super::{entry::Outcome, statements::desired_state};
use crate::queue::SendSlice;

/// By how much one slice's counters move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) sent: i64,
    pub(super) failed: i64,
    pub(super) unknown: i64,
    pub(super) deferred: i64,
}

impl Move {
    /// So many rows came to this outcome.
    pub(super) fn settled(&mut self, outcome: &Outcome, rows: i64) {
        match outcome {
            Outcome::Sent(_) => self.sent += rows,
            Outcome::Failed(_) => self.failed += rows,
            Outcome::Unknown(_) => self.unknown += rows,
            Outcome::Deferred(..) => self.deferred += rows,
            Outcome::Pending => {}
        }
    }
}

/// The moves of one transaction, by campaign and slice: always in the same order, so that two
/// transactions never wait for each other in a circle.
#[derive(Debug, Default)]
pub(super) struct Moves(BTreeMap<SendSlice, Move>);

impl Moves {
    pub(super) fn of(&mut self, slice: SendSlice) -> &mut Move {
        self.0.entry(slice).or_default()
    }

    /// The moves of the slices in `held`, each of which must be `owner`'s under that epoch and its
    /// campaign be one to run; with each update the slices it changes then. It holds them until the
    /// transaction's end, also where nothing moves.
    pub(super) fn take_held(
        &mut self,
        owner: &str,
        held: &BTreeMap<SendSlice, i64>,
    ) -> Vec<(UpdateMany<Slice>, usize)> {
        let epochs = by_campaign(held.iter().map(|(slice, epoch)| (*slice, *epoch)));
        let mut updates = Vec::with_capacity(epochs.len());
        for (campaign, slices) in epochs {
            let mut moves = Vec::with_capacity(slices.len());
            let mut any = Condition::any();
            for (no, epoch) in slices {
                let slice = SendSlice {
                    campaign,
                    slice: no,
                };
                moves.push((no, self.0.remove(&slice).unwrap_or_default()));
                any = any.add(slice::Column::No.eq(no).and(slice::Column::Epoch.eq(epoch)));
            }
            let update = update(campaign, &moves)
                .col_expr(slice::Column::Epoch, Expr::col(slice::Column::Epoch))
                .filter(any)
                .filter(slice::Column::State.eq(SliceState::Leased))
                .filter(slice::Column::Owner.eq(owner))
                .filter(desired_state(campaign).eq(DesiredState::Run));
            updates.push((update, moves.len()));
        }
        updates
    }

    /// The moves that are left; with each update the slices it changes.
    pub(super) fn into_updates(self) -> Vec<(UpdateMany<Slice>, usize)> {
        let moved = self.0.into_iter().filter(|(_, by)| *by != Move::default());
        by_campaign(moved)
            .into_iter()
            .map(|(campaign, moves)| {
                let numbers = moves.iter().map(|(no, _)| *no);
                let update = update(campaign, &moves).filter(slice::Column::No.is_in(numbers));
                (update, moves.len())
            })
            .collect()
    }
}

fn by_campaign<T>(
    items: impl Iterator<Item = (SendSlice, T)>,
) -> BTreeMap<CampaignId, Vec<(i64, T)>> {
    let mut by_campaign: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (slice, item) in items {
        let of_campaign = by_campaign.entry(slice.campaign).or_default();
        of_campaign.push((slice.slice, item));
    }
    by_campaign
}

/// One of the numbers in a move.
type Amount = fn(&Move) -> i64;

/// Moves the counters of several slices at once.
fn update(campaign: CampaignId, moves: &[(i64, Move)]) -> UpdateMany<Slice> {
    let counters: [(slice::Column, Amount); 4] = [
        (slice::Column::Sent, |by| by.sent),
        (slice::Column::Failed, |by| by.failed),
        (slice::Column::Unknown, |by| by.unknown),
        (slice::Column::Deferred, |by| by.deferred),
    ];
    let mut update = Slice::update_many();
    for (column, amount) in counters {
        let amounts_of: Vec<_> = moves
            .iter()
            .map(|(no, by)| (*no, amount(by)))
            .filter(|(_, amount)| *amount != 0)
            .collect();
        let Some(by) = amounts(&amounts_of, moves.len()) else {
            continue;
        };
        update = update.col_expr(column, Expr::col(column).add(by));
    }
    update.filter(slice::Column::EmailJobId.eq(campaign))
}

/// The amount for each of `slices` slices; none where all of them stand still.
fn amounts(moved: &[(i64, i64)], slices: usize) -> Option<Expr> {
    match moved {
        [] => None,
        [(_, amount)] if slices == 1 => Some(Expr::value(*amount)),
        several => {
            let cases = several
                .iter()
                .fold(CaseStatement::new(), |cases, (no, amount)| {
                    cases.case(slice::Column::No.eq(*no), Expr::value(*amount))
                });
            Some(cases.finally(0).into())
        }
    }
}

/// A number of rows as something to count with.
pub(super) fn signed(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
