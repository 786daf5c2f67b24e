//! What of the list is not an address.

use domain::FieldError;
use leptos::prelude::*;

use crate::{
    format,
    pages::composer::{draft::Draft, list::Known},
};

/// How many lines are shown.
const SHOWN: usize = 5;

/// The first lines that are not addresses, why, and what to do about them. The list was looked at
/// here, or by the server, which refused it.
#[component]
pub(super) fn NotAddresses(draft: Draft) -> impl IntoView {
    let lines = Memo::new(move |_| lines(draft));
    let total = move || {
        let refused = draft.error.with(|error| {
            error
                .as_ref()
                .map_or(0, |error| error.fields_total.max(error.fields.len()))
        });
        draft.list.invalid().max(if draft.list.people().is_some() {
            0
        } else {
            refused
        })
    };
    let more = move || {
        let more = total().saturating_sub(SHOWN);
        (more > 0).then(|| format!("and {} more", format::number(more as u64)))
    };
    let none = move || lines.with(Vec::is_empty);

    view! {
        <div class="list-faults" hidden=none>
            <ul>
                {move || {
                    lines.get().into_iter().map(|line| view! { <li>{line}</li> }).collect_view()
                }}
            </ul>
            <p class="text-muted" hidden=move || more().is_none()>
                {more}
            </p>
            <label class="choice">
                <input
                    type="checkbox"
                    name="invalid_recipients"
                    value="skip"
                    checked=draft.skip_invalid.get_untracked()
                />
                "Leave them out, and send to the others"
            </label>
        </div>
    }
}

fn lines(draft: Draft) -> Vec<String> {
    let surveyed = draft.list.known.with(|known| match known {
        Known::Read(survey) => Some(
            survey
                .first_invalid
                .iter()
                .take(SHOWN)
                .map(ToString::to_string)
                .collect(),
        ),
        _ => None,
    });
    surveyed.unwrap_or_else(|| {
        draft.error.with(|error| {
            error
                .iter()
                .flat_map(|error| &error.fields)
                .filter_map(refused_line)
                .take(SHOWN)
                .collect()
        })
    })
}

/// `Line 4 “not an address”: no @`, as the server's refusal names it.
fn refused_line(field: &FieldError) -> Option<String> {
    let place = field
        .path
        .strip_prefix("recipients[")?
        .trim_end_matches(']');
    let place = place.strip_prefix("line ").unwrap_or(place);
    Some(format!("Line {place} {}", field.message))
}
