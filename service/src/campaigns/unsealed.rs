//! Campaigns that were never sealed, or are sealed no more: what is left of them goes away.

use domain::CampaignId;
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Slice},
    slice,
};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, sea_query::Expr};

use super::{rows, timeline};
use crate::database::{Database, repeated};

/// Takes a campaign that was never sealed away, with its key. Does nothing to a sealed one.
pub(crate) async fn delete_unsealed(database: &Database, id: CampaignId) -> Result<(), DbErr> {
    if !repeated(|| give_up(database, id)).await? {
        return Ok(());
    }
    rows::clear(database, id, 0, None).await?;
    repeated(async || {
        let transaction = database.begin().await?;
        Slice::delete_many()
            .filter(slice::Column::EmailJobId.eq(id))
            .exec(&transaction)
            .await?;
        timeline::forget(&transaction, id).await?;
        EmailJob::delete_many()
            .filter(is_unsealed(id))
            .exec(&transaction)
            .await?;
        transaction.commit().await
    })
    .await
}

/// Makes sure that nobody seals it any more or adds to it, and that its key is free; false when it
/// is sealed already.
pub(super) async fn give_up(database: &Database, id: CampaignId) -> Result<bool, DbErr> {
    let transaction = database.begin().await?;
    let given_up = EmailJob::update_many()
        .col_expr(
            email_job::Column::DesiredState,
            Expr::value(DesiredState::Cancel),
        )
        .col_expr(email_job::Column::ImportToken, Expr::value(None::<String>))
        .col_expr(
            email_job::Column::IdempotencyKey,
            Expr::value(None::<String>),
        )
        .filter(is_unsealed(id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(given_up.rows_affected > 0)
}

pub(super) fn is_unsealed(id: CampaignId) -> Condition {
    Condition::all()
        .add(email_job::Column::Id.eq(id))
        .add(email_job::Column::SealedAt.is_null())
}
