//! A campaign's own counters, rolled up from its slices: no message touches the campaign's row.

use domain::{CampaignId, Timestamp, campaign::CampaignStatus};
use entity::{email_job, prelude::EmailJob};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    UpdateMany, sea_query::Expr,
};

use crate::campaigns::queries::{self, SliceSums};

/// Brings a running campaign's counters up to date; anything else is left alone. Writes
/// nothing when nothing moved.
pub(super) async fn running_campaign(
    connection: &impl ConnectionTrait,
    sums: &SliceSums,
) -> Result<(), DbErr> {
    let Some(campaign) = sums.email_job_id else {
        return Ok(());
    };
    // A campaign may wait for hours: without this each look would write it again.
    let moved = Condition::any()
        .add(email_job::Column::SentEmails.ne(sums.sent))
        .add(email_job::Column::FailedEmails.ne(sums.failed))
        .add(email_job::Column::UnknownEmails.ne(sums.unknown))
        .add(email_job::Column::SkippedEmails.ne(sums.skipped))
        .add(email_job::Column::DeferredEmails.ne(sums.deferred));
    counters(campaign, sums)
        .filter(moved)
        .filter(email_job::Column::Status.is_not_in([
            CampaignStatus::Completed,
            CampaignStatus::Failed,
            CampaignStatus::Cancelled,
        ]))
        .exec(connection)
        .await
        .map(drop)
}

/// Makes the numbers of a campaign true that may have ended, after evidence came late.
pub(super) async fn finished_campaign(
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
    let nobody_reached = sums.sent == 0 && sums.unknown == 0 && sums.failed > 0;
    let status = if nobody_reached {
        CampaignStatus::Failed
    } else {
        CampaignStatus::Completed
    };
    counters(campaign, &sums)
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
        ]))
        .exec(connection)
        .await?;
    Ok(status)
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

#[cfg(test)]
mod tests {
    use entity::email_job::DesiredState;
    use sea_orm::ActiveValue::Set;

    use super::*;
    use crate::database::Database;

    #[tokio::test]
    async fn a_campaign_that_stands_still_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("palomar.db").display());
        let database = Database::open(&url).await.unwrap();
        let id = CampaignId(1);
        let row = email_job::ActiveModel {
            id: Set(id),
            name: Set("Hola".to_owned()),
            subject: Set("Hola".to_owned()),
            body: Set("<p>Hola</p>".to_owned()),
            from_email: Set("news@example.org".to_owned()),
            smtp_server: Set("default".to_owned()),
            status: Set(CampaignStatus::Processing),
            desired_state: Set(DesiredState::Run),
            created_at: Set(Timestamp(0)),
            touched_at: Set(Timestamp(0)),
            ..Default::default()
        };
        let transaction = database.begin().await.unwrap();
        EmailJob::insert(row)
            .exec_without_returning(&transaction)
            .await
            .unwrap();
        let mut versions = Vec::new();
        for sent in [0, 3, 3, 4] {
            let sums = SliceSums {
                email_job_id: Some(id),
                sent,
                ..SliceSums::default()
            };
            running_campaign(&transaction, &sums).await.unwrap();
            let found = EmailJob::find_by_id(id).one(&transaction).await.unwrap();
            let found = found.unwrap();
            assert_eq!(found.sent_emails, sent);
            versions.push(found.version);
        }
        assert_eq!(versions, [0, 1, 1, 2]);
    }
}
