//! How single values are written.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

use url::Url;

/// A whole number within `range`.
pub(super) fn number<T>(text: &str, range: &RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            format!(
                "“{text}” is not a whole number from {} to {}",
                range.start(),
                range.end()
            )
        })
}

/// A duration such as `20s`, `5m` or `1h 30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| format!("“{text}” is not a duration such as 20s, 5m or 1h"))
}

/// A size in octets such as `64MiB`; B, KiB, MiB and GiB are known.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let digits = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "B" => Some(1),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        _ => None,
    };
    factor
        .zip(number.parse().ok())
        .and_then(|(factor, number): (usize, usize)| number.checked_mul(factor))
        .ok_or_else(|| format!("“{text}” is not a size such as 512KiB, 64MiB or 1GiB"))
}

/// What of a URL may be shown: scheme, host and port.
pub(super) fn without_secrets(text: &str) -> String {
    let Ok(url) = Url::parse(text) else {
        return "(unreadable)".to_owned();
    };
    let port = url.port().map(|port| format!(":{port}"));
    format!(
        "{}://{}{}",
        url.scheme(),
        url.host_str().unwrap_or("?"),
        port.unwrap_or_default()
    )
}
