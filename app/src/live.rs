//! Server-sent events: what is going on, as it goes on.

use domain::campaign::CampaignSummary;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventSource, MessageEvent};

/// One campaign's state, as an event tells it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LiveEvent {
    /// Whether the campaign's status changed with it.
    pub(crate) status_changed: bool,
    /// The whole present state.
    pub(crate) campaign: CampaignSummary,
}

/// How the stream of events is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Connection {
    /// Not needed, or not open yet.
    #[default]
    Idle,
    /// Events arrive.
    Open,
    /// It broke; the browser tries again by itself.
    Lost,
    /// It was refused, and the browser has given up.
    Refused,
}

/// Follows the stream at `address` for as long as there is one and the calling component lives.
/// Nothing happens on the server.
pub(crate) fn follow(
    address: Signal<Option<String>>,
    on_event: impl Fn(LiveEvent) + Copy + 'static,
) -> ReadSignal<Connection> {
    let (connection, set_connection) = signal(Connection::default());
    Effect::new(move || {
        set_connection.set(Connection::Idle);
        if let Some(stream) = address
            .get()
            .and_then(|address| Stream::open(&address, set_connection, on_event))
        {
            // The effect owns it: run again or cleaned up, the effect closes it.
            StoredValue::new_local(stream);
        }
    });
    connection
}

/// An open stream, closed when dropped, and what it calls.
struct Stream {
    source: EventSource,
    _on_message: [Closure<dyn FnMut(MessageEvent)>; 2],
    _on_change: [Closure<dyn FnMut(Event)>; 2],
}

impl Stream {
    fn open(
        address: &str,
        connection: WriteSignal<Connection>,
        on_event: impl Fn(LiveEvent) + Copy + 'static,
    ) -> Option<Self> {
        let source = EventSource::new(address).ok()?;
        let message = |status_changed| {
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let campaign = event
                    .data()
                    .as_string()
                    .and_then(|data| serde_json::from_str(&data).ok());
                if let Some(campaign) = campaign {
                    on_event(LiveEvent {
                        status_changed,
                        campaign,
                    });
                }
            })
        };
        let on_message = [message(false), message(true)];
        for (name, callback) in ["progress", "status"].into_iter().zip(&on_message) {
            source
                .add_event_listener_with_callback(name, callback.as_ref().unchecked_ref())
                .ok()?;
        }
        let on_open = Closure::<dyn FnMut(Event)>::new(move |_| {
            connection.try_set(Connection::Open);
        });
        let watched = source.clone();
        let on_error = Closure::<dyn FnMut(Event)>::new(move |_| {
            connection.try_set(if watched.ready_state() == EventSource::CLOSED {
                Connection::Refused
            } else {
                Connection::Lost
            });
        });
        source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Some(Self {
            source,
            _on_message: on_message,
            _on_change: [on_open, on_error],
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.set_onerror(None);
        self.source.close();
    }
}
