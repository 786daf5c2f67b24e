//! The list of recipients: pasted, chosen or dropped, and at once what it holds.

use domain::{FieldError, recipient_list::Survey};
use leptos::{either::EitherOf4, ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{File, HtmlInputElement};

use super::{
    draft::Draft,
    faults::{Fault, fault_id},
    list::{Aside, KEPT_ASIDE_FROM, Known},
    words::inner_text,
};
use crate::{contexts, format};

/// How many lines that are not addresses are shown.
const SHOWN: usize = 5;

/// The field, the file, and the survey below.
#[component]
pub(super) fn Recipients(draft: Draft, text: String) -> impl IntoView {
    let list = draft.list;
    let fault = draft.fault("recipients");
    let field = NodeRef::<html::Textarea>::new();
    let dragged_over = RwSignal::new(false);
    let aside = move || list.aside.with(Option::is_some);

    let take_text = move |name: String, text: String| {
        let Some(field) = field.get_untracked() else {
            return;
        };
        if text.len() < KEPT_ASIDE_FROM && field.value().trim().is_empty() {
            field.set_value(&text);
            list.look_at(text);
        } else {
            list.keep_aside(name, text.into());
        }
    };
    let take_file = move |file: File| {
        let name = file.name();
        list.read_file(file, move |text| take_text(name, text));
    };
    let on_drop = move |event: ev::DragEvent| {
        dragged_over.set(false);
        let file = event
            .data_transfer()
            .and_then(|data| data.files())
            .and_then(|files| files.get(0));
        if let Some(file) = file {
            event.prevent_default();
            take_file(file);
        }
    };
    let on_paste = move |event: ev::ClipboardEvent| {
        let text = event
            .clipboard_data()
            .and_then(|data| data.get_data("text/plain").ok())
            .filter(|text| text.len() >= KEPT_ASIDE_FROM);
        if let Some(text) = text {
            event.prevent_default();
            list.keep_aside("The pasted list".to_owned(), text.into());
        }
    };
    let on_remove = move |_| {
        list.aside.set(None);
        list.look_at(
            field
                .get_untracked()
                .map(|field| field.value())
                .unwrap_or_default(),
        );
    };

    view! {
        <div>
            <label for="recipients">"Recipients"</label>
            <div
                class="card list"
                class:over=dragged_over
                on:dragover=move |event| {
                    event.prevent_default();
                    dragged_over.set(true);
                }
                on:dragleave=move |_| dragged_over.set(false)
                on:drop=on_drop
            >
                <textarea
                    node_ref=field
                    class="font-mono text-small"
                    name="recipients"
                    id="recipients"
                    rows="5"
                    spellcheck="false"
                    placeholder="ana@example.org\nLuis <luis@example.org>"
                    hidden=aside
                    on:paste=on_paste
                    aria-invalid=move || fault.with(Option::is_some).then_some("true")
                    aria-describedby=fault_id("recipients")
                    inner_html=inner_text(&text)
                ></textarea>
                {move || list.aside.get().map(|kept| view! { <KeptAside kept on_remove /> })}
                <div class="list-foot">
                    <span class="flex flex-1 flex-wrap gap-x-4" role="status">
                        {move || list.known.with(known)}
                    </span>
                    <ChooseFile take_file />
                </div>
                <NotAddresses draft />
            </div>
            <Fault draft path="recipients" />
            <p class="field-hint">
                "One address a line, or a CSV whose first line names the columns."
            </p>
        </div>
    }
}

/// A list that is not in the field, and the way back.
#[component]
fn KeptAside(kept: Aside, on_remove: impl Fn(ev::MouseEvent) + 'static) -> impl IntoView {
    view! {
        <div class="list-aside">
            <div class="min-w-0 flex-1">
                <b>{kept.name}</b>
                " "
                <span class="text-muted">{format::size(kept.text.len() as u64)}</span>
                <div class="text-small text-muted">
                    "Too long to edit here, so it is kept aside. It goes to the server as it is."
                </div>
            </div>
            <button type="button" class="btn small" on:click=on_remove>
                "Remove"
            </button>
        </div>
    }
}

/// Only a live page can read a file.
#[component]
fn ChooseFile(take_file: impl Fn(File) + Copy + 'static) -> impl IntoView {
    let live = contexts::is_live();
    let on_change = move |event: ev::Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            take_file(file);
        }
        // So that the same file, mended, can be chosen again.
        input.set_value("");
    };
    view! {
        <label class="btn small file" hidden=move || !live.get()>
            "Choose a file"
            <input
                type="file"
                class="sr-only"
                accept=".csv,.txt,.tsv,text/csv,text/plain"
                on:change=on_change
            />
        </label>
    }
}

