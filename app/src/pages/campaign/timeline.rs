//! What happened to the campaign, folded away.

use domain::campaign::{CampaignEvent, EventKind};
use leptos::{either::Either, prelude::*};

use crate::{
    api::error::CallError,
    components::{failure::Failure, moment::Moment},
    format,
};

/// The folded list, the latest first.
#[component]
pub(super) fn Timeline(events: Resource<Result<Vec<CampaignEvent>, CallError>>) -> impl IntoView {
    view! {
        <details class="card fold mb-4">
            <summary>"What happened"</summary>
            <Transition>
                {move || Suspend::new(async move {
                    match events.await {
                        Err(error) => Either::Left(view! { <Failure error /> }),
                        Ok(events) => {
                            let items = events
                                .into_iter()
                                .map(|event| {
                                    view! {
                                        <li>
                                            <span class="text-small text-muted">
                                                <Moment at=event.at />
                                            </span>
                                            <span>{in_words(&event)}</span>
                                        </li>
                                    }
                                })
                                .collect_view();
                            Either::Right(view! { <ol class="timeline">{items}</ol> })
                        }
                    }
                })}
            </Transition>
        </details>
    }
}

fn in_words(event: &CampaignEvent) -> String {
    let people = format::count(event.amount.unwrap_or_default(), "recipient", "recipients");
    let detail = event.detail.as_deref().unwrap_or_default();
    let with_detail = |words: &str| match detail {
        "" => words.to_owned(),
        detail => format!("{words}: {detail}"),
    };
    match event.kind {
        EventKind::Created if event.amount == Some(0) => "Created, with no recipients".to_owned(),
        EventKind::Created => format!("Created, with {people}"),
        EventKind::Imported if detail.is_empty() => format!("{people} added from a list"),
        EventKind::Imported => format!("{people} added from a list ({detail})"),
        EventKind::Edited => "Changed".to_owned(),
        EventKind::Scheduled => format!("To start at {detail}"),
        EventKind::Started if detail.is_empty() => "Started".to_owned(),
        EventKind::Started => format!("Started {detail}"),
        EventKind::TakenUp => "Taken up by a worker".to_owned(),
        EventKind::Paused => with_detail("Paused"),
        EventKind::Resumed => "Resumed".to_owned(),
        EventKind::Cancelled => "Cancelled".to_owned(),
        EventKind::Retried => format!("{people} who failed are sent to again"),
        EventKind::TreatedAsSent => format!("{people} with an unknown outcome taken for sent"),
        EventKind::Resent => format!("{people} with an unknown outcome are sent to again"),
        EventKind::Waits => with_detail("Stands still"),
        EventKind::Moves => "Goes on".to_owned(),
        EventKind::TakenOver => {
            format!("Taken over from a worker that fell silent; {people} UNKNOWN")
        }
        EventKind::Ended => match detail {
            "FAILED" => "Ended: nobody could be reached".to_owned(),
            "CANCELLED" => "Ended, cancelled".to_owned(),
            _ => "Ended".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn an_event_is_told_in_words() {
        let told = |kind, amount, detail: Option<&str>| {
            in_words(&CampaignEvent {
                at: Timestamp(0),
                kind,
                amount,
                detail: detail.map(str::to_owned),
            })
        };
        assert_eq!(
            told(EventKind::Created, Some(1), None),
            "Created, with 1\u{a0}recipient"
        );
        assert_eq!(
            told(EventKind::Created, Some(0), None),
            "Created, with no recipients"
        );
        assert_eq!(told(EventKind::Paused, None, None), "Paused");
        assert_eq!(
            told(EventKind::Paused, None, Some("550 no")),
            "Paused: 550 no"
        );
        assert_eq!(
            told(EventKind::Started, None, Some("at its time")),
            "Started at its time"
        );
    }
}
