//! A list that comes from a file, or is too long for its field.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{File, HtmlInputElement};

use crate::{contexts, format, pages::composer::list::Aside};

/// A list that is not in the field, and the way back.
#[component]
pub(super) fn KeptAside(
    kept: Aside,
    on_remove: impl Fn(ev::MouseEvent) + 'static,
) -> impl IntoView {
    view! {
        <div class="list-aside">
            <div class="min-w-0 flex-1">
                <b>{kept.name}</b>
                " "
                <span class="text-muted">{format::size(kept.text.len() as u64)}</span>
                <div class="text-small text-muted">
                    "Too long to edit here, so it is kept aside. It goes to the server as it is."
                </div>
            </div>
            <button type="button" class="btn small" on:click=on_remove>
                "Remove"
            </button>
        </div>
    }
}

/// Only a live page can read a file.
#[component]
pub(super) fn ChooseFile(take_file: impl Fn(File) + Copy + 'static) -> impl IntoView {
    let live = contexts::is_live();
    let on_change = move |event: ev::Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            take_file(file);
        }
        // So that the same file, mended, can be chosen again.
        input.set_value("");
    };
    view! {
        <label class="btn small file" hidden=move || !live.get()>
            "Choose a file"
            <input
                type="file"
                class="sr-only"
                accept=".csv,.txt,.tsv,text/csv,text/plain"
                on:change=on_change
            />
        </label>
    }
}
