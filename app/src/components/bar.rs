//! The one bar that tells the truth, and the counts beside it: sent, failed, deferred, unknown,
//! skipped, to go, always in this order.

use domain::counts::Counts;
use leptos::prelude::*;

use crate::format;

/// A part of a bar: its class, its word and how many it stands for.
type Part = (&'static str, &'static str, fn(&Counts) -> u64);

const PARTS: [Part; 5] = [
    ("sent", "Sent", |counts| counts.sent),
    ("failed", "Failed", |counts| counts.failed),
    ("deferred", "Deferred", |counts| counts.deferred),
    ("unknown", "Unknown", |counts| counts.unknown),
    ("skipped", "Skipped", |counts| counts.skipped),
];

const TO_GO: Part = ("to-go", "To go", |counts| counts.pending);

/// A campaign's bar. What each part means is also said in words, for those who do not see it.
#[component]
pub(crate) fn Bar(counts: Signal<Counts>, #[prop(optional)] tall: bool) -> impl IntoView {
    let parts = PARTS.map(|(class, _, of)| {
        let number = move || counts.with(of);
        let width = move || counts.with(|counts| share(of(counts), counts.total));
        view! { <span class=class hidden=move || number() == 0 style:width=width></span> }
    });
    let label = move || counts.with(in_words);
    view! {
        <div class="bar" class:tall=tall role="img" aria-label=label>
            {parts.collect_view()}
        </div>
    }
}

/// A bar that shows one share in the colour of failures.
#[component]
pub(crate) fn ShareBar(part: u64, whole: u64) -> impl IntoView {
    view! {
        <div class="bar" aria-hidden="true">
            <span class="failed" style:width=share(part, whole)></span>
        </div>
    }
}

/// Every count with its word, large.
#[component]
pub(crate) fn CountGrid(counts: Signal<Counts>) -> impl IntoView {
    let cells = PARTS.into_iter().chain([TO_GO]).map(|(class, word, of)| {
        view! {
            <div>
                <dt class=format!("key {class}")>{word}</dt>
                <dd class="text-lead font-bold">{move || format::number(counts.with(of))}</dd>
            </div>
        }
    });
    view! { <dl class="counts">{cells.collect_view()}</dl> }
}

/// Every count that is not zero, on one line.
#[component]
pub(crate) fn CountLine(counts: Signal<Counts>) -> impl IntoView {
    let words = PARTS.into_iter().chain([TO_GO]).map(|(class, word, of)| {
        let number = move || counts.with(of);
        view! {
            <span class=format!("key {class}") hidden=move || number() == 0>
                <span>
                    <b class="text-ink">{move || format::number(number())}</b>
                    " "
                    {word.to_lowercase()}
                </span>
            </span>
        }
    });
    view! { <div class="flex flex-wrap gap-x-4 gap-y-1">{words.collect_view()}</div> }
}

/// The width of a part. Rounded down, so that all parts together never exceed the whole.
fn share(part: u64, whole: u64) -> String {
    let share = part.saturating_mul(100_000) / whole.max(1);
    format!("{}.{:03}%", share / 1000, share % 1000)
}

fn in_words(counts: &Counts) -> String {
    let parts: Vec<String> = PARTS
        .into_iter()
        .chain([TO_GO])
        .filter(|(_, _, of)| of(counts) > 0)
        .map(|(_, word, of)| format!("{} {}", format::number(of(counts)), word.to_lowercase()))
        .collect();
    if parts.is_empty() {
        return "Nobody to write to".to_owned();
    }
    format!("Of {}: {}", format::number(counts.total), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_says_in_words_what_it_shows() {
        let counts = Counts {
            total: 5_000,
            sent: 4_000,
            failed: 12,
            pending: 988,
            ..Counts::default()
        };
        assert_eq!(
            in_words(&counts),
            "Of 5,000: 4,000 sent, 12 failed, 988 to go"
        );
    }

    #[test]
    fn the_parts_of_a_bar_never_exceed_it() {
        assert_eq!(share(1, 3), "33.333%");
        assert_eq!(share(5, 5), "100.000%");
        assert_eq!(share(0, 0), "0.000%");
    }
}
