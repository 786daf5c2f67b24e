//! Live progress as server-sent events.
//!
//! Each event is `progress`, or `status` when the campaign's status changed with it, and carries
//! the campaign's whole present state. So a listener that comes back needs no history: it gets
//! the present state again, unless `Last-Event-ID` says that it has it.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use domain::{
    CampaignId,
    campaign::{CampaignList, CampaignSummary},
};
use futures::{Stream, StreamExt, stream};
use service::{Actor, progress::ProgressEvent};

use crate::{Problem, extract::Path, state::AppState};

/// How long a stream is silent before a comment shows that it still lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// `GET /api/emails/events`: each change of any campaign, until the process stops. A listener that
/// comes back is first told how the newest campaigns stand now.
pub async fn all(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    // Listening begins before the present state is read, so that nothing falls between.
    let changes = state.services.progress().watch_all();
    let present = if headers.contains_key(LAST_EVENT_ID) {
        let newest = CampaignList::default();
        let campaigns = state.services.campaigns();
        campaigns.list(&Actor::Local, newest).await?.items
    } else {
        Vec::new()
    };
    let present = present
        .into_iter()
        .map(|campaign| written("status", &campaign));
    let changes = changes.map(|event| numbered(&event));
    Ok(answer(&state, stream::iter(present).chain(changes)))
}

/// `GET /api/emails/{id}/events`: one campaign's state now and each change of it, until it has
/// ended. A listener that has the last state of an ended campaign is answered 204, which tells
/// browsers to come back no more.
pub async fn one(
    State(state): State<AppState>,
    Path(id): Path<CampaignId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seen = last_event_id(&headers);
    let mut events = Box::pin(state.services.watch(&Actor::Local, id).await?);
    let present = events.next().await;
    let known = present.as_ref().is_some_and(|event| Some(event.id) == seen);
    if known
        && let Some(event) = &present
        && event.campaign.status.has_ended()
    {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let present = stream::iter(present.filter(|_| !known));
    let events = present.chain(events).map(|event| numbered(&event));
    Ok(answer(&state, events))
}

fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get(LAST_EVENT_ID)?.to_str().ok()?.parse().ok()
}

fn answer(state: &AppState, events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let stopping = state.stopping.clone().cancelled_owned();
    let events = events.map(Ok::<_, Infallible>).take_until(stopping);
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx would gather events before it passes them on.
        (ACCEL_BUFFERING, HeaderValue::from_static("no")),
    ];
    (headers, stream).into_response()
}

fn numbered(event: &ProgressEvent) -> Event {
    let name = if event.status_changed {
        "status"
    } else {
        "progress"
    };
    written(name, &event.campaign).id(event.id.to_string())
}

fn written(name: &str, campaign: &CampaignSummary) -> Event {
    let data = serde_json::to_string(campaign).unwrap_or_default();
    Event::default().event(name).data(data)
}
