//! Subject and body.

use domain::campaign::MAX_SUBJECT_LENGTH;
use leptos::prelude::*;

use super::{
    draft::Draft,
    faults::{Fault, fault_id},
    inner_text,
};
use crate::format;

/// The subject, and how long it is.
#[component]
pub(super) fn Subject(draft: Draft, text: String) -> impl IntoView {
    let fault = draft.fault("subject");
    let length = move || {
        let length = draft.subject.with(|subject| subject.trim().chars().count());
        (length > 0).then(|| format::count(length as u64, "character", "characters"))
    };
    view! {
        <div>
            <label for="subject">"Subject"</label>
            <input
                name="subject"
                id="subject"
                value=text
                required
                maxlength=MAX_SUBJECT_LENGTH
                autocomplete="off"
                aria-invalid=move || fault.with(Option::is_some).then_some("true")
                aria-describedby=fault_id("subject")
            />
            <Fault draft path="subject" />
            <p class="field-hint">{length}</p>
        </div>
    }
}

/// The HTML body.
#[component]
pub(super) fn Body(draft: Draft, text: String) -> impl IntoView {
    let fault = draft.fault("body");
    view! {
        <div>
            <label for="body">"Body, in HTML"</label>
            <textarea
                class="font-mono text-small"
                name="body"
                id="body"
                rows="12"
                required
                spellcheck="false"
                placeholder="<p>Hello,</p>"
                aria-invalid=move || fault.with(Option::is_some).then_some("true")
                aria-describedby=fault_id("body")
                inner_html=inner_text(&text)
            ></textarea>
            <Fault draft path="body" />
        </div>
    }
}
