//! The newest state of each campaign on the dashboard, as events tell it.

use std::collections::HashMap;

use domain::{
    CampaignId,
    campaign::{CampaignSummary, Overview},
};
use leptos::prelude::*;

use crate::live::{Connection, LiveEvent};

/// What events said since the lists were read.
#[derive(Clone, Copy)]
pub(super) struct LiveCampaigns {
    newest: RwSignal<HashMap<CampaignId, CampaignSummary>>,
    /// Those that stand under "Sending now".
    shown: StoredValue<Vec<CampaignId>>,
}

impl LiveCampaigns {
    pub(super) fn new() -> Self {
        Self {
            newest: RwSignal::default(),
            shown: StoredValue::default(),
        }
    }

    /// Remembers which campaigns `overview` shows as being sent.
    pub(super) fn show(self, overview: &Overview) {
        let shown = overview
            .sending
            .iter()
            .map(|campaign| campaign.id)
            .collect();
        self.shown.set_value(shown);
    }

    /// Takes an event in. True when the lists themselves have changed with it, and are to be read
    /// again.
    pub(super) fn take(self, event: LiveEvent) -> bool {
        let id = event.campaign.id;
        let unknown = event.campaign.status.is_running()
            && self
                .shown
                .try_with_value(|shown| !shown.contains(&id))
                .unwrap_or(false);
        self.newest
            .try_update(|newest| newest.insert(id, event.campaign));
        event.status_changed || unknown
    }

    /// A campaign's newest state: `read`, until an event knows better.
    pub(super) fn newest(self, read: CampaignSummary) -> Memo<CampaignSummary> {
        Memo::new(move |_| {
            self.newest
                .with(|newest| newest.get(&read.id).unwrap_or(&read).clone())
        })
    }

    /// Whatever happened before the stream was open, for the first time or again, it does not
    /// tell: then what it said before is forgotten, and the lists are read again.
    pub(super) fn catch_up(
        self,
        connection: ReadSignal<Connection>,
        read_again: impl Fn() + 'static,
    ) {
        Effect::new(move || {
            if connection.get() == Connection::Open {
                self.newest.update(HashMap::clear);
                read_again();
            }
        });
    }
}
