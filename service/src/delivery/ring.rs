//! Ringing for slices that are due: fairly, not twice, and never more than the queue can bear.

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{CampaignId, Timestamp};
use entity::{
    prelude::Slice,
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, ExprTrait, FromQueryResult, Order, QueryFilter,
    QueryOrder, QuerySelect, sea_query::Expr,
};

use super::SLICES_AT_ONCE;
use crate::{
    campaigns::queries::{self, SliceSums},
    database::{Database, repeated},
    failpoints::failpoint,
    queue::{QueueEnd, SendSlice},
};

/// Bells that wait at once, over all campaigns. apalis' Redis backend stands still for good from
/// some eight thousand, and a bell that waits long says nothing true any more.
const MOST_WAITING: usize = 256;
/// Bells rung in one look, so that many processes that look at once stay near the cap.
const MOST_AT_A_LOOK: usize = 64;
/// Bells of one campaign that wait for each worker: enough that it never idles, few enough that a
/// campaign that comes later is soon heard.
const AHEAD_OF_A_WORKER: usize = SLICES_AT_ONCE / 2;
/// When nothing waits in the queue, a bell that was rung so long ago has been lost.
const LOST_AFTER: Duration = Duration::from_secs(10);
/// While others wait it may be among them for long.
const UNHEARD_AFTER: Duration = Duration::from_mins(5);

/// How a running campaign stands.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub(super) struct Standing {
    #[sea_orm(nested)]
    pub(super) sums: SliceSums,
    /// Slices that somebody may start with now, and that are not rung for.
    pub(super) due: i64,
    /// Slices that are rung for and that nobody has taken yet.
    pub(super) ahead: i64,
    /// Slices somebody holds.
    pub(super) leased: i64,
}

impl Standing {
    /// Whether there is anything to do now: otherwise everybody left is deferred.
    pub(super) fn has_work(&self) -> bool {
        self.due + self.ahead + self.leased > 0
    }
}

/// What one look knows of the queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hearing {
    /// How many bells may be rung now.
    room: usize,
    now: Timestamp,
    /// Bells rung until then are given up and rung again.
    unheard: Timestamp,
}

/// Rings.
#[derive(Debug)]
pub(super) struct Ringer {
    database: Arc<Database>,
    queue: QueueEnd,
    /// Whether the queue was away at the last look: said once.
    away: AtomicBool,
}

impl Ringer {
    pub(super) fn new(database: Arc<Database>, queue: QueueEnd) -> Self {
        Self {
            database,
            queue,
            away: false.into(),
        }
    }

