//! One round: campaigns, what happens to them, and what became of them.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{
    exposure::Exposure,
    plan::Plan,
    strike::{Aftermath, strike},
    verdict::Verdict,
    world::{LOOK, World},
};

/// How long a round may take after its last event.
const PATIENCE: Duration = Duration::from_secs(90);
/// What is promised of a takeover, and of sending after Redis is back.
const PROMISED: Duration = Duration::from_secs(30);

/// What a round came to.
pub(crate) struct Outcome {
    pub(crate) plan: Plan,
    pub(crate) exposure: Exposure,
    pub(crate) verdict: Verdict,
    /// Events that met no mail any more.
    pub(crate) idle: usize,
    /// The longest takeover, if any was due.
    pub(crate) takeover: Option<Duration>,
    /// From the last event to the next message, or to the end.
    pub(crate) resumed: Duration,
    pub(crate) took: Duration,
}

impl Outcome {
    pub(crate) fn is_well(&self) -> bool {
        self.verdict.keeps_every_promise()
            && self.resumed <= PROMISED
            && self.takeover.is_none_or(|took| took <= PROMISED)
    }
}

pub(crate) async fn run(world: &mut World, plan: Plan) -> Outcome {
    world.staff(plan.workers).await;
    world.is_ready().await;
    let began = Instant::now();
    let ids: Vec<i64> = plan
        .campaigns
        .iter()
        .map(|emails| world.client.create(emails))
        .collect();
    let mut after = Aftermath::default();
    let mut idle = 0;
    for step in &plan.steps {
        sleep(step.after).await;
        idle += usize::from(have_ended(world, &ids));
        strike(world, &step.event, &mut after).await;
    }
    world.is_ready().await;
    let resumed = end(world, &ids).await;
    let took = began.elapsed();
    let verdict = Verdict::of(world, &plan, &ids, after.exposure).await;
    Outcome {
        plan,
        exposure: after.exposure,
        verdict,
        idle,
        takeover: after.takeovers.join_all().await.into_iter().max(),
        resumed,
        took,
    }
}

/// Waits for the end, but not for ever, and says how long it took until anything moved.
async fn end(world: &World, ids: &[i64]) -> Duration {
    let began = Instant::now();
    let before = world.caught().accepted();
    let mut resumed = None;
    let mut looks = tokio::time::interval(LOOK);
    while began.elapsed() < PATIENCE {
        looks.tick().await;
        if resumed.is_none() && world.caught().accepted() > before {
            resumed = Some(began.elapsed());
        }
        if have_ended(world, ids) {
            break;
        }
    }
    resumed.unwrap_or_else(|| began.elapsed())
}

fn have_ended(world: &World, ids: &[i64]) -> bool {
    ids.iter().all(|id| {
        let campaign = world.client.campaign(*id);
        campaign.is_ok_and(|campaign| campaign.status.has_ended())
    })
}
