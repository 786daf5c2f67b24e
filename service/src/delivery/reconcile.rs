//! The reconciler: looks at the rows and rings for whatever is due, again and again. Whoever
//! loses a bell, a process or a queue loses no more than the time until the next look.
//! Everything it does is idempotent.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{CampaignId, Timestamp, campaign::CampaignStatus};
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Slice},
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Delivery, SLICES_AT_ONCE, campaign, rollup};
use crate::{
    campaigns::{LEFT_BEHIND_AFTER, queries, store},
    clock::Clock,
    database::Database,
    queue::{Queue, SendSlice},
};

/// How often it looks when nobody wakes it.
const EVERY: Duration = Duration::from_millis(500);
/// Bells that wait at once: enough to keep the engine busy, few enough that a new campaign is
/// heard soon.
const DEPTH: usize = 2 * SLICES_AT_ONCE;
/// A bell nobody has answered for so long is rung again.
const RING_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// The reconciler of one process.
pub(crate) struct Reconciler {
    pub(crate) database: Arc<Database>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) delivery: Arc<Delivery>,
    pub(crate) woken: Notify,
    /// Whether a campaign may be marked as waiting for the SMTP server; at the start one may be,
    /// from the process before.
    pub(crate) marked: AtomicBool,
}

impl Reconciler {
    /// Has it look now.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Looks until the process stops. A database that is away is asked again at the next look.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        if let Err(error) = self.forget_bells().await {
            tracing::error!(error = &error as &dyn std::error::Error, "old bells remain");
        }
        let mut failing = false;
        loop {
            match self.look().await {
                Ok(()) => failing = false,
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the reconciler cannot look; it tries on",
                    );
                }
                Err(_) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.woken.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// One look: everything that is due is under way when it returns.
    pub(crate) async fn look(&self) -> Result<(), DbErr> {
        let now = self.clock.now();
        self.mark_waiting(now).await?;
        let running = self.running().await?;
        self.roll_up(&running).await?;
        self.end_finished(&running, now).await?;
        self.ring_due(&running, now).await?;
        self.clear_left_behind(now).await
    }

    /// The in-process queue died with the process before: its bells were heard by nobody.
    async fn forget_bells(&self) -> Result<(), DbErr> {
        let transaction = self.database.begin().await?;
        Slice::update_many()
            .col_expr(slice::Column::RungAt, Expr::value(None::<Timestamp>))
            .filter(slice::Column::State.ne(SliceState::Closed))
            .exec(&transaction)
            .await?;
        transaction.commit().await
    }

    async fn mark_waiting(&self, now: Timestamp) -> Result<(), DbErr> {
        let reason = self.delivery.unreachable();
        if reason.is_none() && !self.marked.load(Ordering::Relaxed) {
            return Ok(());
        }
        campaign::mark_unreachable(&self.database, reason.as_deref(), now).await?;
        self.marked.store(reason.is_some(), Ordering::Relaxed);
        Ok(())
    }

    /// Campaigns that are to run, oldest first, with the slices they still have open.
    async fn running(&self) -> Result<Vec<(CampaignId, i64)>, DbErr> {
        EmailJob::find()
            .select_only()
            .columns([email_job::Column::Id, email_job::Column::OpenSlices])
            .filter(email_job::Column::SealedAt.is_not_null())
            .filter(email_job::Column::DesiredState.eq(DesiredState::Run))
            .filter(
                email_job::Column::Status
                    .is_in([CampaignStatus::Pending, CampaignStatus::Processing]),
            )
            .order_by(email_job::Column::Id, Order::Asc)
            .into_tuple()
            .all(self.database.reader())
            .await
    }

    async fn roll_up(&self, running: &[(CampaignId, i64)]) -> Result<(), DbErr> {
        if running.is_empty() {
            return Ok(());
        }
        let ids = running.iter().map(|(id, _)| *id);
        let sums = queries::sums(self.database.reader(), ids).await?;
        let transaction = self.database.begin().await?;
        for sums in &sums {
            rollup::running_campaign(&transaction, sums).await?;
        }
        transaction.commit().await
    }

    /// A campaign none of whose slices is open ends, should its last slice not have ended it.
    async fn end_finished(
        &self,
        running: &[(CampaignId, i64)],
        now: Timestamp,
    ) -> Result<(), DbErr> {
        for (campaign, _) in running.iter().filter(|(_, open)| *open == 0) {
            let transaction = self.database.begin().await?;
            rollup::end_campaign(&transaction, *campaign, now).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Rings for due slices, one of each campaign in turn, until enough bells wait.
    async fn ring_due(&self, running: &[(CampaignId, i64)], now: Timestamp) -> Result<(), DbErr> {
        let mut free = DEPTH.saturating_sub(self.queue.depth());
        let mut turns = VecDeque::new();
        for (campaign, _) in running {
            if free == 0 {
                return Ok(());
            }
            let due = self.due(*campaign, now, free as u64).await?;
            turns.push_back((*campaign, VecDeque::from(due)));
        }
        while free > 0
            && let Some((campaign, mut due)) = turns.pop_front()
        {
            let Some(slice) = due.pop_front() else {
                continue;
            };
            if self.ring(SendSlice { campaign, slice }, now).await? {
                free -= 1;
            }
            turns.push_back((campaign, due));
        }
        Ok(())
    }

    async fn due(
        &self,
        campaign: CampaignId,
        now: Timestamp,
        most: u64,
    ) -> Result<Vec<i64>, DbErr> {
        Slice::find()
            .select_only()
            .column(slice::Column::No)
            .filter(slice::Column::EmailJobId.eq(campaign))
            .filter(self.is_due(now))
            .order_by(slice::Column::No, Order::Asc)
            .limit(most)
            .into_tuple()
            .all(self.database.reader())
            .await
    }

    fn is_due(&self, now: Timestamp) -> Condition {
        let ready = Condition::any()
            .add(slice::Column::State.eq(SliceState::Ready))
            .add(
                Condition::all()
                    .add(slice::Column::State.eq(SliceState::Waiting))
                    .add(slice::Column::NextDueAt.lte(now)),
            )
            // Left by a process that is gone.
            .add(
                Condition::all()
                    .add(slice::Column::State.eq(SliceState::Leased))
                    .add(slice::Column::Owner.ne(self.delivery.owner())),
            );
        let unheard = now.minus(RING_AGAIN_AFTER);
        Condition::all().add(ready).add(
            Condition::any()
                .add(slice::Column::RungAt.is_null())
                .add(slice::Column::RungAt.lte(unheard)),
        )
    }

    /// Rings once, whoever else looks at the same time; false when another was faster.
    async fn ring(&self, job: SendSlice, now: Timestamp) -> Result<bool, DbErr> {
        let transaction = self.database.begin().await?;
        let rung = Slice::update_many()
            .col_expr(slice::Column::RungAt, Expr::value(now))
            .filter(slice::Column::EmailJobId.eq(job.campaign))
            .filter(slice::Column::No.eq(job.slice))
            .filter(self.is_due(now))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        if rung.rows_affected == 0 {
            return Ok(false);
        }
        if let Err(error) = self.queue.ring(job) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a bell was not heard"
            );
        }
        Ok(true)
    }

    async fn clear_left_behind(&self, now: Timestamp) -> Result<(), DbErr> {
        let long_ago = now.minus(LEFT_BEHIND_AFTER);
        let left: Vec<CampaignId> = EmailJob::find()
            .select_only()
            .column(email_job::Column::Id)
            .filter(email_job::Column::SealedAt.is_null())
            .filter(email_job::Column::TouchedAt.lt(long_ago))
            .into_tuple()
            .all(self.database.reader())
            .await?;
        for campaign in left {
            store::delete_unsealed(&self.database, campaign).await?;
            tracing::info!(
                campaign.id = campaign.0,
                "a campaign that was never finished is gone"
            );
        }
        Ok(())
    }
}
