//! The usual way: what is alike shares a statement, so that a transaction has as many statements
//! for forty messages as for one. It can tell what changed only where everything did; where a row
//! is not as it was left, the transaction is given up and written [one by one](super::one_by_one).

use std::collections::{BTreeMap, BTreeSet};

use domain::{CampaignId, Timestamp};
use sea_orm::{ConnectionTrait, DbErr};

use super::{
    Batch,
    entry::{Settle, Start, Started},
    moves::Moves,
    statements::{self, grant},
};
use crate::queue::SendSlice;

/// Writes one batch and tells what became of each of its starts, in their order; None when the
/// transaction must be given up, since it cannot tell what it changed.
pub(super) async fn write(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    owner: &str,
    batch: &Batch,
) -> Result<Option<Vec<Started>>, DbErr> {
    let mut moves = Moves::default();
    // Outcomes first, so that a recipient that went back to PENDING can start again in the same
    // transaction.
    for group in alike(&batch.settles, Settle::is_like) {
        let ids: Vec<_> = group.iter().map(|settle| settle.recipient).collect();
        if statements::settle(connection, now, group[0], &ids).await? < ids.len() as u64 {
            return Ok(None);
        }
        for settle in group {
            moves.of(settle.slice).settled(&settle.outcome, 1);
        }
    }
    let mut held: BTreeMap<SendSlice, i64> = BTreeMap::new();
    for start in &batch.starts {
        let epoch = held.entry(start.slice).or_insert(start.epoch);
        if *epoch != start.epoch {
            return Ok(None);
        }
    }
    // The fence of a start, and with it the counters: the slice is still this owner's.
    if !moves.write_held(connection, owner, &held).await? {
        return Ok(None);
    }
    let campaigns: BTreeSet<_> = held.keys().map(|slice| slice.campaign).collect();
    let running = statements::to_run(connection, campaigns).await?;
    let Some(answers) = start_all(connection, &batch.starts, &running, &mut moves).await? else {
        return Ok(None);
    };
    moves.write(connection).await?;
    Ok(Some(answers))
}

async fn start_all(
    connection: &impl ConnectionTrait,
    starts: &[Start],
    running: &BTreeSet<CampaignId>,
    moves: &mut Moves,
) -> Result<Option<Vec<Started>>, DbErr> {
    let mut answers = vec![Started::SliceClosed; starts.len()];
    let granted: Vec<_> = (0..starts.len())
        .filter(|&position| running.contains(&starts[position].slice.campaign))
        .collect();
    for positions in alike(&granted, |&one, &other| starts[one].is_like(&starts[other])) {
        let group: Vec<_> = positions
            .iter()
            .map(|&&position| &starts[position])
            .collect();
        let ids: Vec<_> = group.iter().map(|start| start.recipient).collect();
        let changed = statements::start(connection, group[0], &ids).await?;
        if group[0].is_deferred() {
            // Its counter moves, by rows nobody could name if they were fewer.
            if changed < ids.len() as u64 {
                return Ok(None);
            }
            for start in &group {
                moves.of(start.slice).deferred -= 1;
            }
        }
        let all = changed == ids.len() as u64;
        let told = grant(connection, all, &group).await?;
        for (position, started) in positions.into_iter().zip(told) {
            answers[*position] = started;
        }
    }
    Ok(Some(answers))
}

/// What is alike, together. The kinds are few, so each is compared with the first of every kind.
fn alike<T>(items: &[T], is_like: impl Fn(&T, &T) -> bool) -> Vec<Vec<&T>> {
    let mut groups: Vec<Vec<&T>> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|group| is_like(group[0], item)) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}
