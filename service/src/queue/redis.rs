//! The queue of the distributed size: apalis' Redis backend.
//!
//! The backend is used the one way that loses nothing and never stands still; each of the
//! settings below keeps clear of something that was found in apalis-redis 1.0.0. One entry
//! stands for a whole slice and only a few hundred ever wait: its fetch moves every due entry
//! in one call, and fails for good from some eight thousand.

use std::{sync::LazyLock, time::Duration};

use apalis::prelude::{BackendExt, IntervalStrategy, PollWith, TaskSink, TaskSinkError};
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use futures::{FutureExt, future::BoxFuture, stream};
use redis::{Client, RedisError, RedisResult, Script, aio::ConnectionManagerConfig};

use super::{Queue, QueueError, SendSlice, entry};
use crate::config::RedisConfig;

/// Entries a worker takes at once. While they wait in it apalis sends no sign of life, so they
/// must be few.
const BATCH: usize = 2;
/// How often an idle worker asks. Redis does not tell it of new entries.
const POLL: Duration = Duration::from_millis(50);
/// Signs of life, and how many a worker may miss before others take over what it had fetched.
/// Longer than a job may take; nothing waits for it, since slices are rung for again.
const HEARTBEAT: Duration = Duration::from_secs(10);
const MISSED_HEARTBEATS: usize = 6;
/// How long a command or a connection may take. redis' own half a second ends a worker whenever
/// the machine is busy.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(3);
/// Finished entries taken away by one call: Redis serves nobody else meanwhile.
const SWEPT_AT_ONCE: usize = 200;

/// The bells in Redis. Cheap to clone; all clones share a connection.
#[derive(Clone)]
pub struct RedisQueue {
    connection: ConnectionManager,
    config: Config,
}

impl std::fmt::Debug for RedisQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisQueue")
            .field("queue", &self.config.queue)
            .finish_non_exhaustive()
    }
}

/// Deletes entries that are finished. apalis keeps them for ever; taking one out of its set is
/// what gives the right to delete it, so any number of processes may sweep at once.
static SWEEP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r#"
        local swept = 0
        for _, finished in ipairs({KEYS[1], KEYS[2]}) do
            local ids = redis.call("SPOP", finished, ARGV[1])
            for _, id in ipairs(ids) do
                redis.call("HDEL", KEYS[3], id)
                redis.call("DEL", KEYS[4] .. ":" .. id)
            end
            swept = swept + #ids
        end
        return swept
        "#,
    )
});

/// Gives back what a worker had fetched, and forgets it.
static FORGET_WORKER: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r#"
        for _, id in ipairs(redis.call("SMEMBERS", KEYS[3])) do
            redis.call("RPUSH", KEYS[4], id)
        end
        redis.call("DEL", KEYS[2], KEYS[3])
        return redis.call("ZREM", KEYS[1], ARGV[1])
        "#,
    )
});

impl RedisQueue {
    /// The queue of this Redis. Nothing is asked of it yet: it may be away now and come later.
    pub(crate) fn open(settings: &RedisConfig) -> RedisResult<Self> {
        let patience = ConnectionManagerConfig::new()
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_connection_timeout(Some(CONNECTION_TIMEOUT))
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(500));
        let client = Client::open(settings.url.as_str())?;
        let config = Config::default()
            .queue(format!("{}:send-slice", settings.prefix))
            .batch_size(BATCH)
            .heartbeat_interval(HEARTBEAT)
            .missed_heartbeats(MISSED_HEARTBEATS)
            // Entries in a worker's hands are kept apart anyhow; this only costs.
            .lock_tasks(false)
            .emit_events(false);
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client, patience)?,
            config,
        })
    }

    /// The end a worker listens at, under a name that is not used twice.
    pub fn backend(&self) -> PollWith<RedisStorage<SendSlice>, IntervalStrategy> {
        self.storage().poll_with_interval(POLL)
    }

    /// Forgets a worker that has ended. What it had fetched goes back to the others at once; apalis
    /// would wait until it is missed.
    pub async fn forget_worker(&self, name: &str) -> Result<(), QueueError> {
        let workers = self.config.workers_set();
        let about = format!("{workers}:metadata:{name}");
        let fetched = format!("{}:{name}", self.config.inflight_jobs_set());
        FORGET_WORKER
            .key(workers)
            .key(about)
            .key(fetched)
            .key(self.config.active_jobs_list())
            .arg(name)
            .invoke_async::<()>(&mut self.connection.clone())
            .await
            .map_err(away)
    }

    fn storage(&self) -> RedisStorage<SendSlice> {
        RedisStorage::new(self.connection.clone()).with_config(self.config.clone())
    }

    async fn push(&self, jobs: &[SendSlice]) -> Result<(), TaskSinkError<apalis_redis::Error>> {
        let tasks: Vec<_> = jobs.iter().copied().map(entry).collect();
        self.storage().push_all(stream::iter(tasks)).await
    }

    async fn waiting(&self) -> RedisResult<usize> {
        let (due, taken): (usize, usize) = redis::pipe()
            .zcard(self.config.scheduled_jobs_set())
            .llen(self.config.active_jobs_list())
            .query_async(&mut self.connection.clone())
            .await?;
        Ok(due + taken)
    }

    async fn clear_finished(&self) -> RedisResult<()> {
        let mut script = SWEEP.prepare_invoke();
        script
            .key(self.config.done_jobs_set())
            .key(self.config.dead_jobs_set())
            .key(self.config.job_data_hash())
            .key(self.config.job_meta_hash())
            .arg(SWEPT_AT_ONCE);
        let mut connection = self.connection.clone();
        while script.invoke_async::<usize>(&mut connection).await? >= SWEPT_AT_ONCE {}
        Ok(())
    }
}

#[cfg(test)]
impl RedisQueue {
    /// What a restart of Redis does, to this queue alone.
    pub(crate) async fn lose_everything(&self) {
        let mut connection = self.connection.clone();
        let pattern = format!("{}:*", self.config.queue.as_ref());
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg(pattern)
            .query_async(&mut connection)
            .await
            .unwrap();
        redis::cmd("DEL")
            .arg(keys)
            .exec_async(&mut connection)
            .await
            .unwrap();
    }
}

impl Queue for RedisQueue {
    fn ring<'a>(&'a self, jobs: &'a [SendSlice]) -> BoxFuture<'a, Result<(), QueueError>> {
        let pushed = self.push(jobs);
        async { pushed.await.map_err(|error| QueueError(error.into())) }.boxed()
    }

    fn depth(&self) -> BoxFuture<'_, Result<usize, QueueError>> {
        async { self.waiting().await.map_err(away) }.boxed()
    }

    fn sweep(&self) -> BoxFuture<'_, Result<(), QueueError>> {
        async { self.clear_finished().await.map_err(away) }.boxed()
    }
}

fn away(error: RedisError) -> QueueError {
    QueueError(error.into())
}