/// What the list holds, on one line.
fn known(known: &Known) -> impl IntoView + use<> {
    match known {
        Known::Nothing => EitherOf4::A(view! { <span class="text-muted">"Nobody yet"</span> }),
        Known::Reading(percent) => EitherOf4::B(view! {
            <span class="text-muted">{format!("Reading, {percent}\u{a0}%")}</span>
        }),
        Known::Unreadable(name) => EitherOf4::C(view! {
            <span class="text-failed">{format!("“{name}” could not be read")}</span>
        }),
        Known::Read(survey) => EitherOf4::D(counted(survey)),
    }
}

fn counted(survey: &Survey) -> impl IntoView + use<> {
    let number = |number: usize| format::number(number as u64);
    view! {
        <b>{format::count(survey.valid as u64, "person", "people")}</b>
        {(survey.duplicate > 0)
            .then(|| {
                view! {
                    <span class="text-muted">
                        {format!("{} twice, kept once", number(survey.duplicate))}
                    </span>
                }
            })}
        {(survey.invalid > 0)
            .then(|| {
                let word = if survey.invalid == 1 { "is not an address" } else { "are not addresses" };
                view! {
                    <span class="text-failed">{format!("{} {word}", number(survey.invalid))}</span>
                }
            })}
    }
}

/// The first lines that are not addresses, why, and what to do about them. The list was looked at
/// here, or by the server, which refused it.
#[component]
fn NotAddresses(draft: Draft) -> impl IntoView {
    let lines = Memo::new(move |_| lines(draft));
    let total = move || {
        let refused = draft.error.with(|error| {
            error
                .as_ref()
                .map_or(0, |error| error.fields_total.max(error.fields.len()))
        });
        draft.list.invalid().max(if draft.list.people().is_some() {
            0
        } else {
            refused
        })
    };
    let more = move || {
        let more = total().saturating_sub(SHOWN);
        (more > 0).then(|| format!("and {} more", format::number(more as u64)))
    };
    let none = move || lines.with(Vec::is_empty);

    view! {
        <div class="list-faults" hidden=none>
            <ul>
                {move || {
                    lines.get().into_iter().map(|line| view! { <li>{line}</li> }).collect_view()
                }}
            </ul>
            <p class="text-muted" hidden=move || more().is_none()>
                {more}
            </p>
            <label class="choice">
                <input
                    type="checkbox"
                    name="invalid_recipients"
                    value="skip"
                    checked=draft.skip_invalid.get_untracked()
                />
                "Leave them out, and send to the others"
            </label>
        </div>
    }
}

fn lines(draft: Draft) -> Vec<String> {
    let surveyed = draft.list.known.with(|known| match known {
        Known::Read(survey) => Some(
            survey
                .first_invalid
                .iter()
                .take(SHOWN)
                .map(ToString::to_string)
                .collect(),
        ),
        _ => None,
    });
    surveyed.unwrap_or_else(|| {
        draft.error.with(|error| {
            error
                .iter()
                .flat_map(|error| &error.fields)
                .filter_map(refused_line)
                .take(SHOWN)
                .collect()
        })
    })
}

/// `Line 4 “not an address”: no @`, as the server's refusal names it.
fn refused_line(field: &FieldError) -> Option<String> {
    let place = field
        .path
        .strip_prefix("recipients[")?
        .trim_end_matches(']');
    let place = place.strip_prefix("line ").unwrap_or(place);
    Some(format!("Line {place} {}", field.message))
}
