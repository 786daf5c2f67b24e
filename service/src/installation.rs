//! What makes this installation itself: its secret, made at first start and kept.

use domain::Timestamp;
use entity::{installation, prelude::Installation};
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait, sea_query::OnConflict};
use secrecy::SecretString;

use crate::database::{Database, repeated};

const ONLY_ROW: i32 = 1;

/// The installation's secret, the same for every process and every start.
pub(crate) async fn secret(database: &Database, now: Timestamp) -> Result<SecretString, DbErr> {
    if let Some(row) = Installation::find_by_id(ONLY_ROW)
        .one(database.reader())
        .await?
    {
        return Ok(row.secret.into());
    }
    let fresh = installation::ActiveModel {
        id: Set(ONLY_ROW),
        secret: Set(hex::encode(rand::random::<[u8; 32]>())),
        created_at: Set(now),
    };
    repeated(|| insert(database, fresh.clone())).await?;
    let row = Installation::find_by_id(ONLY_ROW)
        .one(database.reader())
        .await?;
    row.map(|row| row.secret.into())
        .ok_or_else(|| DbErr::RecordNotFound("installation".to_owned()))
}

/// Where two processes start at once, the first one's secret is everybody's.
async fn insert(database: &Database, fresh: installation::ActiveModel) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    Installation::insert(fresh)
        .on_conflict(
            OnConflict::column(installation::Column::Id)
                .update_column(installation::Column::Id)
                .to_owned(),
        )
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await
}
