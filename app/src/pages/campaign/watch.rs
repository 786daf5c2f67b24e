//! The newest state of the campaign on the page, as events tell it, and when its lists are to be
//! read again.

use domain::{CampaignId, campaign::CampaignSummary};
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
    /// The campaign to follow: the one on the page, unless it had ended when it was read.
    followed: RwSignal<Option<CampaignId>>,
    /// Rises when lists are to be read again.
    reading: RwSignal<u32>,
    /// What the lists were read with.
    listed: StoredValue<Listed>,
}

/// How things stood, and when, as the lists show them.
#[derive(Clone, Copy, Debug, Default)]
struct Listed {
    at_ms: f64,
    settled: u64,
    ended: bool,
}

impl Listed {
    fn of(campaign: &CampaignSummary, at_ms: f64) -> Self {
        Self {
            at_ms,
            settled: campaign.counts.ended() + campaign.counts.deferred,
            ended: campaign.status.has_ended(),
        }
    }

    /// Whether `now` the lists are so far behind that they are to be read again.
    fn is_behind(self, now: Self) -> bool {
        let late = now.at_ms - self.at_ms > READ_AGAIN_AFTER_MS;
        self.ended != now.ended || (late && self.settled != now.settled)
    }
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            newest: RwSignal::new(None),
            followed: RwSignal::new(None),
            reading: RwSignal::new(0),
            listed: StoredValue::default(),
        }
    }

    /// Changes whenever lists are to be read again.
    pub(super) fn reading(self) -> u32 {
        self.reading.get()
    }

    /// The campaign's newest state: `read`, until an event knows better.
    pub(super) fn newest(self, read: CampaignSummary) -> Memo<CampaignSummary> {
        self.listed.set_value(Listed::of(&read, 0.0));
        self.followed
            .set((!read.status.has_ended()).then_some(read.id));
        Memo::new(move |_| {
            self.newest.with(|newest| match newest {
                Some(newest) if newest.id == read.id => newest.clone(),
                _ => read.clone(),
            })
        })
    }

    /// Follows the campaign on the page until it has ended.
    pub(super) fn follow(self) -> ReadSignal<Connection> {
        let address = Memo::new(move |_| {
            let id = self.followed.get()?;
            let ended = self.newest.with(|newest| {
                newest
                    .as_ref()
                    .is_some_and(|newest| newest.id == id && newest.status.has_ended())
            });
            (!ended).then(|| routes::campaign_events(id))
        });
        live::follow(address.into(), move |event| self.take(event))
    }

    fn take(self, event: LiveEvent) {
        let now = Listed::of(&event.campaign, js_sys::Date::now());
        let behind = self.listed.try_with_value(|listed| listed.is_behind(now));
        self.newest.try_set(Some(event.campaign));
        if behind == Some(true) {
            self.read_again(now);
        }
    }

    /// What the campaign came to when somebody asked something of it: an ended one may go on.
    pub(super) fn asked(self, campaign: CampaignSummary) {
        let now = Listed::of(&campaign, js_sys::Date::now());
        self.followed
            .try_set((!campaign.status.has_ended()).then_some(campaign.id));
        self.newest.try_set(Some(campaign));
        self.read_again(now);
    }

    fn read_again(self, now: Listed) {
        self.listed.try_set_value(now);
        self.reading.try_update(|reading| *reading += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_again_at_the_end_at_once_and_before_it_now_and_then() {
        let read = Listed {
            at_ms: 1_000.0,
            settled: 10,
            ended: false,
        };
        let at = |at_ms, settled, ended| Listed {
            at_ms,
            settled,
            ended,
        };
        assert!(!read.is_behind(at(1_500.0, 20, false)));
        assert!(read.is_behind(at(4_500.0, 20, false)));
        assert!(!read.is_behind(at(60_000.0, 10, false)));
        assert!(read.is_behind(at(1_500.0, 20, true)));
    }
}
