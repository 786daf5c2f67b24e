//! Makes an event happen.

use std::time::{Duration, Instant};

use tokio::{task::JoinSet, time::sleep};

use super::{
    event::{Ending, Event},
    exposure::Exposure,
    plan::Size,
    takeover,
    world::World,
};

/// What came of the events of a round.
#[derive(Default)]
pub(crate) struct Aftermath {
    pub(crate) exposure: Exposure,
    /// How long each takeover took, once it is known.
    pub(crate) takeovers: JoinSet<Duration>,
}

impl Aftermath {
    /// Watches until what this worker holds, or all that is held, is taken from it.
    async fn watch(&mut self, world: &World, worker: Option<&str>) {
        if let Some(slices) = takeover::held(&world.stores.database_url, worker).await
            && !slices.is_empty()
        {
            let watched = takeover::of(world.stores.database_url.clone(), slices);
            self.takeovers.spawn(watched);
        }
    }
}

/// Makes it happen, and returns when it is over and everything is there again.
pub(crate) async fn strike(world: &mut World, event: &Event, after: &mut Aftermath) {
    match event {
        Event::KillWorker => {
            let busy = busy_worker(world).await;
            let worker = world.workers.remove(busy.unwrap());
            worker.process.kill();
            after.exposure.kills += 1;
            after.watch(world, Some(&worker.id)).await;
            world.start_worker().await;
        }
        Event::KillServer if world.size() == Size::Distributed => {
            world.server.take().unwrap().kill();
            world.start_server();
        }
        Event::KillServer | Event::KillEverything => kill_everything(world, after).await,
        Event::Freeze(length, meanwhile) => {
            freeze(world, *length, meanwhile.as_deref(), after).await;
        }
        Event::FlushRedis => world.stores.redis.as_ref().unwrap().flush(),
        Event::RestartRedis => redis_away(world, Duration::ZERO).await,
        Event::StopRedis(length) => redis_away(world, *length).await,
        Event::RestartDatabase(ending) => {
            database_away(world, *ending, Duration::ZERO, after).await;
        }
        Event::StopDatabase(length) => {
            database_away(world, Ending::Asked, *length, after).await;
        }
        Event::FreezeDatabase(length) => {
            let began = Instant::now();
            let mariadb = world.stores.mariadb.as_ref().unwrap();
            mariadb.freeze();
            sleep(*length).await;
            mariadb.thaw();
            mariadb.answers().await;
            let workers = world.workers.len();
            after.exposure.silent(workers, began.elapsed());
        }
        Event::CutConnections => after.exposure.cuts += world.proxy.cut(),
        Event::CatcherAway(length) => {
            after.exposure.cuts += world.proxy.away().await;
            sleep(*length).await;
            world.proxy.back().await;
        }
        Event::FullDisk(length) => {
            let began = Instant::now();
            let disk = world.stores.disk.as_ref().unwrap();
            disk.fill();
            sleep(*length).await;
            disk.clear();
            after.exposure.silent(1, began.elapsed());
        }
    }
}

/// A worker that holds something, if any does, so that what happens to it matters; none in the
/// embedded size.
async fn busy_worker(world: &World) -> Option<usize> {
    for (index, worker) in world.workers.iter().enumerate() {
        let held = takeover::held(&world.stores.database_url, Some(&worker.id)).await;
        if held.is_some_and(|slices| !slices.is_empty()) {
            return Some(index);
        }
    }
    (!world.workers.is_empty()).then_some(0)
}

async fn kill_everything(world: &mut World, after: &mut Aftermath) {
    let workers = world.workers.len();
    for worker in world.workers.drain(..) {
        worker.process.kill();
    }
    world.server.take().unwrap().kill();
    after.exposure.kills += match world.size() {
        Size::Embedded => 1,
        Size::Distributed => workers as u64,
    };
    after.watch(world, None).await;
    world.start_server();
    world.staff(workers).await;
}

async fn freeze(
    world: &mut World,
    length: Duration,
    meanwhile: Option<&Event>,
    after: &mut Aftermath,
) {
    // Taken out meanwhile, so that nobody else is hit by what happens.
    let busy = busy_worker(world).await;
    let worker = busy.map(|busy| world.workers.remove(busy));
    let sender = worker.as_ref().map(|worker| &worker.process);
    let began = Instant::now();
    let sender = sender.unwrap_or_else(|| world.server.as_ref().unwrap());
    sender.freeze();
    let mut held = None;
    if let Some(worker) = &worker {
        held = takeover::held(&world.stores.database_url, Some(&worker.id)).await;
    }
    let slices = held.unwrap_or_default();
    let watch = tokio::spawn(takeover::of(
        world.stores.database_url.clone(),
        slices.clone(),
    ));
    if let Some(meanwhile) = meanwhile {
        Box::pin(strike(world, meanwhile, after)).await;
    }
    sleep(length.saturating_sub(began.elapsed())).await;
    match &worker {
        Some(worker) => worker.process.thaw(),
        None => world.server.as_ref().unwrap().thaw(),
    }
    after.exposure.silent(1, began.elapsed());
    // Thawed in time it keeps them, and nobody takes over.
    if !slices.is_empty() && watch.is_finished() {
        let took = watch.await.unwrap();
        after.takeovers.spawn(async move { took });
    } else {
        watch.abort();
    }
    world.workers.extend(worker);
}

async fn redis_away(world: &mut World, length: Duration) {
    let redis = world.stores.redis.as_mut().unwrap();
    redis.stop();
    sleep(length).await;
    redis.start();
}

async fn database_away(world: &mut World, ending: Ending, length: Duration, after: &mut Aftermath) {
    let began = Instant::now();
    let mariadb = world.stores.mariadb.as_mut().unwrap();
    mariadb.end(ending);
    sleep(length).await;
    mariadb.begin().await;
    let workers = world.workers.len();
    after.exposure.silent(workers, began.elapsed());
}
