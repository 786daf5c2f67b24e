//! One caught message: its headers, its HTML where it can do no harm, its text and its source.

use domain::{ApiError, ErrorCode, caught::CaughtMessage};
use leptos::{
    either::{Either, EitherOf3},
    prelude::*,
};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    api::{caught::get_caught, error::CallError},
    components::{failure::Failure, message_frame::MessageFrame, moment::Moment},
    format, routes,
};

/// Which part of a message is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Html,
    Text,
    Source,
}

/// One caught message.
#[component]
pub(crate) fn CaughtMessagePage() -> impl IntoView {
    let parameters = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| {
        parameters.with(|parameters| parameters.get_str("id")?.parse::<u64>().ok())
    });
    let asked = Memo::new(move |_| {
        query.with(|query| match query.get_str("part") {
            Some("html") => Some(Part::Html),
            Some("text") => Some(Part::Text),
            Some("source") => Some(Part::Source),
            _ => None,
        })
    });
    let message = Resource::new(
        move || id.get(),
        |id| async move {
            let id = id.ok_or_else(|| {
                CallError(ApiError::new(
                    ErrorCode::NotFound,
                    "Caught messages are named by a number, as in /caught/42.",
                ))
            })?;
            get_caught(id).await
        },
    );

    view! {
        <nav class="crumbs" aria-label="Where you are">
            <a href=routes::CAUGHT>"Caught mail"</a>
            " /"
        </nav>
        <Transition>
            {move || Suspend::new(async move {
                let asked = asked.get();
                match message.await {
                    Err(error) => Either::Left(view! { <Failure error /> }),
                    Ok(message) => Either::Right(view! { <Message message asked /> }),
                }
            })}
        </Transition>
    }
}

#[component]
fn Message(message: CaughtMessage, asked: Option<Part>) -> impl IntoView {
    let part = asked.unwrap_or(match (&message.html, &message.text) {
        (Some(_), _) => Part::Html,
        (None, Some(_)) => Part::Text,
        (None, None) => Part::Source,
    });
    let title = message.summary.subject.clone();
    let tab = |of: Part, name: &'static str, word: &'static str| {
        let address = routes::with_query(&routes::caught(message.summary.id), &[("part", name)]);
        view! {
            <a href=address aria-current=(of == part).then_some("true")>
                {word}
            </a>
        }
    };
    let tabs = view! {
        <nav class="tabs px-4 py-2" aria-label="Part">
            {message.html.is_some().then(|| tab(Part::Html, "html", "HTML"))}
            {message.text.is_some().then(|| tab(Part::Text, "text", "Text"))}
            {tab(Part::Source, "source", "Source")}
        </nav>
    };
    let shown = match part {
        Part::Html => EitherOf3::A(view! {
            <MessageFrame html=message.html.clone().unwrap_or_default() title=title.clone() />
        }),
        Part::Text => EitherOf3::B(view! {
            <pre class="source">{message.text.clone().unwrap_or_default()}</pre>
        }),
        Part::Source => EitherOf3::C(view! { <pre class="source">{message.source.clone()}</pre> }),
    };
    view! {
        <Title text=title.clone() />
        <div class="head">
            <h1>{title}</h1>
        </div>
        <Headers message />
        <section class="card overflow-hidden" aria-label="The message">
            {tabs}
            {shown}
        </section>
        <p class="mt-3 text-small text-muted">
            "This message was caught. It has not left this machine."
        </p>
    }
}

#[component]
fn Headers(message: CaughtMessage) -> impl IntoView {
    let summary = message.summary;
    view! {
        <dl class="card headers mb-4">
            <dt>"From"</dt>
            <dd>{summary.from}</dd>
            <dt>"To"</dt>
            <dd>{summary.recipients.join(", ")}</dd>
            <dt>"Bounces to"</dt>
            <dd>{message.sender}</dd>
            <dt>"Message-ID"</dt>
            <dd class="font-mono text-small">{message.message_id}</dd>
            <dt>"Caught"</dt>
            <dd>
                <Moment at=summary.received_at />
                ", "
                {format::size(summary.size)}
            </dd>
        </dl>
    }
}
