//! Where ids come from. The application makes them, in blocks, so that no insert depends on a
//! key the database made; they start at 1 and stay small.

use entity::{id_block, prelude::IdBlock};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};

use crate::database::{Database, repeated};

/// What an id names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Campaign,
    Recipient,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "email_job",
            Self::Recipient => "recipient",
        }
    }
}

/// Reserves `count` ids that follow each other and returns the first. Two callers, in whatever
/// processes, never get the same one. The transaction is short and of its own: a long one would
/// hold this row against everybody else who creates.
pub(crate) async fn reserve(database: &Database, kind: Kind, count: usize) -> Result<i64, DbErr> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    repeated(|| reserve_once(database, kind, count)).await
}

async fn reserve_once(database: &Database, kind: Kind, count: i64) -> Result<i64, DbErr> {
    let transaction = database.begin().await?;
    IdBlock::update_many()
        .col_expr(
            id_block::Column::NextId,
            Expr::col(id_block::Column::NextId).add(count),
        )
        .filter(id_block::Column::Kind.eq(kind.as_str()))
        .exec(&transaction)
        .await?;
    let block = IdBlock::find_by_id(kind.as_str())
        .one(&transaction)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(format!("id_block {}", kind.as_str())))?;
    transaction.commit().await?;
    Ok(block.next_id - count)
}
