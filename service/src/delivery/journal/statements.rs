//! The journal's statements.

use domain::{CampaignId, RecipientId, Timestamp, recipient::RecipientStatus};
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Recipient},
    recipient,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QuerySelect, QueryTrait, UpdateMany,
    sea_query::{Expr, QueryStatementBuilder},
};

use super::entry::{Outcome, Settle, Start, Trouble};

/// What the columns for the server's words hold.
const TEXT_LIMIT: usize = 600;

/// Settles `recipients`, all of them as `like` says, where they are still SENDING in that attempt.
pub(super) fn settle(
    now: Timestamp,
    like: &Settle,
    recipients: &[RecipientId],
) -> UpdateMany<Recipient> {
    outcome(like, now).filter(within(recipients, like.attempt, RecipientStatus::Sending))
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
            trouble.map_or(Expr::value(None::<String>), |trouble| {
                words(&shortened(&trouble.text))
            }),
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

/// Starts `recipients`, all of which are to stand as `like` does.
pub(super) fn start(like: &Start, recipients: &[RecipientId]) -> UpdateMany<Recipient> {
    Recipient::update_many()
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
}

/// Whether a start that changed nothing had been made before: it finds its own attempt there.
pub(super) async fn stands_started(
    connection: &impl ConnectionTrait,
    start: &Start,
) -> Result<bool, DbErr> {
    let only = [start.recipient];
    let found: Option<i64> = Recipient::find()
        .select_only()
        .column(recipient::Column::No)
        .filter(within(&only, start.attempt + 1, RecipientStatus::Sending))
        .into_tuple()
        .one(connection)
        .await?;
    Ok(found.is_some())
}

/// Whether a campaign is to run.
pub(super) async fn is_to_run(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<bool, DbErr> {
    let desired: Option<DesiredState> = EmailJob::find_by_id(campaign)
        .select_only()
        .column(email_job::Column::DesiredState)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(desired == Some(DesiredState::Run))
}

/// What a person wants of a campaign, as something to compare.
pub(super) fn desired_state(campaign: CampaignId) -> Expr {
    let desired = EmailJob::find_by_id(campaign)
        .select_only()
        .column(email_job::Column::DesiredState)
        .into_query();
    Expr::SubQuery(None, Box::new(desired.into_sub_query_statement()))
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

/// What a stranger said, in digits: nothing of it can be taken for a part of the statement.
fn words(text: &str) -> Expr {
    Expr::cust(format!("CAST(x'{}' AS CHAR)", hex::encode(text)))
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT_LIMIT).collect()
}
