//! The frame of every page: where one can go, how the installation stands, and the page.

use domain::installation::Installation;
use leptos::{either::Either, html, prelude::*};
use leptos_router::hooks::use_location;

use crate::{
    api,
    components::icon::{Drawing, Icon},
    contexts, format, routes,
};

/// The frame of every page.
#[component]
pub(crate) fn Layout(children: Children) -> impl IntoView {
    let path = use_location().pathname;
    let content = NodeRef::<html::Main>::new();
    // What had the focus goes with its page: whoever listens or types goes on at the new one.
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path)
            && let Some(content) = content.get_untracked()
        {
            // Where it cannot take the focus there is nothing to be done about it.
            let _ = content.focus();
        }
        path
    });
    view! {
        <a class="skip-link" href="#content">
            "Skip to the content"
        </a>
        <div class="shell">
            <nav class="side" aria-label="Palomar">
                <a class="brand" href=routes::DASHBOARD rel=away()>
                    <Icon drawing=Drawing::Dove />
                    "Palomar"
                </a>
                <SideLinks />
                <SideFoot />
            </nav>
            <main node_ref=content class="main" id="content" tabindex="-1">
                {children()}
            </main>
        </div>
    }
}

/// How a link away goes: from the composer it leaves the document, so that the browser asks about
/// what is unsent.
fn away() -> Signal<Option<&'static str>> {
    let path = use_location().pathname;
    Signal::derive(move || {
        path.with(|path| path == routes::COMPOSER)
            .then_some("external")
    })
}

#[component]
fn SideLinks() -> impl IntoView {
    let path = use_location().pathname;
    let installation = contexts::installation();
    let in_campaigns = Signal::derive(move || {
        path.with(|path| path == routes::DASHBOARD || path.starts_with("/campaigns"))
    });
    let in_caught = Signal::derive(move || path.with(|path| path.starts_with(routes::CAUGHT)));

    view! {
        <SideLink href=routes::DASHBOARD drawing=Drawing::List word="Campaigns" current=in_campaigns />
        <Suspense>
            {move || Suspend::new(async move {
                let catches = installation.await.is_ok_and(|installation| installation.catches_mail);
                catches
                    .then(|| {
                        view! {
                            <SideLink
                                href=routes::CAUGHT
                                drawing=Drawing::Tray
                                word="Caught mail"
                                current=in_caught
                            />
                        }
                    })
            })}
        </Suspense>
    }
}

#[component]
fn SideLink(
    href: &'static str,
    drawing: Drawing,
    word: &'static str,
    current: Signal<bool>,
) -> impl IntoView {
    view! {
        <a class="side-link" href=href rel=away() aria-current=move || current.get().then_some("page")>
            <Icon drawing />
            <span>{word}</span>
        </a>
    }
}

#[component]
fn SideFoot() -> impl IntoView {
    let path = use_location().pathname;
    // Workers come and go: asked again with every page.
    let installation = Resource::new(
        move || path.get(),
        |_| api::installation::get_installation(),
    );
    view! {
        <div class="side-foot">
            <Transition>
                {move || Suspend::new(async move {
                    match installation.await {
                        Ok(installation) => {
                            Either::Left(
                                view! {
                                    {installation
                                        .local_mode
                                        .then(|| {
                                            view! {
                                                <span class="chip" title="Open to this machine only, without an account">
                                                    "Local mode"
                                                </span>
                                            }
                                        })}
                                    {senders(&installation)}
                                },
                            )
                        }
                        Err(_) => Either::Right(()),
                    }
                })}
            </Transition>
        </div>
    }
}

/// Who sends now. One worker is nothing to speak of; none is.
fn senders(installation: &Installation) -> impl IntoView + use<> {
    let connections = || {
        format::count(
            installation.connections.into(),
            "SMTP connection",
            "SMTP connections",
        )
    };
    let (class, text) = match installation.workers {
        0 => ("text-small text-failed", "No worker is running".to_owned()),
        1 => ("text-small text-faint", connections()),
        workers => {
            let workers = format::count(workers.into(), "worker", "workers");
            (
                "text-small text-faint",
                format!("{workers}, {}", connections()),
            )
        }
    };
    view! { <span class=class>{text}</span> }
}
