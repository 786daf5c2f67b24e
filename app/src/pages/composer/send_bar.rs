//! Send, always in sight: to how many, from whom, through which server.

use domain::{address::EmailAddress, installation::Installation};
use leptos::prelude::*;

use super::draft::Draft;
use crate::format;

/// The bar.
#[component]
pub(super) fn SendBar(
    draft: Draft,
    installation: Installation,
    /// Those on the list that is kept where no other is written.
    listed: u64,
) -> impl IntoView {
    let written = move || draft.list.people().filter(|people| *people > 0);
    let people = move || written().or(Some(listed).filter(|people| *people > 0));
    let undecided = move || draft.list.invalid() > 0 && !draft.skip_invalid.get();
    let line = move || {
        let written = draft.from_email.with(|address| address.trim().to_owned());
        let from = match EmailAddress::parse(&written) {
            _ if written.is_empty() => format!("from {} ", installation.from_email),
            Ok(_) => format!("from {written} "),
            // It cannot be sent from there, and its field says so.
            Err(_) => String::new(),
        };
        let way = format!("{from}via {}", installation.smtp_server);
        match people() {
            Some(people) => format!("{}, {way}", format::count(people, "person", "people")),
            None => format::capitalised(way),
        }
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
                <div class="text-failed" id="undecided" hidden=move || !undecided()>
                    {decide}
                </div>
            </div>
            <button
                type="submit"
                class="btn"
                name="intent"
                value="draft"
                // A draft may be incomplete.
                formnovalidate
                disabled=undecided
                aria-disabled=move || draft.on_its_way.get().then_some("true")
            >
                "Save draft"
            </button>
            <button
                type="submit"
                class="btn primary"
                name="intent"
                value="send"
                // Before the page is live nothing is known of the list, and the server decides.
                disabled=undecided
                aria-describedby="undecided"
                aria-disabled=move || draft.on_its_way.get().then_some("true")
            >
                {word}
            </button>
        </div>
    }
}
