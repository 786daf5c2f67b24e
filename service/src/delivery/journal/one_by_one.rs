//! The careful way, where a row is not as it was left: evidence that comes after its attempt was
//! given up, a transaction repeated because its commit's answer was lost, a slice that is somebody
//! else's. Every row is asked for alone, so that counters move by what was really changed.

use std::collections::BTreeSet;

use domain::{Timestamp, recipient::RecipientStatus};
use sea_orm::{ConnectionTrait, DbErr, QueryFilter};

use super::{
    Batch,
    entry::{Outcome, Settle, Start, Started},
    moves::{Moves, signed},
    statements::{self, within},
};
use crate::delivery::{rollup, slices};

/// Writes one batch and tells what became of each of its starts, in their order.
pub(super) async fn write(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    owner: &str,
    batch: &Batch,
) -> Result<Vec<Started>, DbErr> {
    let mut moves = Moves::default();
    let mut late = BTreeSet::new();
    for settle in &batch.settles {
        if settle_one(connection, now, settle, &mut moves).await? {
            late.insert(settle.slice.campaign);
        }
    }
    let mut answers = Vec::with_capacity(batch.starts.len());
    for start in &batch.starts {
        answers.push(start_one(connection, owner, start, &mut moves).await?);
    }
    for (update, _) in moves.into_updates() {
        update.exec(connection).await?;
    }
    for campaign in late {
        rollup::finished_campaign(connection, campaign).await?;
    }
    Ok(answers)
}

/// Settles one recipient; true when the evidence came late, so that the numbers of a campaign
/// that may have ended moved.
async fn settle_one(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    settle: &Settle,
    moves: &mut Moves,
) -> Result<bool, DbErr> {
    let only = [settle.recipient];
    let update = async |from| {
        statements::outcome(settle, now)
            .filter(within(&only, settle.attempt, from))
            .exec(connection)
            .await
            .map(|changed| changed.rows_affected)
    };
    let changed = update(RecipientStatus::Sending).await?;
    let by = moves.of(settle.slice);
    by.settled(&settle.outcome, signed(changed));
    if changed > 0 {
        return Ok(false);
    }
    // Evidence that came late: the row was given up as UNKNOWN meanwhile.
    let settled = match settle.outcome {
        Outcome::Unknown(_) => 0,
        Outcome::Sent(_) => {
            let settled = update(RecipientStatus::Unknown).await?;
            // It is even to be sent again, which it need not be now.
            let spared = update(RecipientStatus::Pending).await?;
            by.settled(&settle.outcome, signed(settled + spared));
            settled
        }
        Outcome::Failed(_) => {
            let settled = update(RecipientStatus::Unknown).await?;
            by.settled(&settle.outcome, signed(settled));
            settled
        }
        // It was not taken, so it is known that it may be sent again.
        Outcome::Deferred(..) | Outcome::Pending => {
            let settled = withdraw_unknown(connection, settle).await?;
            if settled > 0 {
                slices::reopen(connection, settle.slice).await?;
            }
            settled
        }
    };
    by.unknown -= signed(settled);
    Ok(settled > 0)
}

async fn withdraw_unknown(
    connection: &impl ConnectionTrait,
    settle: &Settle,
) -> Result<u64, DbErr> {
    let only = [settle.recipient];
    let withdrawn = slices::to_pending()
        .filter(within(&only, settle.attempt, RecipientStatus::Unknown))
        .exec(connection)
        .await?;
    Ok(withdrawn.rows_affected)
}

/// Starts one recipient, where the slice is still this owner's under this epoch and the campaign
/// is to run.
async fn start_one(
    connection: &impl ConnectionTrait,
    owner: &str,
    start: &Start,
    moves: &mut Moves,
) -> Result<Started, DbErr> {
    let (slice, epoch) = (start.slice, start.epoch);
    let may = slices::hold(connection, owner, slice, epoch).await?
        && statements::is_to_run(connection, slice.campaign).await?;
    if !may {
        return Ok(Started::SliceClosed);
    }
    let changed = statements::start(start, &[start.recipient])
        .exec(connection)
        .await?
        .rows_affected;
    if start.is_deferred() {
        moves.of(slice).deferred -= signed(changed);
    }
    let started = changed > 0 || statements::stands_started(connection, start).await?;
    Ok(if started {
        Started::Yes
    } else {
        Started::RowMoved
    })
}
