//! From whom.

use domain::installation::Installation;
use leptos::prelude::*;

use super::{
    draft::Draft,
    faults::{Fault, fault_id},
};

/// From whom: a name and an address; those of the installation when left blank.
#[component]
pub(super) fn Sender(
    draft: Draft,
    name: String,
    address: String,
    installation: Installation,
) -> impl IntoView {
    view! {
        <fieldset>
            <legend class="sr-only">"From"</legend>
            <div class="sender">
                <div>
                    <Line
                        draft
                        name="from_name"
                        path="fromName"
                        value=name
                        label="Sender name"
                        placeholder=installation.from_name.unwrap_or_else(|| "Name".to_owned())
                    />
                </div>
                <div>
                    <Line
                        draft
                        name="from_email"
                        path="fromEmail"
                        value=address
                        label="Sender address"
                        placeholder=installation.from_email
                    />
                </div>
            </div>
        </fieldset>
    }
}

/// A field of one line, under its label.
#[component]
pub(super) fn Line(
    draft: Draft,
    name: &'static str,
    path: &'static str,
    value: String,
    label: &'static str,
    #[prop(into)] placeholder: String,
) -> impl IntoView {
    let fault = draft.fault(path);
    view! {
        <label for=name>{label}</label>
        <input
            name=name
            id=name
            value=value
            placeholder=placeholder
            aria-invalid=move || fault.with(Option::is_some).then_some("true")
            aria-describedby=fault_id(path)
        />
        <Fault draft path />
    }
}
