//! What the list holds, on one line.

use domain::recipient_list::Survey;
use leptos::{either::EitherOf5, prelude::*};

use crate::{
    contexts, format,
    pages::composer::list::{Known, List},
};

/// What the list holds. Before the page is live nobody has looked.
#[component]
pub(super) fn WhatIsKnown(list: List) -> impl IntoView {
    let live = contexts::is_live();
    move || {
        if !live.get() {
            return EitherOf5::A(view! {
                <span class="text-muted">"Every line is looked at when you send"</span>
            });
        }
        list.known.with(|known| match known {
            Known::Nothing => EitherOf5::B(view! { <span class="text-muted">"Nobody yet"</span> }),
            Known::Reading(percent) => EitherOf5::C(view! {
                <span class="text-muted">{format!("Reading, {percent}\u{a0}%")}</span>
            }),
            Known::Unreadable(name) => EitherOf5::D(view! {
                <span class="text-failed">{format!("“{name}” could not be read")}</span>
            }),
            Known::Read(survey) => EitherOf5::E(counted(survey)),
        })
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
                        {format::count(
                            survey.duplicate as u64,
                            "duplicate, sent once",
                            "duplicates, sent once",
                        )}
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
