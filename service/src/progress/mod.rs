//! Live progress: one poller per process asks the database, and every listener hears of it,
//! so that five hundred open pages cost the database no more than one.

pub(crate) mod rates;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, time::Duration};

use domain::{CampaignId, Timestamp, campaign::CampaignSummary};
use futures::{Stream, StreamExt, stream};
use tokio::sync::broadcast;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};
use tokio_util::sync::CancellationToken;

use crate::{Actor, Error, Result, Services, campaigns::queries};

/// How often the poller asks: listeners hear at most twice a second.
const EVERY: Duration = Duration::from_millis(500);
/// How long an ended campaign is looked at: longer than clocks of two processes differ.
const LATELY: Duration = Duration::from_mins(1);
/// Events a slow listener may be behind before it misses some; it misses nothing it needs,
/// since each event carries the whole state.
const BACKLOG: usize = 256;

/// Something a listener should know. It carries the whole present state, so that a listener
/// who missed any number of events knows as much as one who missed none.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgressEvent {
    /// Rises with every event of the campaign: `Last-Event-ID`. The last event of an ended
    /// campaign always has the same.
    pub id: u64,
    /// Whether the campaign's status changed with it.
    pub status_changed: bool,
    /// The campaign's state.
    pub campaign: CampaignSummary,
}

/// Live progress of campaigns.
#[derive(Clone, Debug)]
pub struct Progress(broadcast::Sender<ProgressEvent>);

impl Default for Progress {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Progress {
    /// Each change of any campaign from now on, at most two a second each.
    pub fn watch_all(&self) -> impl Stream<Item = ProgressEvent> + Send + use<> {
        BroadcastStream::new(self.0.subscribe())
            .filter_map(async |event: Result<_, BroadcastStreamRecvError>| event.ok())
            .boxed()
    }
}

impl Services {
    /// The present state of one campaign at once, then each change, at most two a second. The
    /// stream ends with the campaign.
    pub async fn watch(
        &self,
        actor: &Actor,
        id: CampaignId,
    ) -> Result<impl Stream<Item = ProgressEvent> + Send + use<>> {
        // Listening begins before the present state is read, so that nothing falls between.
        let changes = self.progress().watch_all().filter(move |event| {
            let wanted = event.campaign.id == id;
            async move { wanted }
        });
        let campaign = self.campaigns().get_shared(actor, id).await?;
        let campaign = campaign.summary.clone();
        let present = ProgressEvent {
            id: event_id(&campaign, self.now()),
            status_changed: true,
            campaign,
        };
        let events = stream::once(async { present }).chain(changes);
        // An ended campaign's event is the last one: the stream does not wait for another.
        let following = Some(events.boxed());
        Ok(stream::unfold(following, async |following| {
            let mut events = following?;
            let event = events.next().await?;
            let following = (!event.campaign.status.has_ended()).then_some(events);
            Some((event, following))
        })
        .boxed())
    }
}

/// Asks until the process stops, and tells what changed.
pub(crate) async fn poll(services: Services, stop: CancellationToken) {
    let mut known = HashMap::new();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = look(&services, &mut known).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "progress is not known now"
            );
        }
    }
}

/// Tells what changed since the last look. A small campaign begins and ends between two looks:
/// those that ended lately are looked at too, and told once.
async fn look(
    services: &Services,
    known: &mut HashMap<CampaignId, (i64, CampaignSummary)>,
) -> Result<(), Error> {
    let reader = services.database().reader();
    let lately = services.now().minus(LATELY);
    let mut rows = queries::under_way_or_ended_since(reader, lately).await?;
    for (id, (_, before)) in known.iter() {
        // Whatever was under way and is not among these has come to rest another way.
        if !before.status.has_ended()
            && rows.iter().all(|row| row.id != *id)
            && let Some(row) = queries::find(reader, *id).await?
        {
            rows.push(row);
        }
    }
    // One that ended, went on and ended between two looks shows the same and is another.
    let versions: HashMap<_, _> = rows.iter().map(|row| (row.id, row.version)).collect();
    let summaries = services.campaigns().summaries(rows).await?;
    services.rates().note(&summaries);
    let mut now_known = HashMap::with_capacity(summaries.len());
    for campaign in summaries {
        let before = known.get(&campaign.id);
        let version = versions.get(&campaign.id).copied().unwrap_or_default();
        let present = (version, campaign.clone());
        let same = before == Some(&present)
            || before
                .is_some_and(|(_, before)| !campaign.status.has_ended() && *before == campaign);
        now_known.insert(campaign.id, present);
        if same {
            continue;
        }
        let status_changed = before.is_none_or(|(_, before)| before.status != campaign.status);
        let id = event_id(&campaign, services.now());
        // Nobody listening is no error.
        let _ = services.progress().0.send(ProgressEvent {
            id,
            status_changed,
            campaign,
        });
    }
    *known = now_known;
    Ok(())
}

/// Rises with time, and is the same for every look at a campaign that has ended.
fn event_id(campaign: &CampaignSummary, now: Timestamp) -> u64 {
    let at = match campaign.completed_at {
        Some(at) if campaign.status.has_ended() => at,
        _ => now,
    };
    u64::try_from(at.0).unwrap_or(0)
}
