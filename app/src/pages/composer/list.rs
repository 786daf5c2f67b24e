//! Which list counts, and the survey of it in the background. A short list stands in its field;
//! a long one is kept aside, since a field with a million lines stops a browser.

use std::{sync::Arc, time::Duration};

use domain::recipient_list::Survey;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::survey::Surveyor;

/// From this many octets on, a list is kept aside.
pub(super) const KEPT_ASIDE_FROM: usize = 500_000;
/// How much is read between two looks at the clock.
const STEP: usize = 16_384;
/// How long the page may be held up, in milliseconds: less than one picture on the screen.
const HOLD_MS: f64 = 12.0;

/// A list that is kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Aside {
    pub(super) name: String,
    pub(super) text: Arc<str>,
}

/// What is known of the list that counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Known {
    /// There is none.
    #[default]
    Nothing,
    /// It is being read; so much of it, in percent.
    Reading(usize),
    /// What it holds.
    Read(Survey),
    /// It could not be read; says which.
    Unreadable(String),
}

/// The list of recipients.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) known: RwSignal<Known>,
    pub(super) aside: RwSignal<Option<Aside>>,
    /// Of the newest survey: an older one that is still under way stops.
    newest: StoredValue<u32>,
}

impl List {
    pub(super) fn new() -> Self {
        Self {
            known: RwSignal::default(),
            aside: RwSignal::new(None),
            newest: StoredValue::new(0),
        }
    }

    /// How many would get a message, once that is known.
    pub(super) fn people(self) -> Option<u64> {
        self.known.with(|known| match known {
            Known::Read(survey) => u64::try_from(survey.valid).ok(),
            _ => None,
        })
    }

    /// How many lines are not addresses, as far as that is known.
    pub(super) fn invalid(self) -> usize {
        self.known.with(|known| match known {
            Known::Read(survey) => survey.invalid,
            _ => 0,
        })
    }

    /// The text of the list that is kept aside.
    pub(super) fn kept_aside(self) -> Option<String> {
        self.aside
            .with_untracked(|aside| aside.as_ref().map(|aside| aside.text.to_string()))
    }

    /// Surveys the text of the field, unless a list is kept aside: then that one counts.
    pub(super) fn look_at(self, text: String) {
        if self.aside.with_untracked(Option::is_none) {
            self.survey(text.into());
        }
    }

    /// Keeps a list aside, in place of what stands in the field.
    pub(super) fn keep_aside(self, name: String, text: Arc<str>) {
        self.survey(Arc::clone(&text));
        self.aside.set(Some(Aside { name, text }));
    }

    /// Reads a file and hands its text on; says so when it cannot be read.
    pub(super) fn read_file(self, file: File, then: impl FnOnce(String) + 'static) {
        self.stop();
        self.known.set(Known::Reading(0));
        spawn_local(async move {
            match JsFuture::from(file.text())
                .await
                .map(|text| text.as_string())
            {
                Ok(Some(text)) => then(text),
                _ => {
                    self.known.try_set(Known::Unreadable(file.name()));
                }
            }
        });
    }

    fn survey(self, text: Arc<str>) {
        let number = self.stop();
        if text.trim().is_empty() {
            self.known.set(Known::Nothing);
        } else {
            self.read_on(number, Surveyor::new(text));
        }
    }

    /// Stops the survey that is under way, if one is.
    fn stop(self) -> u32 {
        let number = self.newest.with_value(|newest| newest.wrapping_add(1));
        self.newest.set_value(number);
        number
    }

    /// Reads for a moment, and then lets the page have its turn.
    fn read_on(self, number: u32, mut surveyor: Surveyor) {
        if self.newest.try_get_value() != Some(number) {
            return;
        }
        let began = js_sys::Date::now();
        loop {
            if surveyor.step(STEP) {
                self.known.set(Known::Read(surveyor.survey().clone()));
                return;
            }
            if js_sys::Date::now() - began > HOLD_MS {
                break;
            }
        }
        self.known.set(Known::Reading(surveyor.percent()));
        set_timeout(move || self.read_on(number, surveyor), Duration::ZERO);
    }
}
