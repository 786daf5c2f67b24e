//! What is being written, as signals. The fields themselves hold the text, and nothing else does: it
//! can be typed before the page is live. Signals follow them, and whoever would reload the page or
//! follow a link away from it while something is unsent is asked first.

use domain::{
    ApiError, FieldError,
    campaign::{CampaignForm, FormIntent, InvalidRecipients},
};
use leptos::prelude::*;
use web_sys::{FormData, HtmlFormElement};

use super::list::{Known, List};
use crate::api::composer::ComposerState;

/// What is being written.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub(super) subject: RwSignal<String>,
    pub(super) from_email: RwSignal<String>,
    pub(super) body: RwSignal<String>,
    pub(super) text_body: RwSignal<String>,
    pub(super) skip_invalid: RwSignal<bool>,
    pub(super) list: List,
    /// Why it was refused the last time.
    pub(super) error: RwSignal<Option<ApiError>>,
    /// Whether it is on its way to the server.
    pub(super) on_its_way: RwSignal<bool>,
}

impl Draft {
    pub(super) fn new(state: &ComposerState) -> Self {
        let form = &state.form;
        Self {
            subject: RwSignal::new(form.subject.clone()),
            from_email: RwSignal::new(form.from_email.clone()),
            body: RwSignal::new(form.body.clone()),
            text_body: RwSignal::new(form.text_body.clone()),
            skip_invalid: RwSignal::new(form.invalid_recipients == InvalidRecipients::Skip),
            list: List::new(),
            error: RwSignal::new(state.error.clone()),
            on_its_way: RwSignal::new(false),
        }
    }

    /// What is wrong with the field at `path`, if anything is.
    pub(super) fn fault(self, path: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.error
                .with(|error| error.as_ref()?.field(path).map(str::to_owned))
        })
    }

    /// Whether leaving now would lose something that somebody wrote.
    pub(super) fn is_unsent(self) -> bool {
        let written = [self.subject, self.body, self.text_body]
            .iter()
            .any(|field| field.with_untracked(|text| !text.trim().is_empty()));
        let listed = self
            .list
            .known
            .with_untracked(|known| *known != Known::Nothing);
        written || listed
    }

    /// Forgets what was wrong with the field at `path`: it has been changed since.
    pub(super) fn mend(self, path: &str) {
        let concerns = |field: &FieldError| {
            field
                .path
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
        };
        let faulty = self
            .error
            .with_untracked(|error| error.iter().any(|error| error.fields.iter().any(concerns)));
        if faulty {
            self.error.update(|error| {
                if let Some(fields) = error.as_mut().map(|error| &mut error.fields) {
                    fields.retain(|field| !concerns(field));
                }
                // The last fault took the refusal with it.
                error.take_if(|error| error.fields.is_empty());
            });
        }
    }

    /// Follows the fields of `form`, and those of the list only when asked: it may be long.
    pub(super) fn follow(self, form: &HtmlFormElement, with_list: bool) {
        let Ok(fields) = FormData::new_with_form(form) else {
            return;
        };
        update(self.subject, text(&fields, "subject"));
        update(self.from_email, text(&fields, "from_email"));
        update(self.body, text(&fields, "body"));
        update(self.text_body, text(&fields, "text_body"));
        update(self.skip_invalid, fields.has("invalid_recipients"));
        if with_list {
            self.list.look_at(text(&fields, "recipients"));
        }
    }

    /// The form as it goes to the server, with the list that counts.
    pub(super) fn collect(
        self,
        form: &HtmlFormElement,
        intent: FormIntent,
    ) -> Option<CampaignForm> {
        let fields = FormData::new_with_form(form).ok()?;
        let text = |name| text(&fields, name);
        Some(CampaignForm {
            subject: text("subject"),
            body: text("body"),
            recipients: self.list.kept_aside().unwrap_or_else(|| text("recipients")),
            name: text("name"),
            from_name: text("from_name"),
            from_email: text("from_email"),
            reply_to: text("reply_to"),
            text_body: text("text_body"),
            invalid_recipients: if fields.has("invalid_recipients") {
                InvalidRecipients::Skip
            } else {
                InvalidRecipients::Reject
            },
            idempotency_key: text("idempotency_key"),
            intent,
            scheduled_at: text("scheduled_at"),
            time_zone: text("time_zone"),
            smtp_server: text("smtp_server"),
        })
    }
}

fn text(fields: &FormData, name: &str) -> String {
    fields.get(name).as_string().unwrap_or_default()
}

fn update<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|now| *now != value) {
        signal.set(value);
    }
}
