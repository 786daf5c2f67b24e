//! Going back: recipients that are to be sent to once more, and their slices with them.

use domain::{Timestamp, campaign::CampaignStatus, recipient::RecipientStatus};
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Recipient, Slice},
    recipient,
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, UpdateMany,
    sea_query::Expr,
};

use super::of;
use crate::queue::SendSlice;

/// PENDING again, as if nothing had been tried. The fence stays: what an earlier attempt came to
/// can still be told from what a later one will.
pub(crate) fn to_pending() -> UpdateMany<Recipient> {
    let mut update = Recipient::update_many().col_expr(
        recipient::Column::Status,
        Expr::value(RecipientStatus::Pending),
    );
    for column in [
        recipient::Column::Trouble,
        recipient::Column::Code,
        recipient::Column::EnhancedCode,
        recipient::Column::Error,
        recipient::Column::Phase,
        recipient::Column::NextAttemptAt,
        recipient::Column::FinishedAt,
    ] {
        update = update.col_expr(column, Expr::value(None::<i64>));
    }
    update
        .col_expr(recipient::Column::AttemptsCounted, Expr::value(0))
        .col_expr(recipient::Column::Disturbances, Expr::value(0))
}

/// Makes sure that a slice in which somebody is PENDING again is sent: one that was closed is open,
/// one that waits waits no more, and an ended campaign goes on.
pub(crate) async fn reopen(connection: &impl ConnectionTrait, job: SendSlice) -> Result<(), DbErr> {
    let to_ready = |from| {
        Slice::update_many()
            .col_expr(slice::Column::State, Expr::value(SliceState::Ready))
            .col_expr(slice::Column::NextDueAt, Expr::value(None::<Timestamp>))
            .col_expr(slice::Column::RungAt, Expr::value(None::<Timestamp>))
            .col_expr(slice::Column::Takeovers, Expr::value(0))
            .filter(of(job))
            .filter(slice::Column::State.eq(from))
            .exec(connection)
    };
    to_ready(SliceState::Waiting).await?;
    let reopened = to_ready(SliceState::Closed).await?.rows_affected;
    if reopened > 0 {
        EmailJob::update_many()
            .col_expr(
                email_job::Column::OpenSlices,
                Expr::col(email_job::Column::OpenSlices).add(1),
            )
            .filter(email_job::Column::Id.eq(job.campaign))
            .exec(connection)
            .await?;
    }
    EmailJob::update_many()
        .col_expr(
            email_job::Column::Status,
            Expr::value(CampaignStatus::Processing),
        )
        .col_expr(
            email_job::Column::DesiredState,
            Expr::value(DesiredState::Run),
        )
        .col_expr(
            email_job::Column::CompletedAt,
            Expr::value(None::<Timestamp>),
        )
        .filter(email_job::Column::Id.eq(job.campaign))
        .filter(
            email_job::Column::Status.is_in([CampaignStatus::Completed, CampaignStatus::Failed]),
        )
        .exec(connection)
        .await
        .map(drop)
}
