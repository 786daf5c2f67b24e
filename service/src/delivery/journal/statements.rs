//! The journal's statements.

use std::collections::{BTreeSet, HashMap};

use domain::{CampaignId, RecipientId, Timestamp, recipient::RecipientStatus};
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Recipient},
    recipient,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QuerySelect, UpdateMany, sea_query::Expr,
};

use super::entry::{Outcome, Settle, Start, Started, Trouble};

/// What the columns for the server's words hold.
const TEXT_LIMIT: usize = 600;

/// Settles `recipients`, all of them as `like` says; returns how many were still SENDING in that
/// attempt.
pub(super) async fn settle(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    like: &Settle,
    recipients: &[RecipientId],
) -> Result<u64, DbErr> {
    let settled = outcome(like, now)
        .filter(within(recipients, like.attempt, RecipientStatus::Sending))
        .exec(connection)
        .await?;
    Ok(settled.rows_affected)
}

/// The update that writes an outcome; it lacks its fence, [`within`].
pub(super) fn outcome(settle: &Settle, now: Timestamp) -> UpdateMany<Recipient> {
    let (status, trouble, reply, next_attempt_at) = match &settle.outcome {
        Outcome::Sent(reply) => (RecipientStatus::Sent, None, Some(reply), None),
        Outcome::Failed(trouble) => (RecipientStatus::Failed, Some(trouble), None, None),
        Outcome::Deferred(trouble, at) => {
            (RecipientStatus::Deferred, Some(trouble), None, Some(*at))
        }
        Outcome::Unknown(trouble) => (RecipientStatus::Unknown, Some(trouble), None, None),
        Outcome::Pending => (RecipientStatus::Pending, None, None, None),
    };
    let reply = reply.or_else(|| trouble.and_then(|trouble: &Trouble| trouble.reply.as_ref()));
    let code = reply.map(|reply| i32::from(reply.code.get()));
    let enhanced = reply.and_then(|reply| reply.enhanced.as_ref().map(ToString::to_string));
    let counted = i32::from(settle.counted);
    let values = [
        (recipient::Column::Status, Expr::value(status)),
        (
            recipient::Column::Trouble,
            Expr::value(trouble.map(|_| status)),
        ),
        (
            recipient::Column::AttemptsCounted,
            Expr::col(recipient::Column::AttemptsCounted).add(counted),
        ),
        (
            recipient::Column::Disturbances,
            Expr::value(settle.disturbances),
        ),
        (
            recipient::Column::NextAttemptAt,
            Expr::value(next_attempt_at),
        ),
        (
            recipient::Column::Phase,
            Expr::value(trouble.map(|trouble| trouble.phase.as_str())),
        ),
        (recipient::Column::Code, Expr::value(code)),
        (recipient::Column::EnhancedCode, Expr::value(enhanced)),
        (
            recipient::Column::Error,
            Expr::value(trouble.map(|trouble| shortened(&trouble.text))),
        ),
        (
            recipient::Column::SmtpServer,
            Expr::value(settle.server.as_deref()),
        ),
        (
            recipient::Column::FinishedAt,
            Expr::value(status.has_ended().then_some(now)),
        ),
    ];
    let update = Recipient::update_many();
    values.into_iter().fold(update, |update, (column, value)| {
        update.col_expr(column, value)
    })
}

/// Starts `recipients`, all of which stand as `like` does; returns how many did.
pub(super) async fn start(
    connection: &impl ConnectionTrait,
    like: &Start,
    recipients: &[RecipientId],
) -> Result<u64, DbErr> {
    let started = Recipient::update_many()
        .col_expr(
            recipient::Column::Status,
            Expr::value(RecipientStatus::Sending),
        )
        .col_expr(recipient::Column::Attempt, Expr::value(like.attempt + 1))
        .col_expr(
            recipient::Column::Trouble,
            Expr::value(None::<RecipientStatus>),
        )
        .col_expr(recipient::Column::NextAttemptAt, Expr::value(None::<i64>))
        .filter(within(recipients, like.attempt, like.status))
        .exec(connection)
        .await?;
    Ok(started.rows_affected)
}

/// What became of starts that asked for the same, where `all` of them or not all changed their
/// row. A repeated start that finds its own attempt there counts as started.
pub(super) async fn grant(
    connection: &impl ConnectionTrait,
    all: bool,
    starts: &[&Start],
) -> Result<Vec<Started>, DbErr> {
    if all {
        return Ok(vec![Started::Yes; starts.len()]);
    }
    let ids: Vec<_> = starts.iter().map(|start| start.recipient).collect();
    let stands = standing(connection, &ids).await?;
    let granted = |start: &&Start| {
        stands.get(&start.recipient) == Some(&(RecipientStatus::Sending, start.attempt + 1))
    };
    Ok(starts
        .iter()
        .map(|start| {
            if granted(start) {
                Started::Yes
            } else {
                Started::RowMoved
            }
        })
        .collect())
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

/// Which of `campaigns` are to run.
pub(super) async fn to_run(
    connection: &impl ConnectionTrait,
    campaigns: BTreeSet<CampaignId>,
) -> Result<BTreeSet<CampaignId>, DbErr> {
    if campaigns.is_empty() {
        return Ok(campaigns);
    }
    let running: Vec<CampaignId> = EmailJob::find()
        .select_only()
        .column(email_job::Column::Id)
        .filter(email_job::Column::Id.is_in(campaigns))
        .filter(email_job::Column::DesiredState.eq(DesiredState::Run))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(running.into_iter().collect())
}

/// The fence of an outcome and of a start: these rows in this attempt, and only where nothing
/// has moved them yet.
pub(super) fn within(recipients: &[RecipientId], attempt: i32, from: RecipientStatus) -> Condition {
    Condition::all()
        .add(recipient::Column::Id.is_in(padded(recipients)))
        .add(recipient::Column::Attempt.eq(attempt))
        .add(recipient::Column::Status.eq(from))
}

/// The list made as long as a power of two by naming the last one again: a database prepares a
/// statement anew for every length of a list, and these are few.
fn padded(recipients: &[RecipientId]) -> impl Iterator<Item = RecipientId> {
    let length = recipients.len().next_power_of_two();
    let last = recipients.last().copied();
    let padding = std::iter::repeat_n(last, length - recipients.len()).flatten();
    recipients.iter().copied().chain(padding)
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT_LIMIT).collect()
}
