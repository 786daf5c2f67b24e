//! What is well with the message, and what is not.

use domain::{campaign::MAX_BODY_LENGTH, installation::Installation};
use leptos::prelude::*;

use super::draft::Draft;
use crate::{
    components::icon::{Drawing, Mark},
    format,
};

/// Gmail cuts a message off here, in octets.
const CLIPPED_FROM: usize = 102_000;

/// One check, and how it went.
type Check = (Drawing, &'static str, String);

/// The list of checks.
#[component]
pub(super) fn Checks(draft: Draft, installation: Installation) -> impl IntoView {
    let checks = Memo::new(move |_| {
        vec![
            text_part(draft),
            size(draft.body.with(String::len)),
            variables(draft),
            Some(way_out(&installation)),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
    });
    let lines = move || {
        checks
            .get()
            .into_iter()
            .map(|(drawing, tone, words)| {
                view! {
                    <li>
                        <Mark drawing tone />
                        <span>{words}</span>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <section class="card checks" aria-label="Checks">
            <ul>{lines}</ul>
        </section>
    }
}

fn good(words: impl Into<String>) -> Check {
    (Drawing::Tick, "sent", words.into())
}

fn doubtful(words: impl Into<String>) -> Check {
    (Drawing::Question, "deferred", words.into())
}

fn bad(words: impl Into<String>) -> Check {
    (Drawing::Cross, "failed", words.into())
}

fn text_part(draft: Draft) -> Option<Check> {
    let written = |field: RwSignal<String>| field.with(|text| !text.trim().is_empty());
    if written(draft.text_body) {
        Some(good("Text part written by you"))
    } else {
        written(draft.body).then(|| good("Text part made from the HTML"))
    }
}

fn size(octets: usize) -> Option<Check> {
    let size = format::size(octets as u64);
    let check = match octets {
        0 => return None,
        _ if octets > MAX_BODY_LENGTH => bad(format!(
            "{size}: more than the {} a body may have",
            format::size(MAX_BODY_LENGTH as u64)
        )),
        _ if octets > CLIPPED_FROM => {
            doubtful(format!("{size}: Gmail cuts off what is over 102 KB"))
        }
        _ => good(format!("{size}, under Gmail’s 102 KB")),
    };
    Some(check)
}

fn variables(draft: Draft) -> Option<Check> {
    let written = [draft.subject, draft.body, draft.text_body]
        .iter()
        .any(|field| field.with(|text| text.contains("{{")));
    written.then(|| bad("“{{” would reach everybody as it stands: variables are not filled in yet"))
}

fn way_out(installation: &Installation) -> Check {
    if installation.catches_mail {
        good("Nothing leaves this machine: look at it under Caught mail")
    } else {
        doubtful(format!(
            "Goes out to real people via {}",
            installation.smtp_server
        ))
    }
}
