//! What delivery says of a whole campaign: that it stands still, and why.

use domain::{CampaignId, Timestamp, campaign::CampaignStatus};
use entity::{
    email_job::{self, DesiredState},
    prelude::EmailJob,
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};

use super::waiting::Note;
use crate::{
    campaigns::view::waiting,
    database::{Database, repeated},
};

/// Pauses one campaign whose sender or message the server refuses; the others go on. Says so
/// in the log only the first time.
pub(super) async fn pause_refused(
    database: &Database,
    campaign: CampaignId,
    words: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    repeated(|| pause_refused_once(database, campaign, words, now)).await
}

async fn pause_refused_once(
    database: &Database,
    campaign: CampaignId,
    words: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    let paused = EmailJob::update_many()
        .col_expr(
            email_job::Column::Status,
            Expr::value(CampaignStatus::Paused),
        )
        .col_expr(
            email_job::Column::DesiredState,
            Expr::value(DesiredState::Pause),
        )
        .col_expr(
            email_job::Column::WaitingCode,
            Expr::value(waiting::SENDER_REFUSED),
        )
        .col_expr(email_job::Column::WaitingDetail, Expr::value(words))
        .col_expr(email_job::Column::WaitingSince, Expr::value(now))
        .col_expr(
            email_job::Column::Version,
            Expr::col(email_job::Column::Version).add(1),
        )
        .filter(email_job::Column::Id.eq(campaign))
        .filter(email_job::Column::DesiredState.eq(DesiredState::Run))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    if paused.rows_affected > 0 {
        tracing::warn!(campaign.id = campaign.0, reason = words, "campaign paused");
    }
    Ok(())
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
                .map(|words| words.chars().take(500).collect());
            (Some(*code), detail, Some(now))
        }
        Note::Nothing => (None, None::<String>, None),
    };
    let transaction = database.begin().await?;
    EmailJob::update_many()
        .col_expr(email_job::Column::WaitingCode, Expr::value(code))
        .col_expr(email_job::Column::WaitingDetail, Expr::value(detail))
        .col_expr(email_job::Column::WaitingSince, Expr::value(since))
        .filter(email_job::Column::Id.eq(campaign))
        .filter(
            email_job::Column::Status.is_in([CampaignStatus::Pending, CampaignStatus::Processing]),
        )
        .exec(&transaction)
        .await?;
    transaction.commit().await
}
