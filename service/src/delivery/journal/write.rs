//! One journal transaction's statements: outcomes first, so that a recipient that went back to
//! PENDING can start again in the same one; then starts; then the counters.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{CampaignId, RecipientId, Timestamp, recipient::RecipientStatus};
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Recipient},
    recipient,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    UpdateMany, sea_query::Expr,
};

use super::{
    Batch,
    entry::{Outcome, Settle, Start, Started, Trouble},
    moves::Moves,
};
use crate::{
    delivery::{rollup, slices},
    queue::SendSlice,
};

/// What the columns for the server's words hold.
const TEXT_LIMIT: usize = 600;

/// Writes one batch and tells what became of each of its starts, in their order.
pub(super) async fn batch(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    owner: &str,
    batch: &Batch,
) -> Result<Vec<Started>, DbErr> {
    let mut moves = Moves::default();
    let late = settle_all(connection, now, &batch.settles, &mut moves).await?;
    let started = start_all(connection, owner, &batch.starts, &mut moves).await?;
    moves.write(connection).await?;
    for campaign in late {
        rollup::finished_campaign(connection, campaign).await?;
    }
    Ok(started)
}

/// Messages that were accepted in the same words share a statement; the few others have one
/// each. Returns the campaigns for which evidence came late.
async fn settle_all(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    settles: &[Settle],
    moves: &mut Moves,
) -> Result<BTreeSet<CampaignId>, DbErr> {
    let mut late = BTreeSet::new();
    let mut sent: BTreeMap<SentKey, Vec<RecipientId>> = BTreeMap::new();
    for settle in settles {
        if let Outcome::Sent(reply) = &settle.outcome {
            let key = SentKey {
                campaign: settle.slice.campaign,
                slice: settle.slice.slice,
                attempt: settle.attempt,
                code: i32::from(reply.code.get()),
                enhanced: reply.enhanced.as_ref().map(ToString::to_string),
                server: settle.server.clone(),
            };
            sent.entry(key).or_default().push(settle.recipient);
        } else if settle_one(connection, now, settle, moves).await? {
            late.insert(settle.slice.campaign);
        }
    }
    for (key, recipients) in sent {
        let asked = recipients.len() as u64;
        let statement =
            |from| sent_update(&key, now).filter(within(&recipients, key.attempt, from));
        let changed = statement(RecipientStatus::Sending)
            .exec(connection)
            .await?
            .rows_affected;
        let by = moves.of(SendSlice {
            campaign: key.campaign,
            slice: key.slice,
        });
        by.sent += signed(changed);
        if changed < asked {
            // Evidence that came late: the row was given up as UNKNOWN meanwhile, or is even to be
            // sent again, which it need not be now.
            let settled = statement(RecipientStatus::Unknown)
                .exec(connection)
                .await?
                .rows_affected;
            let spared = statement(RecipientStatus::Pending)
                .exec(connection)
                .await?
                .rows_affected;
            by.sent += signed(settled + spared);
            by.unknown -= signed(settled);
            if settled > 0 {
                late.insert(key.campaign);
            }
        }
    }
    Ok(late)
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SentKey {
    campaign: CampaignId,
    slice: i64,
    attempt: i32,
    code: i32,
    enhanced: Option<String>,
    server: Option<String>,
}

fn sent_update(key: &SentKey, now: Timestamp) -> UpdateMany<Recipient> {
    Recipient::update_many()
        .col_expr(
            recipient::Column::Status,
            Expr::value(RecipientStatus::Sent),
        )
        .col_expr(
            recipient::Column::Trouble,
            Expr::value(None::<RecipientStatus>),
        )
        .col_expr(
            recipient::Column::AttemptsCounted,
            Expr::col(recipient::Column::AttemptsCounted).add(1),
        )
        .col_expr(recipient::Column::Code, Expr::value(key.code))
        .col_expr(
            recipient::Column::EnhancedCode,
            Expr::value(key.enhanced.clone()),
        )
        .col_expr(recipient::Column::Error, Expr::value(None::<String>))
        .col_expr(recipient::Column::Phase, Expr::value(None::<String>))
        .col_expr(
            recipient::Column::SmtpServer,
            Expr::value(key.server.clone()),
        )
        .col_expr(recipient::Column::FinishedAt, Expr::value(now))
}

/// Settles one recipient that was not simply accepted; true when the evidence came late.
async fn settle_one(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    settle: &Settle,
    moves: &mut Moves,
) -> Result<bool, DbErr> {
    let only = [settle.recipient];
    let update = |from| outcome_update(settle, now).filter(within(&only, settle.attempt, from));
    let changed = update(RecipientStatus::Sending)
        .exec(connection)
        .await?
        .rows_affected;
    let by = moves.of(settle.slice);
    match settle.outcome {
        Outcome::Failed(_) => by.failed += signed(changed),
        Outcome::Deferred(..) => by.deferred += signed(changed),
        Outcome::Unknown(_) => by.unknown += signed(changed),
        Outcome::Pending | Outcome::Sent(_) => {}
    }
    if changed > 0 {
        return Ok(false);
    }
    // Evidence that came late.
    let settled = match settle.outcome {
        Outcome::Sent(_) | Outcome::Unknown(_) => 0,
        Outcome::Failed(_) => {
            let settled = update(RecipientStatus::Unknown)
                .exec(connection)
                .await?
                .rows_affected;
            by.failed += signed(settled);
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

fn outcome_update(settle: &Settle, now: Timestamp) -> UpdateMany<Recipient> {
    let (status, trouble, next_attempt_at) = match &settle.outcome {
        Outcome::Sent(_) => (RecipientStatus::Sent, None, None),
        Outcome::Failed(trouble) => (RecipientStatus::Failed, Some(trouble), None),
        Outcome::Deferred(trouble, at) => (RecipientStatus::Deferred, Some(trouble), Some(*at)),
        Outcome::Unknown(trouble) => (RecipientStatus::Unknown, Some(trouble), None),
        Outcome::Pending => (RecipientStatus::Pending, None, None),
    };
    let reply = trouble.and_then(|trouble: &Trouble| trouble.reply.as_ref());
    let finished_at = status.has_ended().then_some(now);
    let counted = i32::from(settle.counted);
    Recipient::update_many()
        .col_expr(recipient::Column::Status, Expr::value(status))
        .col_expr(
            recipient::Column::Trouble,
            Expr::value(trouble.map(|_| status)),
        )
        .col_expr(
            recipient::Column::AttemptsCounted,
            Expr::col(recipient::Column::AttemptsCounted).add(counted),
        )
        .col_expr(
            recipient::Column::Disturbances,
            Expr::value(settle.disturbances),
        )
        .col_expr(
            recipient::Column::NextAttemptAt,
            Expr::value(next_attempt_at),
        )
        .col_expr(
            recipient::Column::Phase,
            Expr::value(trouble.map(|trouble| trouble.phase.as_str())),
        )
        .col_expr(
            recipient::Column::Code,
            Expr::value(reply.map(|reply| i32::from(reply.code.get()))),
        )
        .col_expr(
            recipient::Column::EnhancedCode,
            Expr::value(
                reply
                    .and_then(|reply| reply.enhanced.as_ref())
                    .map(ToString::to_string),
            ),
        )
        .col_expr(
            recipient::Column::Error,
            Expr::value(trouble.map(|trouble| shortened(&trouble.text))),
        )
        .col_expr(
            recipient::Column::SmtpServer,
            Expr::value(settle.server.clone()),
        )
        .col_expr(recipient::Column::FinishedAt, Expr::value(finished_at))
}

/// The fence of an outcome: this attempt, and only where nothing has settled it yet.
fn within(recipients: &[RecipientId], attempt: i32, from: RecipientStatus) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(recipient::Column::Id.is_in(recipients.iter().copied()))
        .add(recipient::Column::Attempt.eq(attempt))
        .add(recipient::Column::Status.eq(from))
}

async fn start_all(
    connection: &impl ConnectionTrait,
    owner: &str,
    starts: &[Start],
    moves: &mut Moves,
) -> Result<Vec<Started>, DbErr> {
    let mut answers = vec![Started::SliceClosed; starts.len()];
    let mut groups: BTreeMap<(CampaignId, i64, i64), Vec<usize>> = BTreeMap::new();
    for (position, start) in starts.iter().enumerate() {
        let key = (start.slice.campaign, start.slice.slice, start.epoch);
        groups.entry(key).or_default().push(position);
    }
    for ((campaign, slice, epoch), positions) in groups {
        let slice = SendSlice { campaign, slice };
        if may_start(connection, owner, slice, epoch).await? {
            start_slice(connection, slice, starts, &positions, moves, &mut answers).await?;
        }
    }
    Ok(answers)
}

/// The fence of a start: the slice is still this owner's under this epoch, and the campaign is
/// to run.
async fn may_start(
    connection: &impl ConnectionTrait,
    owner: &str,
    slice: SendSlice,
    epoch: i64,
) -> Result<bool, DbErr> {
    if !slices::hold(connection, owner, slice, epoch).await? {
        return Ok(false);
    }
    let desired: Option<DesiredState> = EmailJob::find_by_id(slice.campaign)
        .select_only()
        .column(email_job::Column::DesiredState)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(desired == Some(DesiredState::Run))
}

async fn start_slice(
    connection: &impl ConnectionTrait,
    slice: SendSlice,
    starts: &[Start],
    positions: &[usize],
    moves: &mut Moves,
    answers: &mut [Started],
) -> Result<(), DbErr> {
    let mut alike: BTreeMap<(bool, i32), Vec<usize>> = BTreeMap::new();
    for &position in positions {
        let start = &starts[position];
        let deferred = start.status == RecipientStatus::Deferred;
        alike
            .entry((deferred, start.attempt))
            .or_default()
            .push(position);
    }
    for ((deferred, attempt), positions) in alike {
        let from = if deferred {
            RecipientStatus::Deferred
        } else {
            RecipientStatus::Pending
        };
        let ids: Vec<_> = positions
            .iter()
            .map(|&position| starts[position].recipient)
            .collect();
        let changed = Recipient::update_many()
            .col_expr(
                recipient::Column::Status,
                Expr::value(RecipientStatus::Sending),
            )
            .col_expr(recipient::Column::Attempt, Expr::value(attempt + 1))
            .col_expr(
                recipient::Column::Trouble,
                Expr::value(None::<RecipientStatus>),
            )
            .col_expr(recipient::Column::NextAttemptAt, Expr::value(None::<i64>))
            .filter(within(&ids, attempt, from))
            .exec(connection)
            .await?
            .rows_affected;
        if deferred {
            moves.of(slice).deferred -= signed(changed);
        }
        let stands = if changed == ids.len() as u64 {
            None
        } else {
            Some(standing(connection, &ids).await?)
        };
        for position in positions {
            let start = &starts[position];
            // A repeated start that finds its own attempt there counts as started.
            let granted = stands.as_ref().is_none_or(|rows| {
                rows.get(&start.recipient) == Some(&(RecipientStatus::Sending, start.attempt + 1))
            });
            answers[position] = if granted {
                Started::Yes
            } else {
                Started::RowMoved
            };
        }
    }
    Ok(())
}

async fn standing(
    connection: &impl ConnectionTrait,
    ids: &[RecipientId],
) -> Result<HashMap<RecipientId, (RecipientStatus, i32)>, DbErr> {
    let rows: Vec<(RecipientId, RecipientStatus, i32)> = Recipient::find()
        .select_only()
        .columns([
            recipient::Column::Id,
            recipient::Column::Status,
            recipient::Column::Attempt,
        ])
        .filter(recipient::Column::Id.is_in(ids.iter().copied()))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, status, attempt)| (id, (status, attempt)))
        .collect())
}

fn signed(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT_LIMIT).collect()
}
