//! A dashboard without rows: the first step, or a way back.

use leptos::prelude::*;

use crate::{contexts, routes};

/// Nothing was ever sent: what to do first.
#[component]
pub(super) fn NoCampaigns() -> impl IntoView {
    let installation = contexts::installation();
    view! {
        <section class="card empty">
            <h2>"Your first campaign"</h2>
            <ol>
                <li>"Write a subject and a body, in HTML."</li>
                <li>"Paste the addresses, or drop a file with them. Each line is looked at while you paste."</li>
                <li>"Press Send, and watch the bar: who got it, who did not, and why."</li>
            </ol>
            <Suspense>
                {move || Suspend::new(async move {
                    let catches = installation
                        .await
                        .is_ok_and(|installation| installation.catches_mail);
                    catches
                        .then(|| {
                            view! {
                                <p class="text-muted">
                                    "Try it with any addresses. Nothing leaves this machine: every message ends under "
                                    <a href=routes::CAUGHT>"Caught mail"</a> ", where you can look at it."
                                </p>
                            }
                        })
                })}
            </Suspense>
            <a class="btn primary" href=routes::COMPOSER>
                "Write the first one"
            </a>
        </section>
    }
}

/// Campaigns there are, but none like this.
#[component]
pub(super) fn NothingFound() -> impl IntoView {
    view! {
        <section class="card empty">
            <p>"No campaign is like this."</p>
            <a class="btn" href=routes::DASHBOARD>
                "Show all"
            </a>
        </section>
    }
}
