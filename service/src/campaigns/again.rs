//! Sending again, and settling what nobody can know: retry and resolve.
//!
//! Slice by slice, each in one transaction of its own that moves its rows, its counters and its
//! campaign together: a million rows in one would hold everybody else up, and every moment
//! between two of them is a true one.

use domain::{
    CampaignId, RecipientId, Timestamp,
    campaign::{EventKind, Resolution, RetryRequest, RetryStatus, Whom},
    recipient::{NO_ENHANCED_CODE, RecipientStatus},
};
use entity::{
    email_job,
    prelude::{EmailJob, Recipient, Slice},
    recipient, slice,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, Order, QueryFilter,
    QueryOrder, QuerySelect, UpdateMany, sea_query::Expr,
};

use super::timeline::Event;
use crate::{
    database::{Database, repeated},
    delivery::{rollup, slices},
    failpoints::failpoint,
    queue::SendSlice,
};

/// What becomes of whom.
#[derive(Clone, Debug)]
pub(super) struct Again {
    from: RecipientStatus,
    to: RecipientStatus,
    only: Condition,
    event: EventKind,
}

impl Again {
    /// Those who failed, or whose outcome is unknown, are sent to once more.
    pub(super) fn retry(request: &RetryRequest) -> Self {
        let mut only = Condition::all();
        if let Some(code) = request.code {
            only = only.add(recipient::Column::Code.eq(i32::from(code)));
        }
        only = match request.enhanced_code.as_deref() {
            None | Some("") => only,
            Some(NO_ENHANCED_CODE) => only.add(recipient::Column::EnhancedCode.is_null()),
            Some(code) => only.add(recipient::Column::EnhancedCode.eq(code)),
        };
        Self {
            from: request.status.into(),
            to: RecipientStatus::Pending,
            only,
            event: match request.status {
                RetryStatus::Failed => EventKind::Retried,
                RetryStatus::Unknown => EventKind::Resent,
            },
        }
    }

    /// Those whose outcome is unknown are taken for sent, or sent to once more.
    pub(super) fn resolve(resolution: Resolution, whom: &Whom) -> Self {
        let (to, event) = match resolution {
            Resolution::Sent => (RecipientStatus::Sent, EventKind::TreatedAsSent),
            Resolution::Resend => (RecipientStatus::Pending, EventKind::Resent),
        };
        let only = match whom {
            Whom::All => Condition::all(),
            Whom::These(ids) => Condition::all().add(is_one_of(ids)),
        };
        Self {
            from: RecipientStatus::Unknown,
            to,
            only,
            event,
        }
    }

    /// Whether it only settles, so that nobody is sent anything.
    pub(super) fn sends_nothing(&self) -> bool {
        self.to == RecipientStatus::Sent
    }

    fn update(&self, now: Timestamp) -> UpdateMany<Recipient> {
        if self.to == RecipientStatus::Pending {
            return slices::to_pending();
        }
        Recipient::update_many()
            .col_expr(recipient::Column::Status, Expr::value(self.to))
            .col_expr(
                recipient::Column::Trouble,
                Expr::value(None::<RecipientStatus>),
            )
            .col_expr(recipient::Column::Error, Expr::value(None::<String>))
            .col_expr(recipient::Column::Phase, Expr::value(None::<String>))
            .col_expr(recipient::Column::FinishedAt, Expr::value(now))
    }

    /// The slice's counter for those who leave it.
    fn counter(&self) -> slice::Column {
        match self.from {
            RecipientStatus::Unknown => slice::Column::Unknown,
            _ => slice::Column::Failed,
        }
    }
}

fn is_one_of(ids: &[RecipientId]) -> sea_orm::sea_query::SimpleExpr {
    recipient::Column::Id.is_in(ids.iter().copied())
}

/// Moves everybody it concerns, and returns how many. Repeating it moves nobody twice.
pub(super) async fn everybody(
    database: &Database,
    campaign: CampaignId,
    again: &Again,
    now: Timestamp,
) -> Result<u64, DbErr> {
    let concerned: Vec<(i64, i64, i64)> = Slice::find()
        .select_only()
        .columns([
            slice::Column::No,
            slice::Column::FirstNo,
            slice::Column::LastNo,
        ])
        .filter(slice::Column::EmailJobId.eq(campaign))
        .filter(again.counter().gt(0))
        .order_by(slice::Column::No, Order::Asc)
        .into_tuple()
        .all(database.reader())
        .await?;
    let mut moved = 0;
    for (no, first, last) in concerned {
        let job = SendSlice {
            campaign,
            slice: no,
        };
        moved += repeated(|| one_slice(database, job, (first, last), again, now)).await?;
        failpoint!("again::slice");
    }
    if moved > 0 {
        repeated(async || {
            let transaction = database.begin().await?;
            let event = Event::of(campaign, again.event).amount(moved);
            event.write(&transaction, now).await?;
            rollup::finished_campaign(&transaction, campaign).await?;
            transaction.commit().await
        })
        .await?;
    }
    Ok(moved)
}

async fn one_slice(
    database: &Database,
    job: SendSlice,
    (first, last): (i64, i64),
    again: &Again,
    now: Timestamp,
) -> Result<u64, DbErr> {
    let transaction = database.begin().await?;
    // Before its rows are looked at: a release that counts them must see all of this or nothing.
    let of = || {
        Slice::update_many()
            .filter(slice::Column::EmailJobId.eq(job.campaign))
            .filter(slice::Column::No.eq(job.slice))
    };
    of().col_expr(slice::Column::Epoch, Expr::col(slice::Column::Epoch))
        .exec(&transaction)
        .await?;
    let moved = again
        .update(now)
        .filter(recipient::Column::EmailJobId.eq(job.campaign))
        .filter(recipient::Column::No.between(first, last))
        .filter(recipient::Column::Trouble.eq(again.from))
        .filter(again.only.clone())
        .exec(&transaction)
        .await?
        .rows_affected;
    if moved == 0 {
        return Ok(0);
    }
    let by = i64::try_from(moved).unwrap_or(i64::MAX);
    let mut counters = of().col_expr(again.counter(), Expr::col(again.counter()).sub(by));
    if again.to == RecipientStatus::Sent {
        counters = counters.col_expr(slice::Column::Sent, Expr::col(slice::Column::Sent).add(by));
    }
    counters.exec(&transaction).await?;
    if again.to == RecipientStatus::Pending {
        slices::reopen(&transaction, job).await?;
    }
    raise_version(&transaction, job.campaign).await?;
    transaction.commit().await?;
    Ok(moved)
}

async fn raise_version(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<(), DbErr> {
    EmailJob::update_many()
        .col_expr(
            email_job::Column::Version,
            Expr::col(email_job::Column::Version).add(1),
        )
        .filter(email_job::Column::Id.eq(campaign))
        .exec(connection)
        .await
        .map(drop)
}
