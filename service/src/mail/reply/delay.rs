//! The wait a server names in its words.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_hours(24);

/// Words after which a time is one to wait.
const ASKS_TO_WAIT: [&str; 8] = [
    "again", "retry", "back", "wait", "greylist", "graylist", "resend", "defer",
];

/// Words that stand directly before such a time; "in the *last* 60 minutes" is a time that has passed.
const LEADS_TO_TIME: [&str; 9] = [
    "in", "after", "for", "within", "wait", "another", "least", "about", "and",
];

/// The wait named in a text such as "try again in 5 minutes" or "greylisted for 60s", between 30 s and 24 h; `None`
/// when it names none.
pub fn named_delay(text: &str) -> Option<Duration> {
    let text = text.to_ascii_lowercase();
    let words: Vec<&str> = split(&text);
    let asked = words
        .iter()
        .position(|word| ASKS_TO_WAIT.iter().any(|asks| word.starts_with(asks)))?;
    let (mut total, mut position) = (0_u64, asked + 1);
    while position + 1 < words.len() {
        let continues = total > 0 || LEADS_TO_TIME.contains(&words[position - 1]);
        match (
            words[position].parse::<u64>(),
            seconds_of(words[position + 1]),
        ) {
            (Ok(number), Some(unit)) if continues => {
                total = total.saturating_add(number.saturating_mul(unit));
                position += 2;
                // "4 minutes and 30 seconds" goes on.
                if words.get(position) == Some(&"and") {
                    position += 1;
                }
            }
            _ if total > 0 => break,
            _ => position += 1,
        }
    }
    (total > 0).then(|| Duration::from_secs(total).clamp(SHORTEST, LONGEST))
}

/// Words and numbers, "60s" as two of them.
fn split(text: &str) -> Vec<&str> {
    text.split(|character: char| !character.is_ascii_alphanumeric())
        .flat_map(|word| {
            word.as_bytes()
                .chunk_by(|left, right| left.is_ascii_digit() == right.is_ascii_digit())
        })
        .filter_map(|part| std::str::from_utf8(part).ok())
        .collect()
}

fn seconds_of(unit: &str) -> Option<u64> {
    match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(60 * 60),
        "d" | "day" | "days" => Some(24 * 60 * 60),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_where_one_is_named_and_only_there() {
        for (text, seconds) in [
            ("Greylisted, please try again in 5 minutes", Some(300)),
            ("try again after 300 seconds", Some(300)),
            ("Retry after 300 seconds.", Some(300)),
            ("greylisted for 60s", Some(60)),
            (
                "Greylisting in effect, please come back in 10 min",
                Some(600),
            ),
            ("Try again in 1 hour", Some(3_600)),
            ("please wait 2 minutes", Some(120)),
            ("please wait at least 90 secs", Some(90)),
            ("retry in 4 minutes and 30 seconds", Some(270)),
            ("retry in 4m30s", Some(270)),
            ("try again in 5 seconds", Some(30)),
            ("try again in 7 days", Some(86_400)),
            ("try again in 99999999999999999999 minutes", None),
            ("try again in 18446744073709551615 hours", Some(86_400)),
            ("try again in 0 seconds", None),
            ("try again later", None),
            (
                "Too many messages in the last 60 minutes, try again later",
                None,
            ),
            ("try again later: 500 messages in the last 60 minutes", None),
            ("limit of 100 per 60 seconds exceeded", None),
            ("mailbox has been full for 3 days", None),
            ("", None),
        ] {
            assert_eq!(
                named_delay(text),
                seconds.map(Duration::from_secs),
                "{text:?}"
            );
        }
    }
}
