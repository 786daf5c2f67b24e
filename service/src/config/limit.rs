//! How many messages an SMTP server may be handed in a time: `"14/s"`, `"50000/d"`.

use std::{fmt, str::FromStr, time::Duration};

/// The time a limit is counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
}

impl Period {
    /// Its length.
    pub fn length(self) -> Duration {
        match self {
            Self::Second => Duration::from_secs(1),
            Self::Minute => Duration::from_mins(1),
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }

    /// How it is written.
    pub fn letter(self) -> char {
        match self {
            Self::Second => 's',
            Self::Minute => 'm',
            Self::Hour => 'h',
            Self::Day => 'd',
        }
    }
}

/// So many messages in so much time, over all workers. A limit per second is kept as a pace: one
/// message after the other, never two at once. The others may be used up as fast as one likes;
/// then no window of that length holds more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many messages: at least one.
    pub messages: u32,
    /// In how long.
    pub period: Period,
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (messages, period) = text.split_once('/')?;
            let period = match period.trim() {
                "s" => Period::Second,
                "m" => Period::Minute,
                "h" => Period::Hour,
                "d" => Period::Day,
                _ => return None,
            };
            let messages = messages.trim().parse().ok().filter(|number| *number > 0)?;
            Some(Self { messages, period })
        };
        read().ok_or_else(|| {
            format!("“{text}” is not a limit such as 14/s, 100/m, 5000/h or 50000/d")
        })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.messages, self.period.letter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_and_a_time() {
        for text in ["14/s", "100/m", "5000/h", "50000/d"] {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), text);
        }
        for text in [
            "", "14", "14/", "/s", "0/s", "-1/s", "14/w", "1.5/s", "14 per s",
        ] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }
}
