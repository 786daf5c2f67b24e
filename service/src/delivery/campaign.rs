//! What delivery says of a whole campaign: that it stands still, and why.

use domain::{CampaignId, Timestamp, campaign::CampaignStatus};
use entity::{
    email_job::{self, DesiredState},
    prelude::EmailJob,
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};

use crate::{campaigns::view::waiting, database::Database};

/// Pauses one campaign whose sender or message the server refuses; the others go on. Says so
/// in the log only the first time.
pub(super) async fn pause_refused(
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

/// Marks running campaigns as waiting for the SMTP server, or takes the mark away.
pub(super) async fn mark_unreachable(
    database: &Database,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), DbErr> {
    let marked = email_job::Column::WaitingCode;
    let update = EmailJob::update_many()
        .filter(email_job::Column::SealedAt.is_not_null())
        .filter(
            email_job::Column::Status.is_in([CampaignStatus::Pending, CampaignStatus::Processing]),
        );
    let update = match reason {
        Some(reason) => {
            let reason: String = reason.chars().take(500).collect();
            update
                .col_expr(marked, Expr::value(waiting::SMTP_UNREACHABLE))
                .col_expr(email_job::Column::WaitingDetail, Expr::value(reason))
                .col_expr(email_job::Column::WaitingSince, Expr::value(now))
                .filter(marked.is_null())
        }
        None => update
            .col_expr(marked, Expr::value(None::<String>))
            .col_expr(
                email_job::Column::WaitingDetail,
                Expr::value(None::<String>),
            )
            .col_expr(
                email_job::Column::WaitingSince,
                Expr::value(None::<Timestamp>),
            )
            .filter(marked.eq(waiting::SMTP_UNREACHABLE)),
    };
    let transaction = database.begin().await?;
    update.exec(&transaction).await?;
    transaction.commit().await
}
