//! The form, and its way to the server.

use std::time::Duration;

use domain::{
    campaign::{CampaignForm, FormIntent},
    installation::Installation,
};
use leptos::{ev, html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{HtmlButtonElement, HtmlInputElement, HtmlTextAreaElement};

use super::{
    checks::Checks,
    draft::Draft,
    faults::Refused,
    later::Later,
    message::{Body, Subject},
    more::More,
    preview::Preview,
    recipients::Recipients,
    send_bar::SendBar,
    sender::Sender,
};
use crate::{
    api::{
        campaigns::{create_campaign, edit_campaign},
        composer::{ComposerState, Editing},
    },
    format, routes,
};

/// How long after the last key the page looks at what was written.
const PAUSE: Duration = Duration::from_millis(150);

/// The form. Without JavaScript it posts to [`routes::COMPOSER`].
#[component]
pub(super) fn ComposerForm(state: ComposerState, installation: Installation) -> impl IntoView {
    let draft = Draft::new(&state);
    let form = NodeRef::<html::Form>::new();
    let written: CampaignForm = state.form;

    // What was typed before the page was live, or came back with a reload.
    Effect::new(move || {
        if let Some(form) = form.get() {
            draft.follow(&form, true);
        }
    });
    let list_changed = StoredValue::new(false);
    let mut follow = debounce(PAUSE, move |()| {
        if let Some(form) = form.get_untracked() {
            draft.follow(&form, list_changed.get_value());
            list_changed.set_value(false);
        }
    });
    let on_input = move |event: ev::Event| {
        if let Some(path) = changed_path(&event) {
            draft.mend(path);
            if path == "recipients" {
                list_changed.set_value(true);
            }
        }
        follow(());
    };
    let before_unload = window_event_listener(ev::beforeunload, move |event| {
        if draft.is_unsent() {
            event.prevent_default();
        }
    });
    on_cleanup(move || before_unload.remove());
    let editing = state.editing;
    let on_submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if let Some(form) = form.get_untracked() {
            send(draft, editing, draft.collect(&form, intent_of(&event)));
        }
    };
    let action = match editing {
        Some(editing) => routes::edit(editing.id),
        None => routes::COMPOSER.to_owned(),
    };

    view! {
        <Refused draft />
        <form
            node_ref=form
            method="post"
            action=action
            on:input=on_input
            on:submit=on_submit
        >
            // Enter in a field presses a form's first button that submits: this one, which does not.
            <button type="submit" disabled hidden></button>
            <input
                type="hidden"
                name="idempotency_key"
                value=written.idempotency_key
                autocomplete="off"
            />
            <div class="composer">
                <div class="grid gap-5">
                    <Sender
                        draft
                        name=written.from_name
                        address=written.from_email
                        installation=installation.clone()
                    />
                    <Subject draft text=written.subject />
                    <Recipients draft text=written.recipients />
                    {editing
                        .map(|editing| {
                            view! {
                                <p class="field-hint">
                                    {format::count(editing.recipients, "recipient", "recipients")}
                                    " on the list now. A list written here takes its place; left empty, it stays."
                                </p>
                            }
                        })}
                    <Body draft text=written.body />
                    <Later draft at=written.scheduled_at zone=written.time_zone />
                    <More
                        draft
                        name=written.name
                        reply_to=written.reply_to
                        text=written.text_body
                        server=written.smtp_server
                        servers=installation.smtp_servers.clone()
                    />
                </div>
                <div class="beside">
                    <Preview draft />
                    <Checks draft installation=installation.clone() />
                </div>
            </div>
            <SendBar draft installation listed=editing.map_or(0, |editing| editing.recipients) />
        </form>
    }
}

/// The path, as faults name it, of the field that `event` has changed.
fn changed_path(event: &ev::Event) -> Option<&'static str> {
    let target = event.target()?;
    let name = match target.dyn_into::<HtmlInputElement>() {
        Ok(field) => field.name(),
        Err(target) => target.dyn_into::<HtmlTextAreaElement>().ok()?.name(),
    };
    Some(match name.as_str() {
        "subject" => "subject",
        "body" => "body",
        "name" => "name",
        "from_name" => "fromName",
        "from_email" => "fromEmail",
        "reply_to" => "replyTo",
        "text_body" => "textBody",
        "scheduled_at" | "time_zone" => "scheduledAt",
        "recipients" | "invalid_recipients" => "recipients",
        _ => return None,
    })
}

/// What the button that was pressed asks for.
fn intent_of(event: &ev::SubmitEvent) -> FormIntent {
    let button = event
        .submitter()
        .and_then(|button| button.dyn_into::<HtmlButtonElement>().ok());
    match button.map(|button| button.value()).as_deref() {
        Some("schedule") => FormIntent::Schedule,
        Some("draft") => FormIntent::Draft,
        _ => FormIntent::Send,
    }
}

/// Hands the form over once. When it was taken, the answer leads the page on to the campaign.
fn send(draft: Draft, editing: Option<Editing>, form: Option<CampaignForm>) {
    let Some(form) = form else { return };
    if draft.on_its_way.get_untracked() {
        return;
    }
    draft.on_its_way.set(true);
    draft.error.set(None);
    spawn_local(async move {
        let taken = match editing {
            Some(editing) => edit_campaign(editing.id, form).await.map(drop),
            None => create_campaign(form).await.map(drop),
        };
        if let Err(error) = taken {
            draft.on_its_way.try_set(false);
            draft.error.try_set(Some(error.0));
        }
    });
}
