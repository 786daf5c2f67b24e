//! The usual way: what is alike shares a statement, and all statements go in one packet, so that
//! forty messages cost the database as many waits as one. It can tell what changed only where
//! everything did; where a row is not as it was left, the transaction is given up and written
//! [one by one](super::one_by_one).

use std::collections::BTreeMap;

use domain::Timestamp;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryTrait, UpdateMany,
    sea_query::{MysqlQueryBuilder, SqliteQueryBuilder},
};

use super::{
    Batch,
    entry::{Settle, Start},
    moves::Moves,
    statements,
};
use crate::queue::SendSlice;

/// Writes one batch; false when the transaction must be given up, since it cannot tell what it
/// changed. Otherwise every outcome is settled and every start granted.
pub(super) async fn write(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    owner: &str,
    batch: &Batch,
) -> Result<bool, DbErr> {
    let mut packet = Packet::of(connection);
    let mut moves = Moves::default();
    // Outcomes first, so that a recipient that went back to PENDING can start again in the same
    // transaction.
    for group in alike(&batch.settles, Settle::is_like) {
        for settle in &group {
            moves.of(settle.slice).settled(&settle.outcome, 1);
        }
        let ids: Vec<_> = group.iter().map(|settle| settle.recipient).collect();
        let update = statements::settle(now, group[0], &ids);
        if group[0].has_words() {
            // What a stranger said is bound to its statement, never written into one.
            let changed = update.exec(connection).await?.rows_affected;
            if changed < ids.len() as u64 {
                return Ok(false);
            }
        } else {
            packet.add(&update, ids.len());
        }
    }
    let Some(held) = held(&batch.starts) else {
        return Ok(false);
    };
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
    packet.changes_all().await
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

/// Updates that go together, each with the rows it must change.
struct Packet<'a, C> {
    connection: &'a C,
    statements: String,
    rows: u64,
}

impl<'a, C: ConnectionTrait> Packet<'a, C> {
    fn of(connection: &'a C) -> Self {
        Self {
            connection,
            statements: String::new(),
            rows: 0,
        }
    }

    fn add<E: EntityTrait>(&mut self, update: &UpdateMany<E>, rows: usize) {
        let update = update.as_query();
        let text = match self.connection.get_database_backend() {
            DbBackend::MySql => update.to_string(MysqlQueryBuilder),
            _ => update.to_string(SqliteQueryBuilder),
        };
        self.statements.push_str(&text);
        self.statements.push(';');
        self.rows += rows as u64;
    }

    /// Runs them all. An update never changes more rows than it names, so that the sum tells
    /// whether each of them changed all of its own.
    async fn changes_all(self) -> Result<bool, DbErr> {
        if self.statements.is_empty() {
            return Ok(true);
        }
        let done = self.connection.execute_unprepared(&self.statements).await?;
        Ok(done.rows_affected() == self.rows)
    }
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
