//! What holds for every text and every address.

use domain::address::{EmailAddress, Mailbox};
use domain::recipient_list::{ListReader, Piece, parse, survey};
use proptest::prelude::*;

/// Texts made of the pieces that lists are made of, so that chance finds their edges.
fn list_like_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => address_text(),
        2 => prop::sample::select(vec![
            "email", "name", "e-mail,name", "email;name", "Ana", "ana@", "\u{FEFF}", "\"\"", "\"a b\"@x.org", "é", "\u{FFFD}", "\0",
        ]).prop_map(str::to_owned),
        6 => prop::sample::select(vec!["\n", "\r\n", "\r", ",", ";", "\t", "\"", "<", ">", "\\", " ", "@"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Valid addresses of every kind.
fn address_text() -> impl Strategy<Value = String> {
    let local_part = prop_oneof![
        6 => "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,12}(\\.[a-zA-Z0-9+_-]{1,8}){0,2}",
        2 => "\"([a-zA-Z0-9 .,;:@<>()-]|\\\\[\"\\\\ a-zA-Z]){1,20}\"",
        1 => "[a-zà-öø-ÿа-яA-Z]{1,12}",
    ];
    let domain = prop_oneof![
        6 => "([a-zA-Z0-9]([a-zA-Z0-9-]?[a-zA-Z0-9]){0,8}\\.){1,3}[a-zA-Z]{2,6}",
        1 => prop::sample::select(vec!["bücher.example", "例え.テスト", "Straße.example", "xn--bcher-kva.example", "localhost"]).prop_map(str::to_owned),
    ];
    (local_part, domain).prop_map(|(local_part, domain)| format!("{local_part}@{domain}"))
}

fn address() -> impl Strategy<Value = EmailAddress> {
    // A random label may start like punycode and be none.
    address_text().prop_filter_map("no address", |text| EmailAddress::parse(&text).ok())
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in any::<String>()) {
        let _ = (EmailAddress::parse(&text), Mailbox::parse(&text), parse(&text), survey(&text));
    }

    #[test]
    fn no_list_makes_a_parser_panic_and_its_survey_equals_its_counts(text in list_like_text()) {
        prop_assert_eq!(survey(&text), parse(&text).survey());
    }

    #[test]
    fn an_address_reads_back_from_what_was_written(address in address()) {
        prop_assert_eq!(EmailAddress::parse(address.as_written()), Ok(address));
    }

    #[test]
    fn whatever_is_accepted_can_stand_in_a_command(text in list_like_text()) {
        for entry in parse(&text).entries {
            let wire = entry.address.wire().into_owned();
            prop_assert!(!wire.chars().any(char::is_control), "{wire:?}");
            prop_assert!(wire.len() <= 254);
            prop_assert!(entry.address.key().chars().count() <= 254);
            prop_assert_eq!(EmailAddress::parse(entry.address.as_written()), Ok(entry.address));
        }
    }

    #[test]
    fn the_form_on_the_wire_is_ascii_unless_it_needs_smtputf8(address in address()) {
        prop_assert_eq!(address.wire().is_ascii(), !address.needs_smtp_utf8());
    }

    #[test]
    fn the_form_on_the_wire_is_the_same_address(address in address()) {
        let sent = EmailAddress::parse(&address.wire()).unwrap();
        prop_assert_eq!(sent.key(), address.key());
        prop_assert_eq!(sent.wire(), address.wire());
    }

    #[test]
    fn the_key_is_its_own_key(address in address()) {
        let key = address.key();
        prop_assert_eq!(EmailAddress::parse(&key).unwrap().key(), key);
    }

    #[test]
    fn addresses_that_differ_in_case_share_their_key(address in address()) {
        let lower = EmailAddress::parse(&address.as_written().to_lowercase()).unwrap();
        prop_assert_eq!(lower.key(), address.key());
        if address.as_written().is_ascii() {
            let upper = EmailAddress::parse(&address.as_written().to_uppercase()).unwrap();
            prop_assert_eq!(upper.key(), address.key());
        }
    }

    #[test]
    fn needless_quotes_change_no_key(address in "[a-z0-9+]{1,12}(\\.[a-z0-9]{1,8}){0,2}") {
        let bare = EmailAddress::parse(&format!("{address}@example.org")).unwrap();
        let quoted = EmailAddress::parse(&format!("\"{address}\"@example.org")).unwrap();
        prop_assert_eq!(bare.key(), quoted.key());
    }

    #[test]
    fn a_mailbox_reads_back_from_what_it_writes(name in any::<String>(), address in address()) {
        let mailbox = Mailbox::new(Some(&name), address);
        let text = mailbox.to_string();
        prop_assert!(!text.chars().any(char::is_control), "{text:?}");
        prop_assert_eq!(Mailbox::parse(&text), Ok(mailbox));
    }

    #[test]
    fn every_piece_of_a_list_is_counted_once(
        pieces in prop::collection::vec(
            (prop_oneof![3 => address_text(), 1 => "[a-z]{1,5}", 1 => "[a-z@ ]{0,5}x"], prop::sample::select(vec![",", ";", "\t", "\n", "\r\n", " ; \n"])),
            0..40,
        ),
    ) {
        // The first line is kept from being a header.
        let text: String = "first@example.net\n".chars().chain(pieces.iter().flat_map(|(piece, separator)| piece.chars().chain(separator.chars()))).collect();
        let survey = survey(&text);
        prop_assert_eq!(survey.valid + survey.duplicate + survey.invalid, pieces.len() + 1);
    }

    #[test]
    fn marks_breaks_and_blank_lines_change_nothing(
        lines in prop::collection::vec(prop_oneof![address_text(), "[a-zé]{1,8}"], 0..20),
        noise in prop::sample::select(vec!["\r\n", "\r", "\n\n", "\n \n", "\r\n,;\r\n", " \n\t\n"]),
        table in any::<bool>(),
    ) {
        let with = |line_break: &str| {
            let header = if table { "email,name" } else { "first@example.net" };
            std::iter::once(header).chain(lines.iter().map(String::as_str)).collect::<Vec<_>>().join(line_break)
        };
        let plain = parse(&with("\n"));
        let noisy = parse(&format!("\u{FEFF}{noise}{}{noise}", with(noise)));
        let told = |list: &domain::recipient_list::RecipientList| {
            let entries: Vec<_> = list.entries.iter().map(|entry| entry.address.clone()).collect();
            let duplicates: Vec<_> = list.duplicates.iter().map(|duplicate| duplicate.written.clone()).collect();
            let invalid: Vec<_> = list.invalid.iter().map(|invalid| (invalid.written.clone(), invalid.reason)).collect();
            (entries, duplicates, invalid)
        };
        // Under `email,name` a line of other separators is a cell, and a backslash escapes no quote.
        prop_assume!(!(table && (noise.contains(';') || lines.iter().any(|line| line.contains('\\')))));
        prop_assert_eq!(told(&plain), told(&noisy));
    }
}

/// What a reader says of a text that is cut wherever `cuts` say.
fn read_in_pieces(text: &str, cuts: &[usize], limit: usize) -> Vec<Piece> {
    let mut reader = ListReader::with_limit(limit);
    let mut told = Vec::new();
    let mut rest = text;
    for cut in cuts {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(*cut));
        reader.push(piece, &mut |piece| told.push(piece));
        rest = after;
    }
    reader.push(rest, &mut |piece| told.push(piece));
    reader.finish(&mut |piece| told.push(piece));
    told
}

