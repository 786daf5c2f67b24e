//! The way through a long list: plain links, page after page.

use leptos::prelude::*;

/// Links to the first page, unless this is it, and to the next, if there is one.
#[component]
pub(crate) fn Pager(
    /// The address of the first page; none when this is the first.
    first: Option<String>,
    /// The address of the next page; none when this is the last.
    next: Option<String>,
    /// What the next page holds: `Older`, `More`.
    word: &'static str,
) -> impl IntoView {
    (first.is_some() || next.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                {first.map(|first| view! { <a href=first>"Back to the first page"</a> })}
                {next.map(|next| view! { <a href=next rel="next">{word}</a> })}
            </nav>
        }
    })
}
