//! A time.

use domain::Timestamp;
use leptos::prelude::*;

use crate::{contexts, format::Civil};

/// How much of a time is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Precision {
    /// `Nov 21, 09:00`.
    #[default]
    DayAndMinute,
    /// `14:02:21`.
    TimeOfDay,
}

/// A time: in UTC as the server writes it, in the reader's zone once the page is live.
#[component]
pub(crate) fn Moment(at: Timestamp, #[prop(optional)] precision: Precision) -> impl IntoView {
    let live = contexts::is_live();
    let told = move || {
        let (moment, zone) = if live.get() {
            (Some(Civil::here(at)), "")
        } else {
            (Civil::utc(at), " UTC")
        };
        let Some(moment) = moment else {
            return at.to_string();
        };
        match precision {
            Precision::DayAndMinute => moment.day_and_minute() + zone,
            Precision::TimeOfDay => moment.time_of_day() + zone,
        }
    };
    let in_full = move || {
        if live.get() {
            Civil::here(at).in_full()
        } else {
            at.to_string()
        }
    };
    view! {
        <time datetime=at.to_string() title=in_full>
            {told}
        </time>
    }
}