proptest! {
    #[test]
    fn a_list_that_comes_in_pieces_says_the_same_wherever_it_is_cut(
        text in prop_oneof![list_like_text(), list_like_text().prop_map(|text| format!("email,name,city\n{text}"))],
        cuts in prop::collection::vec(0..12_usize, 0..40),
        limit in prop_oneof![Just(1 << 20), 4..40_usize],
    ) {
        let whole = read_in_pieces(&text, &[], limit);
        prop_assert_eq!(read_in_pieces(&text, &cuts, limit), whole);
    }

    #[test]
    fn a_list_that_comes_in_pieces_says_what_it_says_as_a_whole(
        text in prop_oneof![list_like_text(), list_like_text().prop_map(|text| format!("email;name;city\n{text}"))],
        cuts in prop::collection::vec(0..12_usize, 0..40),
    ) {
        // A reader of streams alone refuses whole rows for this one.
        let text = text.replace('\u{FFFD}', "x");
        let whole = parse(&text);
        let mut keys = std::collections::HashSet::new();
        let (mut entries, mut invalid) = (Vec::new(), Vec::new());
        for piece in read_in_pieces(&text, &cuts, 1 << 20) {
            match piece {
                Piece::Recipient(entry) if keys.insert(entry.address.key()) => entries.push(entry),
                Piece::Recipient(_) => {}
                Piece::Invalid(line) => invalid.push(line),
            }
        }
        prop_assert_eq!(entries, whole.entries);
        prop_assert_eq!(invalid, whole.invalid);
    }
}
