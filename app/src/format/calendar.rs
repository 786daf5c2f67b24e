//! Times on a wall.

use domain::Timestamp;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A moment as a calendar and a clock show it, in one zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    year: u32,
    /// 1 to 12.
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
}

impl Civil {
    /// In UTC; none beyond the calendar.
    pub(crate) fn utc(at: Timestamp) -> Option<Self> {
        let text = at.to_string();
        let part = |range: std::ops::Range<usize>| text.get(range)?.parse().ok();
        Some(Self {
            year: part(0..4)?,
            month: part(5..7)?,
            day: part(8..10)?,
            hour: part(11..13)?,
            minute: part(14..16)?,
            second: part(17..19)?,
        })
    }

    /// In the reader's zone. Only a browser knows it: call it from an effect or behind
    /// [`crate::contexts::is_live`].
    pub(crate) fn here(at: Timestamp) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds stay exact for 285,000 years"
        )]
        let date = js_sys::Date::new(&(at.0 as f64).into());
        Self {
            year: date.get_full_year(),
            month: date.get_month() + 1,
            day: date.get_date(),
            hour: date.get_hours(),
            minute: date.get_minutes(),
            second: date.get_seconds(),
        }
    }

    /// `Nov 21, 09:00`.
    pub(crate) fn day_and_minute(self) -> String {
        let month = usize::try_from(self.month).unwrap_or(0).saturating_sub(1);
        let month = MONTHS.get(month).copied().unwrap_or_default();
        format!("{month} {}, {:02}:{:02}", self.day, self.hour, self.minute)
    }

    /// `14:02:21`.
    pub(crate) fn time_of_day(self) -> String {
        format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }

    /// `2026-11-21 09:00:05`.
    pub(crate) fn in_full(self) -> String {
        format!(
            "{:04}-{:02}-{:02} {}",
            self.year,
            self.month,
            self.day,
            self.time_of_day()
        )
    }
}

/// The name of the reader's zone, as in `Europe/Madrid`. Only in a browser.
pub(crate) fn zone_here() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    let zone = js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into());
    zone.ok()?.as_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_tells_times_in_utc() {
        let moment = Civil::utc(Timestamp(1_795_503_451_120)).unwrap();
        assert_eq!(moment.day_and_minute(), "Nov 24, 06:57");
        assert_eq!(moment.time_of_day(), "06:57:31");
        assert_eq!(moment.in_full(), "2026-11-24 06:57:31");
    }

    #[test]
    fn a_time_beyond_the_calendar_is_not_told() {
        assert_eq!(Civil::utc(Timestamp(i64::MAX)), None);
    }
}
