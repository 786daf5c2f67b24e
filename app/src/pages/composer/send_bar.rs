//! Send, always in sight: to how many, from whom, through which server.

use domain::installation::Installation;
use leptos::prelude::*;

use super::draft::Draft;
use crate::format;

/// The bar.
#[component]
pub(super) fn SendBar(draft: Draft, installation: Installation) -> impl IntoView {
    let people = move || draft.list.people().filter(|people| *people > 0);
    let undecided = move || draft.list.invalid() > 0 && !draft.skip_invalid.get();
    let line = move || {
        let written = draft.from_email.with(|address| address.trim().to_owned());
        let from = if written.is_empty() {
            installation.from_email.clone()
        } else {
            written
        };
        let to = people().map_or_else(String::new, |people| {
            format!("{}, ", format::count(people, "person", "people"))
        });
        format!("{to}from {from} via {}", installation.smtp_server)
    };
    let decide = move || {
        undecided().then(|| match draft.list.invalid() {
            1 => "1 line is not an address: mend it, or leave it out.".to_owned(),
            invalid => format!(
                "{} lines are not addresses: mend them, or leave them out.",
                format::number(invalid as u64)
            ),
        })
    };
    let word = move || match (draft.on_its_way.get(), people()) {
        (true, _) => "Handing over…".to_owned(),
        (false, Some(people)) => format!("Send to {}", format::number(people)),
        (false, None) => "Send".to_owned(),
    };
    view! {
        <div class="card send-bar">
            <div class="flex-1 text-small text-muted">
                {line}
                <div class="text-failed" hidden=move || !undecided()>
                    {decide}
                </div>
            </div>
            <button type="submit" class="btn primary" aria-disabled=move || draft.on_its_way.get().then_some("true")>
                {word}
            </button>
        </div>
    }
}