    /// What the queue can take now; nothing while it cannot be reached.
    pub(super) async fn listen(&self, now: Timestamp) -> Hearing {
        let depth = self.queue.as_queue().depth().await;
        let was_away = self.away.swap(depth.is_err(), Ordering::Relaxed);
        let depth = match depth {
            Ok(depth) => {
                if was_away {
                    tracing::info!("the queue is back");
                }
                depth
            }
            Err(error) => {
                if !was_away {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "nothing is rung for now"
                    );
                }
                MOST_WAITING
            }
        };
        let patience = if depth == 0 {
            LOST_AFTER
        } else {
            UNHEARD_AFTER
        };
        Hearing {
            room: MOST_WAITING.saturating_sub(depth).min(MOST_AT_A_LOOK),
            now,
            unheard: now.minus(patience),
        }
    }

    /// How each of these campaigns stands.
    pub(super) async fn standings(
        &self,
        campaigns: impl IntoIterator<Item = CampaignId>,
        hearing: &Hearing,
    ) -> Result<Vec<Standing>, DbErr> {
        let campaigns: Vec<_> = campaigns.into_iter().collect();
        if campaigns.is_empty() {
            return Ok(Vec::new());
        }
        queries::slice_sums(campaigns)
            .expr_as(count_of(is_due(hearing)), "due")
            .expr_as(count_of(is_ahead(hearing)), "ahead")
            .expr_as(
                count_of(Condition::all().add(slice::Column::State.eq(SliceState::Leased))),
                "leased",
            )
            .into_model::<Standing>()
            .all(self.database.reader())
            .await
    }

    /// Rings for due slices, one of each campaign in turn, those first that have the fewest bells
    /// waiting.
    pub(super) async fn ring_due(
        &self,
        standings: &[Standing],
        workers: usize,
        hearing: &Hearing,
    ) -> Result<(), DbErr> {
        let most_ahead = AHEAD_OF_A_WORKER * workers.max(1);
        let mut order: Vec<_> = standings
            .iter()
            .filter(|standing| standing.due > 0)
            .collect();
        order.sort_by_key(|standing| (standing.ahead, standing.sums.email_job_id));
        let mut turns = VecDeque::new();
        for standing in order.into_iter().take(hearing.room) {
            let ahead = usize::try_from(standing.ahead).unwrap_or(usize::MAX);
            let most = most_ahead.saturating_sub(ahead).min(hearing.room);
            if let (Some(campaign), 1..) = (standing.sums.email_job_id, most) {
                turns.push_back(self.due(campaign, hearing, most).await?);
            }
        }
        let jobs = in_turn(turns, hearing.room);
        if jobs.is_empty() {
            return Ok(());
        }
        let marked = repeated(|| self.mark(&jobs, hearing)).await?;
        failpoint!("ring::marked");
        if let Err(error) = self.queue.as_queue().ring(&marked).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                bells = marked.len(),
                "bells were not heard; they are rung again"
            );
        }
        Ok(())
    }

    /// Takes back the mark of a bell that nobody could answer now, so that it is rung again.
    pub(super) async fn unmark(&self, job: SendSlice) -> Result<(), DbErr> {
        let transaction = self.database.begin().await?;
        of(job)
            .col_expr(slice::Column::RungAt, Expr::value(None::<Timestamp>))
            .exec(&transaction)
            .await?;
        transaction.commit().await
    }

    async fn due(
        &self,
        campaign: CampaignId,
        hearing: &Hearing,
        most: usize,
    ) -> Result<VecDeque<SendSlice>, DbErr> {
        let numbers: Vec<i64> = Slice::find()
            .select_only()
            .column(slice::Column::No)
            .filter(slice::Column::EmailJobId.eq(campaign))
            .filter(is_due(hearing))
            .order_by(slice::Column::No, Order::Asc)
            .limit(most as u64)
            .into_tuple()
            .all(self.database.reader())
            .await?;
        Ok(numbers
            .into_iter()
            .map(|slice| SendSlice { campaign, slice })
            .collect())
    }

    /// Marks slices as rung for, by compare-and-set: whoever else looks at the same time marks
    /// others. Returns those that are this process's to ring for, in the order of `jobs`.
    async fn mark(&self, jobs: &[SendSlice], hearing: &Hearing) -> Result<Vec<SendSlice>, DbErr> {
        // By number, so that two transactions never wait for each other in a circle.
        let mut sorted = jobs.to_vec();
        sorted.sort_unstable();
        let mut marked = HashSet::new();
        let transaction = self.database.begin().await?;
        for job in sorted {
            let result = of(job)
                .col_expr(slice::Column::RungAt, Expr::value(hearing.now))
                .filter(is_due(hearing))
                .exec(&transaction)
                .await?;
            if result.rows_affected > 0 {
                marked.insert(job);
            }
        }
        transaction.commit().await?;
        let is_marked = |job: &SendSlice| marked.contains(job);
        Ok(jobs.iter().copied().filter(is_marked).collect())
    }
}

fn of(job: SendSlice) -> sea_orm::UpdateMany<Slice> {
    Slice::update_many()
        .filter(slice::Column::EmailJobId.eq(job.campaign))
        .filter(slice::Column::No.eq(job.slice))
}

fn waits_for_a_worker(now: Timestamp) -> Condition {
    Condition::any()
        .add(slice::Column::State.eq(SliceState::Ready))
        .add(
            Condition::all()
                .add(slice::Column::State.eq(SliceState::Waiting))
                .add(slice::Column::NextDueAt.lte(now)),
        )
}

fn is_due(hearing: &Hearing) -> Condition {
    Condition::all().add(waits_for_a_worker(hearing.now)).add(
        Condition::any()
            .add(slice::Column::RungAt.is_null())
            .add(slice::Column::RungAt.lte(hearing.unheard))
            // By a process whose clock was wrong: nobody else would ever ring again.
            .add(slice::Column::RungAt.gt(hearing.now.plus(UNHEARD_AFTER))),
    )
}

fn is_ahead(hearing: &Hearing) -> Condition {
    Condition::all()
        .add(waits_for_a_worker(hearing.now))
        .add(slice::Column::RungAt.gt(hearing.unheard))
        .add(slice::Column::RungAt.lte(hearing.now.plus(UNHEARD_AFTER)))
}

fn count_of(condition: Condition) -> Expr {
    let one_each = Expr::case(condition, 1).finally(0);
    Expr::expr(one_each).sum().cast_as("SIGNED")
}

/// One of each in turn, until `room` is filled.
fn in_turn(mut turns: VecDeque<VecDeque<SendSlice>>, room: usize) -> Vec<SendSlice> {
    let mut jobs = Vec::new();
    while jobs.len() < room
        && let Some(mut turn) = turns.pop_front()
    {
        if let Some(job) = turn.pop_front() {
            jobs.push(job);
            turns.push_back(turn);
        }
    }
    jobs
}

