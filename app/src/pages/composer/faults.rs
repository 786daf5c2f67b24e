//! What is wrong with a field, beside it.

use domain::ApiError;
use leptos::{html, prelude::*};

use super::draft::Draft;
use crate::{
    components::icon::{Drawing, Mark},
    format::sentence,
};

/// The paths whose faults stand beside their field, and what the field is called in a sentence.
const BESIDE: [(&str, &str); 10] = [
    ("subject", "The subject"),
    ("body", "The body"),
    ("name", "The name"),
    ("fromName", "The sender name"),
    ("fromEmail", "The sender address"),
    ("replyTo", "The address for answers"),
    ("textBody", "The plain text"),
    ("scheduledAt", "The time"),
    ("smtpServer", "The SMTP server"),
    ("recipients", "The list"),
];

/// What is wrong with the field at `path`. The field names it in `aria-describedby`, as
/// [`fault_id`] says.
#[component]
pub(super) fn Fault(draft: Draft, path: &'static str) -> impl IntoView {
    let fault = draft.fault(path);
    view! {
        <p class="field-error" id=fault_id(path) hidden=move || fault.with(Option::is_none)>
            {move || fault.get().map(|message| about(path, &message))}
        </p>
    }
}

/// The message as a sentence that says which field it is about: what a rule says begins with its
/// verb, anything else is a remark.
fn about(path: &str, message: &str) -> String {
    let subject = BESIDE.iter().find(|(beside, _)| *beside == path);
    let Some((_, subject)) = subject else {
        return sentence(message.to_owned());
    };
    let rule = ["must ", "contains ", "is ", "has "]
        .iter()
        .any(|verb| message.starts_with(verb));
    let joint = if rule { " " } else { ": " };
    sentence(format!("{subject}{joint}{message}"))
}

/// The id of a field's [`Fault`].
pub(super) fn fault_id(path: &str) -> String {
    format!("fault-{path}")
}

/// What went wrong as a whole, on top of the form. It takes the focus when it appears.
#[component]
pub(super) fn Refused(draft: Draft) -> impl IntoView {
    let card = NodeRef::<html::Div>::new();
    // Not the error itself, which changes while its fields are mended one by one.
    let refused = Memo::new(move |_| draft.error.with(Option::is_some));
    Effect::new(move || {
        if let Some(card) = card.get().filter(|_| refused.get()) {
            // Where it cannot take the focus there is nothing to be done about it.
            let _ = card.focus();
        }
    });
    view! {
        <div
            node_ref=card
            class="card notice mb-4"
            role="alert"
            tabindex="-1"
            hidden=move || !refused.get()
        >
            <Mark drawing=Drawing::Cross tone="failed" />
            <div>
                <b>"Nothing was sent"</b>
                <div class="text-small text-muted">
                    {move || draft.error.with(|error| error.as_ref().map(in_words))}
                </div>
            </div>
        </div>
    }
}

/// What is said beside the fields is only pointed at; the rest is said here.
fn in_words(error: &ApiError) -> String {
    let elsewhere: Vec<String> = error
        .fields
        .iter()
        .filter(|field| {
            !BESIDE.iter().any(|(path, _)| *path == field.path)
                && !field.path.starts_with("recipients")
        })
        .map(|field| format!("{}: {}", field.path, field.message))
        .collect();
    if !elsewhere.is_empty() {
        return elsewhere.join("; ");
    }
    if error.fields.is_empty() {
        return sentence(error.detail.clone());
    }
    "What is wrong stands beside each field.".to_owned()
}

#[cfg(test)]
mod tests {
    use domain::{ErrorCode, FieldError};

    use super::*;

    #[test]
    fn a_fault_says_which_field_it_is_about() {
        assert_eq!(
            about("subject", "must not be blank"),
            "The subject must not be blank."
        );
        assert_eq!(about("fromEmail", "no @"), "The sender address: no @.");
    }

    #[test]
    fn a_fault_without_a_field_is_said_on_top() {
        let away = ApiError::new(ErrorCode::Unavailable, "the database is away");
        assert_eq!(in_words(&away), "The database is away.");
        let beside = ApiError::invalid(vec![FieldError::new("subject", "must not be blank")]);
        assert_eq!(in_words(&beside), "What is wrong stands beside each field.");
        let elsewhere = ApiError::invalid(vec![FieldError::new("idempotencyKey", "too long")]);
        assert_eq!(in_words(&elsewhere), "idempotencyKey: too long");
    }
}
