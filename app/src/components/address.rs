//! An address, which a narrow column breaks where a reader would.

use leptos::prelude::*;

/// The addresses of `text`, with a place to break after each `@` and dot.
#[component]
pub(crate) fn Address(#[prop(into)] text: String) -> impl IntoView {
    text.split_inclusive(['@', '.'])
        .map(|part| view! { {part.to_owned()} <wbr /> })
        .collect_view()
}
