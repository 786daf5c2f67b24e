//! A campaign's own counters, rolled up from its slices: no message touches the campaign's row.

use domain::{
    CampaignId, Timestamp,
    campaign::{CampaignStatus, EventKind},
};
use entity::{email_job, prelude::EmailJob};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    UpdateMany, sea_query::Expr,
};

use crate::{
    campaigns::{
        queries::{self, SliceSums},
        timeline::Event,
    },
    database::Database,
};

/// Brings a running campaign's counters up to date; anything else is left alone.
pub(super) async fn running_campaign(database: &Database, sums: &SliceSums) -> Result<(), DbErr> {
    let Some(campaign) = sums.email_job_id else {
        return Ok(());
    };
    let transaction = database.begin().await?;
    counters(campaign, sums)
        .filter(email_job::Column::Status.is_not_in([
            CampaignStatus::Completed,
            CampaignStatus::Failed,
            CampaignStatus::Cancelled,
        ]))
        .exec(&transaction)
        .await?;
    transaction.commit().await
}

/// Makes the numbers of a campaign true that may have ended, after evidence came late.
pub(crate) async fn finished_campaign(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<(), DbErr> {
    if let Some(sums) = queries::sums(connection, [campaign]).await?.first() {
        counters(campaign, sums).exec(connection).await?;
    }
    Ok(())
}

/// Ends a campaign none of whose slices is open: COMPLETED, or FAILED when somebody was to get
/// a message and not one was accepted or left unknown.
pub(super) async fn end_campaign(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
    now: Timestamp,
) -> Result<CampaignStatus, DbErr> {
    let sums = queries::sums(connection, [campaign])
        .await?
        .pop()
        .unwrap_or_default();
    let cancelled = stands(connection, campaign).await? == Some(CampaignStatus::Cancelling);
    let nobody_reached = sums.sent == 0 && sums.unknown == 0 && sums.failed > 0;
    let status = if cancelled {
        CampaignStatus::Cancelled
    } else if nobody_reached {
        CampaignStatus::Failed
    } else {
        CampaignStatus::Completed
    };
    let ended = counters(campaign, &sums)
        .col_expr(email_job::Column::Status, Expr::value(status))
        .col_expr(email_job::Column::CompletedAt, Expr::value(now))
        .col_expr(email_job::Column::WaitingCode, Expr::value(None::<String>))
        .col_expr(
            email_job::Column::WaitingDetail,
            Expr::value(None::<String>),
        )
        .col_expr(
            email_job::Column::WaitingSince,
            Expr::value(None::<Timestamp>),
        )
        .filter(email_job::Column::OpenSlices.eq(0))
        .filter(email_job::Column::Status.is_in([
            CampaignStatus::Pending,
            CampaignStatus::Processing,
            CampaignStatus::Paused,
            CampaignStatus::Cancelling,
        ]))
        .exec(connection)
        .await?;
    if ended.rows_affected > 0 {
        let event = Event::of(campaign, EventKind::Ended).detail(status.as_str());
        event.write(connection, now).await?;
    }
    Ok(status)
}

async fn stands(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<Option<CampaignStatus>, DbErr> {
    EmailJob::find_by_id(campaign)
        .select_only()
        .column(email_job::Column::Status)
        .into_tuple()
        .one(connection)
        .await
}

fn counters(campaign: CampaignId, sums: &SliceSums) -> UpdateMany<EmailJob> {
    EmailJob::update_many()
        .col_expr(email_job::Column::SentEmails, Expr::value(sums.sent))
        .col_expr(email_job::Column::FailedEmails, Expr::value(sums.failed))
        .col_expr(email_job::Column::UnknownEmails, Expr::value(sums.unknown))
        .col_expr(email_job::Column::SkippedEmails, Expr::value(sums.skipped))
        .col_expr(
            email_job::Column::DeferredEmails,
            Expr::value(sums.deferred),
        )
        .col_expr(
            email_job::Column::Version,
            Expr::col(email_job::Column::Version).add(1),
        )
        .filter(email_job::Column::Id.eq(campaign))
}
