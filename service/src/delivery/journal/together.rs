//! The usual way: what is alike shares a statement, and the whole transaction goes in one packet, so
//! that forty messages cost the database as many waits as one. It happens only where every row is
//! as it was left; where one is not, the batch is written [one by one](super::one_by_one).

use std::collections::BTreeMap;

use domain::Timestamp;

use super::{
    Batch,
    entry::{Settle, Start},
    moves::Moves,
    statements,
};
use crate::{database::Packet, queue::SendSlice};

/// Adds what settles every outcome of a batch and grants each of its starts to an empty packet; none
/// where that cannot be.
pub(super) fn packet(
    mut packet: Packet,
    now: Timestamp,
    owner: &str,
    batch: &Batch,
) -> Option<Packet> {
    let held = held(&batch.starts)?;
    let mut moves = Moves::default();
    // Outcomes first, so that a recipient that went back to PENDING can start again in the same
    // transaction.
    for group in alike(&batch.settles, Settle::is_like) {
        for settle in &group {
            moves.of(settle.slice).settled(&settle.outcome, 1);
        }
        let ids: Vec<_> = group.iter().map(|settle| settle.recipient).collect();
        packet.add(&statements::settle(now, group[0], &ids), ids.len());
    }
    // The fence of the starts, and with it the counters.
    for (update, slices) in moves.take_held(owner, &held) {
        packet.add(&update, slices);
    }
    for group in alike(&batch.starts, Start::is_like) {
        let ids: Vec<_> = group.iter().map(|start| start.recipient).collect();
        packet.add(&statements::start(group[0], &ids), ids.len());
        if group[0].is_deferred() {
            for start in group {
                moves.of(start.slice).deferred -= 1;
            }
        }
    }
    for (update, slices) in moves.into_updates() {
        packet.add(&update, slices);
    }
    Some(packet)
}

/// The epoch of every slice somebody is to start in; none where two claims of one are mixed.
fn held(starts: &[Start]) -> Option<BTreeMap<SendSlice, i64>> {
    let mut held = BTreeMap::new();
    for start in starts {
        let epoch = held.entry(start.slice).or_insert(start.epoch);
        if *epoch != start.epoch {
            return None;
        }
    }
    Some(held)
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
