//! The fence around a campaign that is added to.

use domain::{CampaignId, Timestamp};
use entity::{
    email_job::{self, DesiredState},
    prelude::EmailJob,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr,
};

use crate::database::{Database, repeated};

/// Which campaign is added to, and what must still be so for anything to be added.
#[derive(Clone, Debug)]
pub(in crate::campaigns) struct Place {
    pub(in crate::campaigns) campaign: CampaignId,
    /// Whose import it is; none while the campaign itself is being stored.
    pub(in crate::campaigns) token: Option<String>,
}

impl Place {
    /// What must still be so.
    pub(in crate::campaigns) fn condition(&self) -> Condition {
        let id = Condition::all().add(email_job::Column::Id.eq(self.campaign));
        match &self.token {
            Some(token) => id.add(email_job::Column::ImportToken.eq(token.as_str())),
            None => id
                .add(email_job::Column::SealedAt.is_null())
                .add(email_job::Column::DesiredState.eq(DesiredState::Run)),
        }
    }

    /// Says that somebody is still adding to it. Fails when it was given up as left behind: what is
    /// added to nothing would stay for ever. Then its transaction is to be undone.
    ///
    /// It may come last, so that the campaign's row is held no longer than the commit takes. Whoever
    /// gives a campaign up changes this very row, and of two who change a row one waits for the
    /// other's end and goes by what that one left, under READ COMMITTED too. So a transaction either
    /// ends before the campaign is given up, and whoever clears it away afterwards sees all of it;
    /// or it touches the row later, and comes to nothing. What it wrote until then is locked, and who
    /// clears waits for that.
    pub(in crate::campaigns) async fn touch(
        &self,
        connection: &impl ConnectionTrait,
        now: Timestamp,
    ) -> Result<(), DbErr> {
        let touched = EmailJob::update_many()
            .col_expr(email_job::Column::TouchedAt, Expr::value(now))
            .filter(self.condition())
            .exec(connection)
            .await?;
        if touched.rows_affected == 0 {
            let what = "the campaign that is being added to";
            return Err(DbErr::RecordNotFound(what.to_owned()));
        }
        Ok(())
    }

    /// The same, in a transaction of its own.
    pub(in crate::campaigns) async fn stay(
        &self,
        database: &Database,
        now: Timestamp,
    ) -> Result<(), DbErr> {
        repeated(async || {
            let transaction = database.begin().await?;
            self.touch(&transaction, now).await?;
            transaction.commit().await
        })
        .await
    }
}
