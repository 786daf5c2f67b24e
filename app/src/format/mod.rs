//! Names, numbers, durations and sizes as people read them. Figures keep to their unit by a space
//! that does not break.

mod calendar;
mod campaign;
mod text;

pub(crate) use calendar::{Civil, zone_here};
pub(crate) use campaign::{name_of, subject_of};
pub(crate) use text::text_of_html;

/// Joins a figure and its unit.
const SPACE: char = '\u{a0}';

/// A whole number, grouped by thousands: `62,717`.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number and the word for what is counted: `1 person`, `4,987 people`.
pub(crate) fn count(number_of: u64, one: &str, many: &str) -> String {
    let word = if number_of == 1 { one } else { many };
    format!("{}{SPACE}{word}", number(number_of))
}

/// A share in percent to one decimal: `62.7 %`, and `100 %` without one.
pub(crate) fn percent(percent: f64) -> String {
    if percent >= 100.0 {
        format!("100{SPACE}%")
    } else {
        format!("{percent:.1}{SPACE}%")
    }
}

/// Messages a second: `812/s`, below ten to one decimal.
pub(crate) fn rate(per_second: f64) -> String {
    if per_second < 9.95 {
        return format!("{per_second:.1}/s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive rate, rounded for people"
    )]
    let whole = per_second.round() as u64;
    format!("{}/s", number(whole))
}

/// Seconds in their two largest units: `38 s`, `1 min 4 s`, `2 h 5 min`, `3 d 4 h`.
pub(crate) fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let parts = match (days, hours, minutes) {
        (0, 0, 0) => [(seconds, "s"), (0, "")],
        (0, 0, _) => [(minutes, "min"), (seconds % 60, "s")],
        (0, _, _) => [(hours, "h"), (minutes, "min")],
        _ => [(days, "d"), (hours, "h")],
    };
    let [(large, large_unit), (small, small_unit)] = parts;
    if small > 0 {
        format!("{large}{SPACE}{large_unit}{SPACE}{small}{SPACE}{small_unit}")
    } else {
        format!("{large}{SPACE}{large_unit}")
    }
}

/// Octets, in units of a thousand: `312 B`, `1.4 KB`, `24.1 MB`.
pub(crate) fn size(octets: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let octets_shown = octets as f64;
    match octets {
        0..1_000 => format!("{octets}{SPACE}B"),
        1_000..1_000_000 => format!("{:.1}{SPACE}KB", octets_shown / 1e3),
        _ => format!("{:.1}{SPACE}MB", octets_shown / 1e6),
    }
}

/// A message as a sentence of its own.
pub(crate) fn sentence(message: String) -> String {
    if message.is_empty() {
        return message;
    }
    let mut sentence = capitalised(message);
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// The words with a capital in front.
pub(crate) fn capitalised(words: String) -> String {
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace(SPACE, " ")
    }

    #[test]
    fn a_number_is_grouped_by_thousands() {
        for (value, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (62_717, "62,717"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(plain(&count(1, "person", "people")), "1 person");
        assert_eq!(plain(&count(4_987, "person", "people")), "4,987 people");
    }

    #[test]
    fn a_share_is_complete_only_without_a_decimal() {
        assert_eq!(plain(&percent(62.7)), "62.7 %");
        assert_eq!(plain(&percent(0.0)), "0.0 %");
        assert_eq!(plain(&percent(99.9)), "99.9 %");
        assert_eq!(plain(&percent(100.0)), "100 %");
    }

    #[test]
    fn a_slow_rate_keeps_its_decimal() {
        assert_eq!(rate(0.5), "0.5/s");
        assert_eq!(rate(9.96), "10/s");
        assert_eq!(rate(1_234.4), "1,234/s");
    }

    #[test]
    fn a_duration_is_told_in_its_two_largest_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (38, "38 s"),
            (60, "1 min"),
            (64, "1 min 4 s"),
            (3_600, "1 h"),
            (7_530, "2 h 5 min"),
            (277_200, "3 d 5 h"),
        ] {
            assert_eq!(plain(&duration(seconds)), text);
        }
    }

    #[test]
    fn a_size_is_told_in_a_unit_that_fits() {
        assert_eq!(plain(&size(312)), "312 B");
        assert_eq!(plain(&size(1_420)), "1.4 KB");
        assert_eq!(plain(&size(24_100_000)), "24.1 MB");
    }

    #[test]
    fn a_message_becomes_a_sentence_once() {
        assert_eq!(
            sentence("must not be blank".to_owned()),
            "Must not be blank."
        );
        assert_eq!(sentence("Is it running?".to_owned()), "Is it running?");
        assert_eq!(sentence(String::new()), "");
    }
}
