//! The newest state of the campaign on the page, as events tell it, and when its lists are to be
//! read again.

use domain::{CampaignId, campaign::CampaignSummary, counts::Counts};
use leptos::prelude::*;

use crate::{
    live::{self, Connection, LiveEvent},
    routes,
};

/// How long lists may stay behind the numbers while a campaign is being sent.
const READ_AGAIN_AFTER_MS: f64 = 3_000.0;

/// What events said since the page was read.
#[derive(Clone, Copy)]
pub(super) struct Watch {
    newest: RwSignal<Option<CampaignSummary>>,
    /// Rises when lists are to be read again.
    reading: RwSignal<u32>,
    /// Of the last reading: when it was, and how many stood in the lists.
    last_read: StoredValue<Option<(f64, u64)>>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            newest: RwSignal::new(None),
            reading: RwSignal::new(0),
            last_read: StoredValue::new(None),
        }
    }

    /// Changes whenever lists are to be read again.
    pub(super) fn reading(self) -> u32 {
        self.reading.get()
    }

    /// The campaign's newest state: `read`, until an event knows better.
    pub(super) fn newest(self, read: CampaignSummary) -> Memo<CampaignSummary> {
        Memo::new(move |_| {
            self.newest.with(|newest| match newest {
                Some(newest) if newest.id == read.id => newest.clone(),
                _ => read.clone(),
            })
        })
    }

    /// Follows the campaign until it has ended. A campaign that had ended before says so with the
    /// stream's first event.
    pub(super) fn follow(self, id: Signal<CampaignId>) -> ReadSignal<Connection> {
        let ended = Memo::new(move |_| {
            self.newest.with(|newest| {
                newest
                    .as_ref()
                    .is_some_and(|newest| newest.id == id.get() && newest.status.has_ended())
            })
        });
        let address = Signal::derive(move || {
            let id = id.get();
            (id.0 > 0 && !ended.get()).then(|| routes::campaign_events(id))
        });
        live::follow(address, move |event| self.take(event))
    }

    fn take(self, event: LiveEvent) {
        let now = js_sys::Date::now();
        let listed = listed(&event.campaign.counts);
        let Some(last_read) = self.last_read.try_get_value() else {
            return;
        };
        // What the first event tells was just read with the page.
        let read_again = last_read.is_some_and(|(at, before)| {
            event.status_changed || (listed != before && now - at > READ_AGAIN_AFTER_MS)
        });
        self.newest.try_set(Some(event.campaign));
        if read_again || last_read.is_none() {
            self.last_read.try_set_value(Some((now, listed)));
        }
        if read_again {
            self.reading.try_update(|reading| *reading += 1);
        }
    }
}

/// How many of a campaign stand in the lists that people read: those with something to say.
fn listed(counts: &Counts) -> u64 {
    counts.failed + counts.deferred + counts.unknown + counts.skipped
}
