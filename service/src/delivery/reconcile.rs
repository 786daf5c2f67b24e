//! The reconciler: looks at the rows and sets going whatever is due, again and again, in every
//! process. Whoever loses a bell, a process or a queue loses no more than the time until the
//! next look. Everything it does is idempotent.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{CampaignId, Timestamp};
use entity::{
    email_job,
    prelude::{EmailJob, Slice},
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    Delivery,
    active::{Active, Concerned, active_campaigns},
    campaign, lease,
    ring::{Ringer, Standing},
    rollup, slices,
    waiting::{Movements, Obstacles},
};
use crate::{
    campaigns::{LEFT_BEHIND_AFTER, control, import, unsealed},
    clock::Clock,
    config::Uncertain,
    database::{Database, repeated},
    queue::{QueueEnd, SendSlice},
    workers::Workers,
};

/// How often it looks when nobody wakes it.
const EVERY: Duration = Duration::from_millis(500);
/// The least pause between two looks, however often it is woken.
const PAUSE: Duration = Duration::from_millis(50);
/// How often it looks for what is rarely there.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// Slices of one cancelled campaign that are skipped at one look.
const SKIPPED_AT_A_LOOK: u64 = 100;

/// The reconciler of one process.
pub(crate) struct Reconciler {
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    queue: QueueEnd,
    /// Where this process sends.
    delivery: Option<Arc<Delivery>>,
    workers: Arc<Workers>,
    ringer: Ringer,
    movements: Movements,
    uncertain: Uncertain,
    woken: Arc<Notify>,
}

/// What a reconciler looks at.
pub(crate) struct Parts {
    pub(crate) database: Arc<Database>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) queue: QueueEnd,
    pub(crate) delivery: Option<Arc<Delivery>>,
    pub(crate) workers: Arc<Workers>,
    pub(crate) uncertain: Uncertain,
    /// Notified when a slice was let go.
    pub(crate) woken: Arc<Notify>,
}

