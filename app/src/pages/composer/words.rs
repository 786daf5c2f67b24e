//! Sender, subject, body, and what is rarely needed.

use domain::{campaign::MAX_SUBJECT_LENGTH, installation::Installation};
use leptos::prelude::*;

use super::{
    draft::Draft,
    faults::{Fault, fault_id},
};
use crate::format;

/// From whom: a name and an address; those of the installation when left blank.
#[component]
pub(super) fn Sender(
    draft: Draft,
    name: String,
    address: String,
    installation: Installation,
) -> impl IntoView {
    view! {
        <fieldset>
            <legend>"From"</legend>
            <div class="sender">
                <div>
                    <Line
                        draft
                        name="from_name"
                        path="fromName"
                        value=name
                        label="Sender name"
                        placeholder=installation.from_name.unwrap_or_else(|| "Name".to_owned())
                    />
                </div>
                <div>
                    <Line
                        draft
                        name="from_email"
                        path="fromEmail"
                        value=address
                        label="Sender address"
                        placeholder=installation.from_email
                    />
                </div>
            </div>
        </fieldset>
    }
}

/// A field of one line whose label stands elsewhere for the eye.
#[component]
fn Line(
    draft: Draft,
    name: &'static str,
    path: &'static str,
    value: String,
    label: &'static str,
    #[prop(into)] placeholder: String,
) -> impl IntoView {
    let fault = draft.fault(path);
    view! {
        <input
            name=name
            id=name
            value=value
            placeholder=placeholder
            aria-label=label
            aria-invalid=move || fault.with(Option::is_some).then_some("true")
            aria-describedby=fault_id(path)
        />
        <Fault draft path />
    }
}

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

/// What is rarely needed, folded away unless something is in it.
#[component]
pub(super) fn More(draft: Draft, name: String, reply_to: String, text: String) -> impl IntoView {
    let faulty = ["name", "replyTo", "textBody"].map(|path| draft.fault(path));
    let used = !(name.is_empty() && reply_to.is_empty() && text.is_empty());
    let open = move || used || faulty.iter().any(|fault| fault.with(Option::is_some));
    view! {
        <details class="fold" open=open>
            <summary>"Name, answers and plain text"</summary>
            <div class="mt-3 grid gap-4">
                <div>
                    <label for="name">"Name of the campaign"</label>
                    <Line
                        draft
                        name="name"
                        path="name"
                        value=name
                        label="Name of the campaign"
                        placeholder="The subject"
                    />
                    <p class="field-hint">"Only you see it."</p>
                </div>
                <div>
                    <label for="reply_to">"Answers go to"</label>
                    <Line
                        draft
                        name="reply_to"
                        path="replyTo"
                        value=reply_to
                        label="Answers go to"
                        placeholder="The sender"
                    />
                </div>
                <div>
                    <label for="text_body">"Plain text"</label>
                    <textarea
                        name="text_body"
                        id="text_body"
                        rows="6"
                        placeholder="Made from the HTML"
                        aria-describedby=fault_id("textBody")
                        inner_html=inner_text(&text)
                    ></textarea>
                    <Fault draft path="textBody" />
                    <p class="field-hint">
                        "For readers that show no HTML. Left empty, it is made from the HTML."
                    </p>
                </div>
            </div>
        </details>
    }
}

/// A text as the markup inside a `<textarea>`: its first line break would otherwise be lost.
pub(super) fn inner_text(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}
