//! What a state means, in plain words, while somebody is in it.

use domain::campaign::{CampaignStatus, CampaignSummary, Whom};
use leptos::prelude::*;

use super::steering::{Ask, AskTwice, Steering, Wish};

use crate::{
    components::{
        icon::{Drawing, Mark},
        moment::Moment,
    },
    format,
};

/// Why it stands still.
#[component]
pub(super) fn StandsStill(summary: Memo<CampaignSummary>) -> impl IntoView {
    let why = Memo::new(move |_| {
        summary.with(|summary| match (&summary.waiting_for, summary.status) {
            (_, status) if status.has_ended() || status.is_editable() => None,
            (why, CampaignStatus::Paused) => Some((
                why.clone().unwrap_or_else(|| "it was paused".to_owned()),
                "Those who are left get their message once it is resumed.",
            )),
            (Some(why), _) => Some((
                why.clone(),
                "Nobody has lost an attempt. It goes on by itself as soon as it can.",
            )),
            (None, _) => None,
        })
    });
    move || {
        why.get().map(|(why, meaning)| {
            view! {
                <section class="card notice mb-4" role="status">
                    <Mark drawing=Drawing::Clock tone="deferred" />
                    <div>
                        <b>"It stands still: "</b>
                        {why}
                        <div class="text-small text-muted">{meaning}</div>
                    </div>
                </section>
            }
        })
    }
}

/// What UNKNOWN means.
#[component]
pub(super) fn Unknown(summary: Memo<CampaignSummary>, steering: Steering) -> impl IntoView {
    let unknown = Memo::new(move |_| summary.with(|summary| summary.counts.unknown));
    move || {
        (unknown.get() > 0).then(|| {
            view! {
                <section class="card notice mb-4">
                    <Mark drawing=Drawing::Question tone="unknown" />
                    <div>
                        <b>
                            {format::count(unknown.get(), "message", "messages")}
                            " may or may not have been delivered"
                        </b>
                        <div class="text-small text-muted">
                            "The connection ended after the hand-over and before the server said whether it took the message. Nobody can know from here; the receiving server’s log would tell. Nothing is sent again by itself, so that nobody gets the same message twice."
                        </div>
                    </div>
                    <div class="actions">
                        <Ask
                            steering
                            wish=Wish::TreatAsSent(Whom::All)
                            word="Treat as sent"
                            class="btn small"
                        />
                        <AskTwice
                            steering
                            wish=Wish::Resend(Whom::All)
                            word="Send again…"
                            class="btn small"
                            meaning="Whoever got the message already gets a second copy."
                            sure="Send again, perhaps twice"
                        />
                    </div>
                </section>
            }
        })
    }
}

/// What happens to those that were refused for now.
#[component]
pub(super) fn Deferred(summary: Memo<CampaignSummary>) -> impl IntoView {
    let deferred = Memo::new(move |_| {
        summary.with(|summary| (summary.counts.deferred, summary.next_attempt_at))
    });
    move || {
        let (deferred, next) = deferred.get();
        (deferred > 0).then(|| {
            view! {
                <section class="card notice mb-4">
                    <Mark drawing=Drawing::Clock tone="deferred" />
                    <div>
                        <b>
                            {format::count(deferred, "recipient was", "recipients were")}
                            " refused for now"
                        </b>
                        <div class="text-small text-muted">
                            "The next try is made by itself"
                            {next.map(|at| view! { ", from " <Moment at /> })} "."
                        </div>
                    </div>
                </section>
            }
        })
    }
}
