//! The list of recipients: pasted, chosen or dropped, and at once what it holds.

mod file;
mod known;
mod not_addresses;

use leptos::{ev, html, prelude::*};
use web_sys::File;

use super::{
    draft::Draft,
    faults::{Fault, fault_id},
    inner_text,
    list::KEPT_ASIDE_FROM,
};
use file::{ChooseFile, KeptAside};
use known::WhatIsKnown;
use not_addresses::NotAddresses;

/// The field, the file, and the survey below.
#[component]
pub(super) fn Recipients(draft: Draft, text: String) -> impl IntoView {
    let list = draft.list;
    let fault = draft.fault("recipients");
    let field = NodeRef::<html::Textarea>::new();
    let dragged_over = RwSignal::new(false);
    let aside = move || list.aside.with(Option::is_some);

    let take_text = move |name: String, text: String| {
        let Some(field) = field.get_untracked() else {
            return;
        };
        draft.mend("recipients");
        if text.len() < KEPT_ASIDE_FROM && field.value().trim().is_empty() {
            field.set_value(&text);
            list.look_at(text);
        } else {
            list.keep_aside(name, text.into());
        }
    };
    let take_file = move |file: File| {
        let name = file.name();
        list.read_file(file, move |text| take_text(name, text));
    };
    let on_drop = move |event: ev::DragEvent| {
        dragged_over.set(false);
        let file = event
            .data_transfer()
            .and_then(|data| data.files())
            .and_then(|files| files.get(0));
        if let Some(file) = file {
            event.prevent_default();
            take_file(file);
        }
    };
    let on_paste = move |event: ev::ClipboardEvent| {
        let text = event
            .clipboard_data()
            .and_then(|data| data.get_data("text/plain").ok())
            .filter(|text| text.len() >= KEPT_ASIDE_FROM);
        if let Some(text) = text {
            event.prevent_default();
            draft.mend("recipients");
            list.keep_aside("The pasted list".to_owned(), text.into());
        }
    };
    let on_remove = move |_| {
        draft.mend("recipients");
        list.aside.set(None);
        list.look_at(
            field
                .get_untracked()
                .map(|field| field.value())
                .unwrap_or_default(),
        );
    };

    view! {
        <div>
            <label for="recipients">"Recipients"</label>
            <div
                class="card list"
                class:over=dragged_over
                on:dragover=move |event| {
                    event.prevent_default();
                    dragged_over.set(true);
                }
                on:dragleave=move |_| dragged_over.set(false)
                on:drop=on_drop
            >
                <textarea
                    node_ref=field
                    class="font-mono text-small"
                    name="recipients"
                    id="recipients"
                    rows="5"
                    spellcheck="false"
                    placeholder="ana@example.org\nLuis <luis@example.org>"
                    hidden=aside
                    on:paste=on_paste
                    aria-invalid=move || fault.with(Option::is_some).then_some("true")
                    aria-describedby=fault_id("recipients")
                    inner_html=inner_text(&text)
                ></textarea>
                {move || list.aside.get().map(|kept| view! { <KeptAside kept on_remove /> })}
                <div class="list-foot">
                    <span class="flex flex-1 flex-wrap gap-x-4" role="status">
                        <WhatIsKnown list />
                    </span>
                    <ChooseFile take_file />
                </div>
                <NotAddresses draft />
            </div>
            <Fault draft path="recipients" />
            <p class="field-hint">
                "One address a line, or a CSV whose first line names the columns."
            </p>
        </div>
    }
}
