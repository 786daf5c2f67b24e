//! What the built-in catcher received.

pub(crate) mod message;

use domain::{
    caught::{CaughtList, CaughtSummary},
    page::Page,
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::{components::Form, hooks::use_query_map};

use crate::{
    api::caught::list_caught,
    components::{failure::Failure, moment::Moment, pager::Pager},
    format, routes,
};

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
                    Ok(page) => Either::Right(view! { <Caught request page /> }),
                }
            })}
        </Transition>
    }
}

#[component]
fn Caught(request: Request, page: Page<CaughtSummary>) -> impl IntoView {
    if page.items.is_empty() {
        let words = if request == Request::default() {
            "Nothing was caught yet. Send a campaign, and its messages arrive here."
        } else {
            "No caught message is like this."
        };
        return Either::Left(view! {
            <section class="card empty">
                <p>{words}</p>
            </section>
        });
    }
    let next = page.next_cursor.map(|cursor| request.page(&cursor));
    let first = (!request.cursor.is_empty()).then(|| request.page(""));
    let rows = page
        .items
        .into_iter()
        .map(|message| view! { <Row message /> });
    Either::Right(view! {
        <section class="card overflow-hidden" aria-label="Caught mail">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"To"</th>
                        <th scope="col">"Subject"</th>
                        <th scope="col" class="number wide-only">
                            "Size"
                        </th>
                        <th scope="col" class="number wide-only">
                            "Caught"
                        </th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
        <Pager first next word="Older" />
    })
}

#[component]
fn Row(message: CaughtSummary) -> impl IntoView {
    view! {
        <tr>
            <td class="address">
                <a class="row-link" href=routes::caught(message.id)>
                    {message.recipients.join(", ")}
                </a>
            </td>
            <td class="words">
                {message.subject} <div class="text-small text-muted">"from " {message.from}</div>
            </td>
            <td class="number wide-only text-small text-muted whitespace-nowrap">
                {format::size(message.size)}
            </td>
            <td class="number wide-only text-small text-muted whitespace-nowrap">
                <Moment at=message.received_at />
            </td>
        </tr>
    }
}
