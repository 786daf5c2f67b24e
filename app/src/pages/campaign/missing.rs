//! What a campaign that was not started yet must still be given.

use domain::{
    FieldError,
    campaign::{CampaignContent, CampaignSummary},
};
use leptos::prelude::*;

use crate::{
    api::error::CallError,
    components::icon::{Drawing, Mark},
};

/// Everything without which it cannot be sent, in words; nothing once it can be, or was started.
pub(super) async fn of(
    summary: Memo<CampaignSummary>,
    content: Resource<Result<CampaignContent, CallError>>,
) -> Memo<Vec<String>> {
    let mut blank = Vec::new();
    // Nobody waits for the message of a campaign that was started.
    if summary.with_untracked(|summary| summary.status.is_editable()) {
        blank = content.await.map_or(blank, |content| content.missing());
    }
    Memo::new(move |_| summary.with(|summary| in_words(summary, &blank)))
}

fn in_words(campaign: &CampaignSummary, blank: &[FieldError]) -> Vec<String> {
    if !campaign.status.is_editable() {
        return Vec::new();
    }
    let nobody = (campaign.counts.total == 0).then(|| "recipients".to_owned());
    blank
        .iter()
        .map(|field| format!("a {}", field.path))
        .chain(nobody)
        .collect()
}

/// The card that says so.
#[component]
pub(super) fn Missing(missing: Memo<Vec<String>>) -> impl IntoView {
    move || {
        missing.with(|missing| listed(missing)).map(|words| {
            view! {
                <section class="card notice mb-4" role="status">
                    <Mark drawing=Drawing::Pencil />
                    <div>
                        <b>"Not ready to be sent"</b>
                        <div class="text-small text-muted">{format!("It still needs {words}.")}</div>
                    </div>
                </section>
            }
        })
    }
}

/// `a subject, a body and recipients`; none of nothing.
fn listed(words: &[String]) -> Option<String> {
    match words {
        [] => None,
        [only] => Some(only.clone()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_as_people_say_it() {
        let told = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            listed(&words)
        };
        assert_eq!(told(&[]), None);
        assert_eq!(told(&["a body"]).as_deref(), Some("a body"));
        assert_eq!(
            told(&["a subject", "a body", "recipients"]).as_deref(),
            Some("a subject, a body and recipients")
        );
    }
}