impl Reconciler {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            ringer: Ringer::new(Arc::clone(&parts.database), parts.queue.clone()),
            movements: Movements::default(),
            database: parts.database,
            clock: parts.clock,
            queue: parts.queue,
            delivery: parts.delivery,
            workers: parts.workers,
            uncertain: parts.uncertain,
            woken: parts.woken,
        }
    }

    /// Has it look now.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Looks until the process stops. A database that is away is asked again at the next look.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        let mut failing = !report(self.forget_the_past().await, false);
        let mut tidied = None;
        loop {
            failing = !report(self.look().await, failing);
            if tidied.is_none_or(|at: Instant| at.elapsed() >= TIDY_EVERY) {
                tidied = Some(Instant::now());
                failing |= !report(self.tidy().await, failing);
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.woken.notified() => tokio::time::sleep(PAUSE).await,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// One look: everything that is due is under way when it returns.
    pub(crate) async fn look(&self) -> Result<(), DbErr> {
        let now = self.clock.now();
        self.workers.look(self.database.reader()).await?;
        let Concerned {
            running,
            cancelling,
        } = self.concerned(now).await?;
        if let Some(delivery) = &self.delivery {
            delivery.keep_only(&running.iter().map(|campaign| campaign.id).collect());
        }
        self.skip_cancelled(&cancelling, now).await?;
        let hearing = self.ringer.listen(now).await;
        let standings = self
            .ringer
            .standings(running.iter().map(|campaign| campaign.id), &hearing)
            .await?;
        let workers = self.workers.alive().processes;
        self.ringer.ring_due(&standings, workers, &hearing).await?;
        self.movements.note(&standings);
        self.bring_up_to_date(&running, &standings, now).await?;
        self.end_finished(&running, now).await
    }

    /// Takes back a bell that this process cannot answer now, so that it is rung again.
    pub(crate) async fn unring(&self, job: SendSlice) -> Result<(), DbErr> {
        self.ringer.unmark(job).await
    }

    /// Where one process has the database to itself, whoever held a slice is gone, and its bells
    /// with it.
    async fn forget_the_past(&self) -> Result<(), DbErr> {
        if !self.database.is_exclusive() {
            return Ok(());
        }
        import::clear_all(&self.database, self.clock.as_ref()).await?;
        lease::expire_all(&self.database, self.clock.as_ref(), self.uncertain).await?;
        let transaction = self.database.begin().await?;
        Slice::update_many()
            .col_expr(slice::Column::RungAt, Expr::value(None::<Timestamp>))
            .filter(slice::Column::State.ne(SliceState::Closed))
            .exec(&transaction)
            .await?;
        transaction.commit().await
    }

    /// The campaigns that this look is about, once those have been started whose time has come.
    async fn concerned(&self, now: Timestamp) -> Result<Concerned, DbErr> {
        let active = active_campaigns(self.database.reader(), now).await?;
        let due = active
            .iter()
            .filter(|campaign| campaign.is_due())
            .map(|campaign| campaign.id);
        let due: Vec<_> = due.collect();
        if due.is_empty() {
            return Ok(Concerned::of(active));
        }
        control::start_scheduled(&self.database, due, now).await?;
        let active = active_campaigns(self.database.reader(), now).await?;
        Ok(Concerned::of(active))
    }

    /// Brings the campaigns' own counters up to date, and what is said of them while they stand
    /// still. Writes only what has changed.
    async fn bring_up_to_date(
        &self,
        running: &[Active],
        standings: &[Standing],
        now: Timestamp,
    ) -> Result<(), DbErr> {
        let obstacles_of = |campaign: &Active| Obstacles {
            rest: self
                .delivery
                .as_ref()
                .and_then(|delivery| delivery.rest(&campaign.smtp_server, &campaign.from_email)),
            no_worker_for: self.workers.unseen_for(),
            now,
        };
        let by_campaign: HashMap<_, _> = standings
            .iter()
            .filter_map(|standing| Some((standing.sums.email_job_id?, standing)))
            .collect();
        for campaign in running {
            let Some(standing) = by_campaign.get(&campaign.id) else {
                continue;
            };
            if !campaign.says(&standing.sums) {
                repeated(|| rollup::running_campaign(&self.database, &standing.sums)).await?;
            }
            let obstacles = obstacles_of(campaign);
            if let Some(note) = self.movements.judge(campaign, standing, &obstacles) {
                repeated(|| campaign::note_waiting(&self.database, campaign.id, &note, now))
                    .await?;
            }
        }
        Ok(())
    }

    /// Skips whoever is left of cancelled campaigns, slice by slice; those that are held are given
    /// up by their owners first.
    async fn skip_cancelled(&self, cancelling: &[Active], now: Timestamp) -> Result<(), DbErr> {
        for cancelled in cancelling {
            let campaign = cancelled.id;
            let left = Slice::find()
                .select_only()
                .column(slice::Column::No)
                .filter(slice::Column::EmailJobId.eq(campaign))
                .filter(slice::Column::State.is_in([SliceState::Ready, SliceState::Waiting]))
                .order_by(slice::Column::No, Order::Asc)
                .limit(SKIPPED_AT_A_LOOK)
                .into_tuple::<i64>()
                .all(self.database.reader())
                .await?;
            for slice in left {
                slices::skip(&self.database, SendSlice { campaign, slice }, now).await?;
            }
            if cancelled.open_slices == 0 {
                self.end(campaign, now).await?;
            }
        }
        Ok(())
    }

    /// A campaign none of whose slices is open ends, should its last slice not have ended it.
    async fn end_finished(&self, running: &[Active], now: Timestamp) -> Result<(), DbErr> {
        for campaign in running.iter().filter(|campaign| campaign.open_slices == 0) {
            self.end(campaign.id, now).await?;
        }
        Ok(())
    }

    async fn end(&self, campaign: CampaignId, now: Timestamp) -> Result<(), DbErr> {
        repeated(async || {
            let transaction = self.database.begin().await?;
            rollup::end_campaign(&transaction, campaign, now).await?;
            transaction.commit().await
        })
        .await
    }

    /// Takes away what nobody needs any more.
    async fn tidy(&self) -> Result<(), DbErr> {
        if let Err(error) = self.queue.as_queue().sweep().await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the queue was not swept"
            );
        }
        import::clear_left_behind(&self.database, self.clock.as_ref()).await?;
        self.clear_left_behind(self.clock.now()).await
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
            unsealed::delete_unsealed(&self.database, campaign).await?;
            tracing::info!(
                campaign.id = campaign.0,
                "what was left of a campaign is gone"
            );
        }
        Ok(())
    }
}

/// Whether it went well; a failure is logged once in a row.
fn report(looked: Result<(), DbErr>, failing: bool) -> bool {
    match looked {
        Ok(()) => true,
        Err(error) => {
            if !failing {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the reconciler cannot look; it tries on",
                );
            }
            false
        }
    }
}
