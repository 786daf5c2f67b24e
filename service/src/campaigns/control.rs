//! A person's hand on a campaign that is stored: what it wants is one transaction on the
//! campaign's row, and workers and reconcilers follow.

use domain::{
    CampaignId, Timestamp,
    campaign::{
        CampaignStatus::{
            self, Cancelled, Cancelling, Completed, Draft, Failed, Paused, Pending, Processing,
            Scheduled,
        },
        EventKind,
    },
};
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Slice},
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, ExprTrait, QueryFilter, UpdateMany, sea_query::Expr,
};

use super::timeline::Event;
use crate::database::{Database, repeated};

/// What a person wants of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A draft is to be sent now.
    Start,
    /// It is to stand still.
    Pause,
    /// It is to go on.
    Resume,
    /// Nobody more is to be written to.
    Cancel,
    /// It is to be gone.
    Delete,
}

impl Wish {
    /// Where a campaign must stand for it.
    fn from(self) -> &'static [CampaignStatus] {
        match self {
            Self::Start => &[Draft, Scheduled],
            Self::Pause => &[Pending, Processing],
            Self::Resume => &[Paused],
            Self::Cancel => &[Draft, Scheduled, Pending, Processing, Paused],
            Self::Delete => &[Draft, Scheduled, Completed, Failed, Cancelled],
        }
    }

    /// Where a campaign stands of which this was wished before: wishing it again changes nothing.
    fn fulfilled(self) -> &'static [CampaignStatus] {
        match self {
            Self::Start | Self::Resume => &[Pending, Processing],
            Self::Pause => &[Paused],
            Self::Cancel => &[Cancelling, Cancelled],
            Self::Delete => &[],
        }
    }

    /// Whether it is fulfilled in this status already.
    pub(super) fn is_fulfilled_in(self, status: CampaignStatus) -> bool {
        self.fulfilled().contains(&status)
    }

    /// What it is called where it cannot be.
    pub(super) fn participle(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Cancel => "cancelled",
            Self::Delete => "deleted: cancel it first",
        }
    }

    fn apply(self, now: Timestamp) -> UpdateMany<EmailJob> {
        let update = EmailJob::update_many().col_expr(
            email_job::Column::Version,
            Expr::col(email_job::Column::Version).add(1),
        );
        let update = match self {
            Self::Start | Self::Pause | Self::Resume | Self::Cancel => {
                without_a_waiting_note(update)
            }
            Self::Delete => update,
        };
        let to = |update: UpdateMany<EmailJob>, status: CampaignStatus, desired: DesiredState| {
            update
                .col_expr(email_job::Column::Status, Expr::value(status))
                .col_expr(email_job::Column::DesiredState, Expr::value(desired))
        };
        match self {
            Self::Start => to(update, Pending, DesiredState::Run),
            Self::Pause => to(update, Paused, DesiredState::Pause),
            Self::Resume => to(update, Processing, DesiredState::Run).col_expr(
                email_job::Column::StartedAt,
                Expr::col(email_job::Column::StartedAt).if_null(now),
            ),
            Self::Cancel => to(update, Cancelling, DesiredState::Cancel),
            // Hidden at once, and cleared away like what was never sealed.
            Self::Delete => update
                .col_expr(
                    email_job::Column::DesiredState,
                    Expr::value(DesiredState::Cancel),
                )
                .col_expr(email_job::Column::SealedAt, Expr::value(None::<Timestamp>))
                .col_expr(email_job::Column::TouchedAt, Expr::value(Timestamp(0)))
                // Whoever imports into it adds nothing more.
                .col_expr(email_job::Column::ImportToken, Expr::value(None::<String>))
                .col_expr(
                    email_job::Column::IdempotencyKey,
                    Expr::value(None::<String>),
                ),
        }
    }

    /// What must be so beside that.
    fn condition(self) -> Condition {
        match self {
            // Its list is not complete.
            Self::Start => Condition::all().add(email_job::Column::ImportToken.is_null()),
            Self::Pause | Self::Resume | Self::Cancel | Self::Delete => Condition::all(),
        }
    }

    fn event(self) -> Option<EventKind> {
        match self {
            Self::Start => Some(EventKind::Started),
            Self::Pause => Some(EventKind::Paused),
            Self::Resume => Some(EventKind::Resumed),
            Self::Cancel => Some(EventKind::Cancelled),
            Self::Delete => None,
        }
    }
}