#[cfg(test)]
mod tests {
    use sea_orm::ActiveValue::Set;
    use testbed::Stores;

    use super::*;
    use crate::{
        Config,
        queue::{InProcessQueue, RedisQueue},
    };

    fn jobs(campaign: i64, slices: i64) -> VecDeque<SendSlice> {
        (0..slices)
            .map(|slice| SendSlice {
                campaign: CampaignId(campaign),
                slice,
            })
            .collect()
    }

    /// A database with one running campaign of this many slices, and a queue nobody listens at.
    async fn unheard(slices: i64) -> (Ringer, Stores) {
        let stores = Stores::new().await;
        let settings = [
            ("SMTP_URL", "smtp://127.0.0.1:9"),
            ("MAIL_FROM", "a@example.org"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = Config::from_sources(stores.settings().chain(settings), None).unwrap();
        let database = Database::open(&config.database_url, config.delivery.lease)
            .await
            .unwrap();
        let queue = match &config.redis {
            None => QueueEnd::InProcess(InProcessQueue::default()),
            Some(redis) => QueueEnd::Redis(RedisQueue::open(redis).unwrap()),
        };
        let rows = (0..slices).map(|no| slice::ActiveModel {
            email_job_id: Set(CampaignId(1)),
            no: Set(no),
            first_no: Set(no),
            last_no: Set(no),
            state: Set(SliceState::Ready),
            ..Default::default()
        });
        let transaction = database.begin().await.unwrap();
        Slice::insert_many(rows)
            .exec_without_returning(&transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        (Ringer::new(Arc::new(database), queue), stores)
    }

    /// One look of a process that knows of this many workers, and the queue's depth after it.
    async fn look(ringer: &Ringer, workers: usize, now: Timestamp) -> usize {
        let hearing = ringer.listen(now).await;
        let standings = ringer.standings([CampaignId(1)], &hearing).await.unwrap();
        ringer
            .ring_due(&standings, workers, &hearing)
            .await
            .unwrap();
        ringer.queue.as_queue().depth().await.unwrap()
    }

    #[tokio::test]
    async fn the_queue_stays_under_its_cap_however_long_nobody_hears() {
        let (ringer, _stores) = unheard(2_000).await;
        let mut deepest = 0;
        for second in 0..600 {
            let now = Timestamp(1_795_503_451_000 + second * 1_000);
            // As if a hundred workers were seen that take nothing.
            deepest = Ord::max(deepest, look(&ringer, 100, now).await);
        }
        assert_eq!(deepest, MOST_WAITING);
    }

    #[tokio::test]
    async fn a_campaign_has_only_so_many_bells_waiting_that_another_is_soon_heard() {
        let (ringer, _stores) = unheard(100).await;
        let now = Timestamp(1_795_503_451_000);
        for _ in 0..3 {
            assert_eq!(look(&ringer, 2, now).await, 2 * AHEAD_OF_A_WORKER);
        }
    }

    #[tokio::test]
    async fn a_bell_that_was_lost_is_rung_again_and_one_that_waits_is_not() {
        let (ringer, _stores) = unheard(3).await;
        let QueueEnd::Redis(queue) = &ringer.queue else {
            return; // The queue inside the process loses none while the process lives.
        };
        let now = Timestamp(1_795_503_451_000);
        assert_eq!(look(&ringer, 2, now).await, 3);
        let later = now.plus(LOST_AFTER * 2);
        assert_eq!(look(&ringer, 2, later).await, 3);
        queue.lose_everything().await;
        assert_eq!(look(&ringer, 2, now.plus(LOST_AFTER / 2)).await, 0);
        assert_eq!(look(&ringer, 2, later).await, 3);
    }

    #[tokio::test]
    async fn a_bell_from_the_future_keeps_nobody_waiting_until_then() {
        let (ringer, _stores) = unheard(1).await;
        let now = Timestamp(1_795_503_451_000);
        assert_eq!(look(&ringer, 1, now.plus(Duration::from_hours(1))).await, 1);
        assert_eq!(look(&ringer, 1, now).await, 2);
    }

    #[test]
    fn campaigns_take_turns() {
        let order = in_turn([jobs(1, 3), jobs(2, 1), jobs(3, 2)].into(), 5);
        let order: Vec<_> = order
            .into_iter()
            .map(|job| (job.campaign.0, job.slice))
            .collect();
        assert_eq!(order, [(1, 0), (2, 0), (3, 0), (1, 1), (3, 1)]);
    }
}
