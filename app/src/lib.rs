//! Palomar's pages. The server renders them whole, so that reading and creating work before the
//! browser has its WASM and without JavaScript; `hydrate` then makes them live.
//!
//! | module | holds |
//! |---|---|
//! | `api` | typed server functions: each one call into the service |
//! | `routes` | every address, and which page stands there |
//! | `pages` | one folder an area: dashboard, composer, campaign, caught mail |
//! | `components` | what several pages show alike |
//! | `contexts` | what every page may ask for |
//! | `live` | server-sent events |
//! | `format` | numbers, durations and times as people read them |
//!
//! To add a page: a folder in `pages`, its address in `routes`, its reads and writes in `api`.
//! `cfg(feature = "ssr")` belongs here and in `api`; browser objects are touched in effects and
//! event handlers only, which the server never runs.

#![expect(
    unreachable_pub,
    reason = "the component macro writes `pub` before what it makes"
)]
#![expect(
    clippy::needless_pass_by_value,
    reason = "a component owns its properties"
)]

mod api;
mod components;
mod contexts;
mod format;
mod live;
mod pages;
mod routes;

pub use api::composer::{ComposerState, Editing};
pub use domain;

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::Router;

use crate::{components::layout::Layout, routes::Pages};

/// A dove on the tab, drawn in place so that no request is spent on it.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='none' stroke='%231f5f8b' stroke-width='1.6' stroke-linecap='round' stroke-linejoin='round'%3E%3Cpath d='M3 12c4 0 5-2 6-4 .8-1.7 2-3 4-3 1.6 0 2.6 1 3 2.2L18 8l-2 .9C15.6 13 12.5 16 8 16c-1.5 0-2.4-.2-3.4-.6L8 13.4'/%3E%3C/svg%3E";

/// The document around [`App`]. `options.output_name` is the stem of the hashed bundle
/// (`app-…`), and `stylesheet` the address of the hashed stylesheet.
pub fn shell(options: LeptosOptions, stylesheet: String) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href=ICON />
                <link rel="stylesheet" href=stylesheet />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Everything inside the body: the same tree on the server and in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    contexts::provide();

    view! {
        <Title formatter=|title: String| {
            if title.is_empty() { "Palomar".to_owned() } else { format!("{title} · Palomar") }
        } />
        <Router>
            <Layout>
                <Pages />
            </Layout>
        </Router>
    }
}

/// Makes the rendered page live. The bundle's only entry.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
}
