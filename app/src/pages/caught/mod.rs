//! What the built-in catcher received.

pub(crate) mod message;
mod table;

use domain::caught::CaughtList;
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::{components::Form, hooks::use_query_map};

use crate::{api::caught::list_caught, components::failure::Failure, routes};
use table::CaughtTable;

/// `?q=&cursor=`, blank where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Request {
    search: String,
    cursor: String,
}

impl Request {
    fn list(self) -> CaughtList {
        let said = |text: String| (!text.is_empty()).then_some(text);
        CaughtList {
            q: said(self.search),
            cursor: said(self.cursor),
        }
    }

    fn page(&self, cursor: &str) -> String {
        routes::with_query(routes::CAUGHT, &[("q", &self.search), ("cursor", cursor)])
    }
}

/// The list of caught mail.
#[component]
pub(crate) fn CaughtPage() -> impl IntoView {
    let query = use_query_map();
    let request = Memo::new(move |_| {
        query.with(|query| Request {
            search: query.get_str("q").unwrap_or_default().trim().to_owned(),
            cursor: query.get_str("cursor").unwrap_or_default().to_owned(),
        })
    });
    let caught = Resource::new(move || request.get(), |request| list_caught(request.list()));

    view! {
        <Title text="Caught mail" />
        <div class="head">
            <div>
                <h1>"Caught mail"</h1>
                <p class="text-muted">
                    "Nothing leaves this machine: the built-in catcher takes every message and keeps the last ones for you to look at."
                </p>
            </div>
            <search class="search">
                <Form method="GET" action=routes::CAUGHT>
                    <input
                        type="search"
                        name="q"
                        value=move || request.get().search
                        placeholder="Search address or subject"
                        aria-label="Search address or subject"
                        maxlength="200"
                    />
                </Form>
            </search>
        </div>
        <Transition>
            {move || Suspend::new(async move {
                let request = request.get();
                match caught.await {
                    Err(error) => Either::Left(view! { <Failure error /> }),
                    Ok(page) => Either::Right(view! { <CaughtTable request page /> }),
                }
            })}
        </Transition>
    }
}
