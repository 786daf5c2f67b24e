//! What it looks like: on a desk, on a telephone, and without HTML.

use leptos::prelude::*;

use super::draft::Draft;
use crate::{components::message_frame::MessageFrame, format};

/// How it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Desktop,
    Phone,
    Text,
}

/// The preview.
#[component]
pub(super) fn Preview(draft: Draft) -> impl IntoView {
    let look = RwSignal::new(Look::Desktop);
    let empty = Memo::new(move |_| draft.body.with(|body| body.trim().is_empty()));
    let text = move || {
        let own = draft.text_body.get();
        if own.trim().is_empty() {
            draft.body.with(|body| format::text_of_html(body))
        } else {
            own
        }
    };
    let narrow = Signal::derive(move || look.get() == Look::Phone);
    let as_text = move || look.get() == Look::Text;
    let choice = move |of: Look, word: &'static str| {
        view! {
            <button
                type="button"
                aria-pressed=move || (look.get() == of).to_string()
                on:click=move |_| look.set(of)
            >
                {word}
            </button>
        }
    };

    view! {
        <section class="card overflow-hidden" aria-label="Preview">
            <div class="tabs small border-b border-line px-3 py-2">
                {choice(Look::Desktop, "Desktop")} {choice(Look::Phone, "Phone")}
                {choice(Look::Text, "Text")}
            </div>
            <p class="p-4 text-muted" hidden=move || as_text() || !empty.get()>
                "The message appears here as you write."
            </p>
            <div hidden=as_text>
                {move || {
                    (!empty.get())
                        .then(|| {
                            view! {
                                <MessageFrame html=draft.body title="Preview of the message" narrow />
                            }
                        })
                }}
            </div>
            <pre class="source" hidden=move || !as_text()>
                {move || as_text().then(text)}
            </pre>
        </section>
    }
}
