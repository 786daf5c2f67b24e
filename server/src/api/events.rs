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
use domain::CampaignId;
use futures::{Stream, StreamExt, stream};
use service::{Actor, progress::ProgressEvent};

use crate::{Problem, extract::Path, state::AppState};

/// How long a stream is silent before a comment shows that it still lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// `GET /api/emails/events`: each change of any campaign, until the process stops.
pub async fn all(State(state): State<AppState>) -> Response {
    let events = state.services.progress().watch_all();
    answer(&state, events)
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
    Ok(answer(&state, present.chain(events)))
}

fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get(LAST_EVENT_ID)?.to_str().ok()?.parse().ok()
}

fn answer(
    state: &AppState,
    events: impl Stream<Item = ProgressEvent> + Send + 'static,
) -> Response {
    let stopping = state.stopping.clone().cancelled_owned();
    let events = events
        .map(|event| Ok::<_, Infallible>(written(&event)))
        .take_until(stopping);
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx would gather events before it passes them on.
        (ACCEL_BUFFERING, HeaderValue::from_static("no")),
    ];
    (headers, stream).into_response()
}

fn written(event: &ProgressEvent) -> Event {
    let name = if event.status_changed {
        "status"
    } else {
        "progress"
    };
    let data = serde_json::to_string(&event.campaign).unwrap_or_default();
    Event::default()
        .event(name)
        .id(event.id.to_string())
        .data(data)
}