/// Fulfils a wish; false when the campaign does not stand where that is possible.
pub(super) async fn fulfil(
    database: &Database,
    campaign: CampaignId,
    wish: Wish,
    now: Timestamp,
) -> Result<bool, DbErr> {
    repeated(async || {
        let transaction = database.begin().await?;
        let moved = wish
            .apply(now)
            .filter(email_job::Column::Id.eq(campaign))
            .filter(email_job::Column::SealedAt.is_not_null())
            .filter(email_job::Column::Status.is_in(wish.from().iter().copied()))
            .filter(wish.condition())
            .exec(&transaction)
            .await?;
        if moved.rows_affected == 0 {
            return Ok(false);
        }
        if wish == Wish::Resume {
            forgive(campaign).exec(&transaction).await?;
        }
        if let Some(kind) = wish.event() {
            Event::of(campaign, kind).write(&transaction, now).await?;
        }
        transaction.commit().await?;
        Ok(true)
    })
    .await
}

/// Slices that were set aside are tried again, and bells from before are rung anew.
fn forgive(campaign: CampaignId) -> UpdateMany<Slice> {
    Slice::update_many()
        .col_expr(slice::Column::Takeovers, Expr::value(0))
        .col_expr(slice::Column::RungAt, Expr::value(None::<Timestamp>))
        .filter(slice::Column::EmailJobId.eq(campaign))
        .filter(slice::Column::State.is_in([SliceState::Ready, SliceState::Waiting]))
        .filter(
            Condition::any()
                .add(slice::Column::Takeovers.gt(0))
                .add(slice::Column::RungAt.is_not_null()),
        )
}

fn without_a_waiting_note(update: UpdateMany<EmailJob>) -> UpdateMany<EmailJob> {
    update
        .col_expr(email_job::Column::WaitingCode, Expr::value(None::<String>))
        .col_expr(
            email_job::Column::WaitingDetail,
            Expr::value(None::<String>),
        )
        .col_expr(
            email_job::Column::WaitingSince,
            Expr::value(None::<Timestamp>),
        )
}

/// Starts those of `due` whose time has come by `now`.
pub(crate) async fn start_scheduled(
    database: &Database,
    due: impl IntoIterator<Item = CampaignId>,
    now: Timestamp,
) -> Result<(), DbErr> {
    for campaign in due {
        let started = repeated(async || {
            let transaction = database.begin().await?;
            let started = Wish::Start
                .apply(now)
                .filter(email_job::Column::Id.eq(campaign))
                // Somebody may have put it off meanwhile.
                .filter(email_job::Column::Status.eq(Scheduled))
                .filter(email_job::Column::ScheduledAt.lte(now))
                .filter(Wish::Start.condition())
                .exec(&transaction)
                .await?;
            if started.rows_affected > 0 {
                let event = Event::of(campaign, EventKind::Started).detail("at its time");
                event.write(&transaction, now).await?;
            }
            transaction.commit().await?;
            Ok(started.rows_affected > 0)
        })
        .await?;
        if started {
            tracing::info!(campaign.id = campaign.0, "campaign started at its time");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_moves_a_campaign_only_along_the_table() {
        for (wish, to) in [
            (Wish::Start, Pending),
            (Wish::Pause, Paused),
            (Wish::Resume, Processing),
            (Wish::Cancel, Cancelling),
        ] {
            for from in wish.from() {
                assert!(from.may_become(to), "{from:?} -> {to:?}");
            }
            assert!(wish.is_fulfilled_in(to));
        }
    }

    #[test]
    fn what_is_being_sent_is_never_deleted() {
        for status in [Pending, Processing, Cancelling] {
            assert!(!Wish::Delete.from().contains(&status));
        }
    }
}
