//! What delivery says of a whole campaign: that it stands still, and why.

use domain::{
    CampaignId, Timestamp,
    campaign::{CampaignStatus, EventKind},
};
use entity::{
    email_job::{self, DesiredState},
    prelude::EmailJob,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QuerySelect, sea_query::Expr,
};

use super::waiting::Note;
use crate::{
    campaigns::{timeline::Event, view::waiting},
    database::{Database, repeated},
};

/// What the column for the words holds, and some to spare.
const LONGEST_DETAIL: usize = 500;

/// Pauses one campaign whose sender or message the server refuses; the others go on. Says so
/// in the log only the first time.
pub(super) async fn pause_refused(
    database: &Database,
    campaign: CampaignId,
    words: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    let paused = repeated(async || {
        let transaction = database.begin().await?;
        let paused = pause(&transaction, campaign, waiting::SENDER_REFUSED, words, now).await?;
        transaction.commit().await?;
        Ok(paused)
    })
    .await?;
    if paused {
        tracing::warn!(campaign.id = campaign.0, reason = words, "campaign paused");
    }
    Ok(())
}

/// Lets a campaign stand still until a person resumes it; false when it does not run.
pub(super) async fn pause(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
    code: &str,
    words: &str,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let short: String = words.chars().take(LONGEST_DETAIL).collect();
    let paused = EmailJob::update_many()
        .col_expr(
            email_job::Column::Status,
            Expr::value(CampaignStatus::Paused),
        )
        .col_expr(
            email_job::Column::DesiredState,
            Expr::value(DesiredState::Pause),
        )
        .col_expr(email_job::Column::WaitingCode, Expr::value(code))
        .col_expr(email_job::Column::WaitingDetail, Expr::value(short))
        .col_expr(email_job::Column::WaitingSince, Expr::value(now))
        .col_expr(
            email_job::Column::Version,
            Expr::col(email_job::Column::Version).add(1),
        )
        .filter(email_job::Column::Id.eq(campaign))
        .filter(email_job::Column::DesiredState.eq(DesiredState::Run))
        .filter(
            email_job::Column::Status.is_in([CampaignStatus::Pending, CampaignStatus::Processing]),
        )
        .exec(connection)
        .await?;
    if paused.rows_affected == 0 {
        return Ok(false);
    }
    let event = Event::of(campaign, EventKind::Paused).detail(words);
    event.write(connection, now).await?;
    Ok(true)
}

/// Says of a running campaign what it waits for, or that it waits no more.
pub(super) async fn note_waiting(
    database: &Database,
    campaign: CampaignId,
    note: &Note,
    now: Timestamp,
) -> Result<(), DbErr> {
    let (code, detail, since) = match note {
        Note::Waits { code, detail } => {
            let detail = detail
                .as_ref()
                .map(|words| words.chars().take(LONGEST_DETAIL).collect());
            (Some(*code), detail, Some(now))
        }
        Note::Nothing => (None, None::<String>, None),
    };
    let transaction = database.begin().await?;
    let noted = EmailJob::update_many()
        .col_expr(email_job::Column::WaitingCode, Expr::value(code))
        .col_expr(email_job::Column::WaitingDetail, Expr::value(detail))
        .col_expr(email_job::Column::WaitingSince, Expr::value(since))
        .filter(email_job::Column::Id.eq(campaign))
        .filter(
            email_job::Column::Status.is_in([CampaignStatus::Pending, CampaignStatus::Processing]),
        )
        // Of two processes that say the same, one does.
        .filter(match code {
            Some(code) => Condition::any()
                .add(email_job::Column::WaitingCode.is_null())
                .add(email_job::Column::WaitingCode.ne(code)),
            None => Condition::all().add(email_job::Column::WaitingCode.is_not_null()),
        })
        .exec(&transaction)
        .await?;
    if noted.rows_affected > 0 {
        let event = match note {
            Note::Waits { code, detail } => {
                let words = waiting::in_words(code, detail.as_deref().unwrap_or_default(), now);
                Event::of(campaign, EventKind::Waits).detail(words)
            }
            Note::Nothing => Event::of(campaign, EventKind::Moves),
        };
        event.write(&transaction, now).await?;
    }
    transaction.commit().await
}

/// The SMTP server a campaign names, and its sender.
pub(super) async fn way(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<Option<(String, String)>, DbErr> {
    EmailJob::find_by_id(campaign)
        .select_only()
        .columns([email_job::Column::SmtpServer, email_job::Column::FromEmail])
        .into_tuple()
        .one(connection)
        .await
}
