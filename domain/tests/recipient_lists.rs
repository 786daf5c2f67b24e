//! Which lists are understood, each format a sentence.

use std::collections::BTreeMap;

use domain::address::AddressError;
use domain::recipient_list::{
    InvalidReason, ListReader, Piece, RecipientList, SURVEY_INVALID_SHOWN, parse, survey,
};

fn addresses(list: &RecipientList) -> Vec<&str> {
    list.entries
        .iter()
        .map(|entry| entry.address.as_written())
        .collect()
}

/// The addresses of a text in which everything must be one.
fn all_addresses(text: &str) -> Vec<String> {
    let list = parse(text);
    assert_eq!(list.invalid, [], "{text:?}");
    addresses(&list)
        .into_iter()
        .map(ToOwned::to_owned)
        .collect()
}

fn names(list: &RecipientList) -> Vec<Option<&str>> {
    list.entries
        .iter()
        .map(|entry| entry.name.as_deref())
        .collect()
}

fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The invalid pieces as line, text and reason.
fn refused(text: &str) -> Vec<(u32, String, InvalidReason)> {
    parse(text)
        .invalid
        .into_iter()
        .map(|invalid| (invalid.line, invalid.written, invalid.reason))
        .collect()
}

#[test]
fn an_address_a_line_is_the_plain_form() {
    assert_eq!(
        all_addresses("ana@example.org\nbob@example.org\n"),
        ["ana@example.org", "bob@example.org"]
    );
    assert_eq!(all_addresses("ana@example.org"), ["ana@example.org"]);
}

#[test]
fn an_empty_text_is_an_empty_list() {
    for text in [
        "",
        "\u{FEFF}",
        "\n",
        " \t \r\n",
        ",;\n;,\n",
        "email\n",
        "email,name\n",
        "email,name",
    ] {
        assert_eq!(parse(text), RecipientList::default(), "{text:?}");
    }
}

#[test]
fn lines_end_at_lf_crlf_or_a_lone_cr_and_all_count() {
    for line_break in ["\n", "\r\n", "\r"] {
        let list = parse(&["ana@example.org", "", "no", "bob@example.org"].join(line_break));
        assert_eq!(addresses(&list), ["ana@example.org", "bob@example.org"]);
        assert_eq!(list.entries[1].line, 4);
        assert_eq!(list.invalid[0].line, 3);
        let table = parse(
            &[
                "",
                "email,name",
                "ana@example.org,Ana",
                "",
                "no,No",
                "bob@example.org,Bob",
            ]
            .join(line_break),
        );
        assert_eq!(
            table
                .entries
                .iter()
                .map(|entry| entry.line)
                .collect::<Vec<_>>(),
            [3, 6]
        );
        assert_eq!(table.invalid[0].line, 5);
    }
}

#[test]
fn commas_semicolons_and_tabs_part_addresses_on_a_line() {
    let text = "ana@example.org, bob@example.org;carl@example.org\tdora@example.org,;, ";
    assert_eq!(
        all_addresses(text),
        [
            "ana@example.org",
            "bob@example.org",
            "carl@example.org",
            "dora@example.org"
        ]
    );
}

#[test]
fn separators_inside_quotes_and_brackets_part_nothing() {
    let text = r#""Pérez, Ana" <ana@example.org>; "a;b"@example.org, Bob <"bob,>by"@example.org>"#;
    assert_eq!(
        all_addresses(text),
        [
            "ana@example.org",
            r#""a;b"@example.org"#,
            r#""bob,>by"@example.org"#
        ]
    );
    assert_eq!(names(&parse(text)), [Some("Pérez, Ana"), None, Some("Bob")]);
}

#[test]
fn a_quote_or_bracket_left_open_spoils_only_its_own_address() {
    let list = parse(
        "6\" Ana <ana@example.org>, Bob <bob@example.org, \"carl@example.org; dora@example.org",
    );
    assert_eq!(addresses(&list), ["ana@example.org", "dora@example.org"]);
    let reasons: Vec<_> = list.invalid.iter().map(|invalid| invalid.reason).collect();
    assert_eq!(
        reasons,
        [
            AddressError::OpenBracket.into(),
            AddressError::OpenQuote.into()
        ]
    );
}

#[test]
fn a_quote_inside_a_word_opens_nothing() {
    let list = parse("6\" Ana <ana@example.org>, 5\" Bob <bob@example.org>");
    assert_eq!(addresses(&list), ["ana@example.org", "bob@example.org"]);
    assert_eq!(names(&list), [Some("6\" Ana"), Some("5\" Bob")]);
}

#[test]
fn invisible_companions_of_copied_addresses_are_ignored() {
    let text = "\u{FEFF}\u{202A}ana@example.org\u{202C}\n\u{A0}bob@example.org\u{200B}\n\u{200B}\n";
    assert_eq!(all_addresses(text), ["ana@example.org", "bob@example.org"]);
}

#[test]
fn the_first_of_two_same_addresses_wins_as_written() {
    let list = parse(
        "Ana@Example.org\nbob@example.org\nANA@example.ORG\n\"ana\"@example.org\nx@bücher.example\nX@xn--bcher-kva.example",
    );
    assert_eq!(
        addresses(&list),
        ["Ana@Example.org", "bob@example.org", "x@bücher.example"]
    );
    let duplicates: Vec<_> = list
        .duplicates
        .iter()
        .map(|duplicate| {
            (
                duplicate.line,
                duplicate.first_line,
                duplicate.written.as_str(),
            )
        })
        .collect();
    assert_eq!(
        duplicates,
        [
            (3, 1, "ANA@example.ORG"),
            (4, 1, "\"ana\"@example.org"),
            (6, 5, "X@xn--bcher-kva.example")
        ]
    );
}

#[test]
fn plus_tags_tell_addresses_apart() {
    assert_eq!(
        all_addresses("ana@example.org\nana+news@example.org").len(),
        2
    );
}

#[test]
fn an_invalid_line_says_where_what_and_why() {
    let list = parse("\nana@example.org\n\nnot an address\n");
    assert_eq!(list.invalid[0].to_string(), "Line 4 “not an address”: no @");
}

#[test]
fn a_long_invalid_line_is_cut_at_120_characters() {
    let written = parse(&"é".repeat(500)).invalid.remove(0).written;
    assert_eq!(written.chars().count(), 120);
    assert!(written.ends_with('…'));
    assert_eq!(parse(&"é".repeat(120)).invalid[0].written, "é".repeat(120));
}

#[test]
fn a_table_without_a_header_row_loses_nothing_and_hints_at_one() {
    let list = parse("ana@example.org,Ana\nbob@example.org,Bob");
    assert_eq!(addresses(&list), ["ana@example.org", "bob@example.org"]);
    assert_eq!(list.invalid.len(), 2);
    assert_eq!(list.invalid[0].reason, InvalidReason::MissingHeader);
    assert_eq!(
        list.invalid[0].to_string(),
        "Line 1 “Ana”: no @; if the lines are columns, add a first line that names them, such as email,name"
    );
}

#[test]
fn addresses_parted_only_by_a_space_are_refused_with_a_remedy() {
    assert_eq!(
        refused("ana@example.org bob@example.org"),
        [(
            1,
            "ana@example.org bob@example.org".to_owned(),
            InvalidReason::TwoAddresses
        )]
    );
    assert_eq!(
        refused("ana@@example.org")[0].2,
        AddressError::TwoAts.into()
    );
}

#[test]
fn a_header_over_one_column_is_not_an_address() {
    for header in [
        "email",
        "Email",
        " E-MAIL ",
        "e_mail",
        "mail",
        "Email Address",
        "address",
        "correo",
        "Correo Electrónico",
        "\"email\"",
        "email,",
        ";email",
        "\u{FEFF}email",
        "\u{FEFF}\"email\"",
        "\n\nemail",
    ] {
        assert_eq!(
            all_addresses(&format!("{header}\r\nana@example.org\r\n")),
            ["ana@example.org"],
            "{header:?}"
        );
    }
}

#[test]
fn under_a_single_column_the_plain_rules_go_on() {
    let text = "email\n\"john doe\"@example.org\n\"\"\"jane doe\"\"@example.org\"\n\"bob@example.org\"\nAna <ana@example.org>, carl@example.org\n";
    assert_eq!(
        all_addresses(text),
        [
            "\"john doe\"@example.org",
            "\"jane doe\"@example.org",
            "bob@example.org",
            "ana@example.org",
            "carl@example.org"
        ]
    );
}

#[test]
fn a_first_line_with_an_address_is_no_header() {
    assert_eq!(all_addresses("mail@example.org,email@example.org").len(), 2);
    assert_eq!(refused("email,ana@example.org").len(), 1);
    assert_eq!(
        refused("name\nana@example.org"),
        [(1, "name".to_owned(), AddressError::NoAt.into())]
    );
}

#[test]
fn a_table_gives_addresses_names_and_variables() {
    for delimiter in [",", ";", "\t"] {
        let text = [
            "Name|E-Mail| City |",
            "Ana|Ana@example.org|Sevilla|x",
            "|bob@example.org",
        ]
        .join("\n")
        .replace('|', delimiter);
        let list = parse(&text);
        assert_eq!(list.invalid, []);
        assert_eq!(addresses(&list), ["Ana@example.org", "bob@example.org"]);
        assert_eq!(names(&list), [Some("Ana"), None]);
        assert_eq!(list.entries[0].vars, vars(&[("City", "Sevilla")]));
        assert_eq!(list.entries[1].vars, vars(&[]));
    }
}

#[test]
fn the_header_tells_the_delimiter_from_characters_in_its_cells() {
    let list = parse("email;city, country\nana@example.org;Sevilla, España\n");
    assert_eq!(
        list.entries[0].vars,
        vars(&[("city, country", "Sevilla, España")])
    );
}

#[test]
fn a_column_called_email_comes_before_one_called_address() {
    let list = parse("address,email\nSierpes 1,ana@example.org\n");
    assert_eq!(addresses(&list), ["ana@example.org"]);
    assert_eq!(list.entries[0].vars, vars(&[("address", "Sierpes 1")]));
}

#[test]
fn quoted_cells_follow_rfc_4180() {
    let text = "email,name,note\r\n\"ana@example.org\",\"Pérez, \"\"Nina\"\"\",\"two\r\nlines\"\r\nbob@example.org,Bob,\n";
    let list = parse(text);
    assert_eq!(names(&list), [Some("Pérez, \"Nina\""), Some("Bob")]);
    assert_eq!(list.entries[0].vars, vars(&[("note", "two\r\nlines")]));
    assert_eq!(list.entries[1].line, 4);
}

#[test]
fn a_quoted_local_part_stands_in_a_table_raw_or_as_a_quoted_cell() {
    let text = "name,email\nJohn,\"john doe\"@example.org\nJane,\"\"\"jane, doe\"\"@example.org\"\nJoe,\"joe, doe\"@example.org\n";
    let list = parse(text);
    assert_eq!(list.invalid, []);
    assert_eq!(
        addresses(&list),
        [
            "\"john doe\"@example.org",
            "\"jane, doe\"@example.org",
            "\"joe, doe\"@example.org"
        ]
    );
    assert_eq!(names(&list), [Some("John"), Some("Jane"), Some("Joe")]);
    let first =
        parse("email,name\n\"john doe\"@example.org,John\n\"Pérez, Ana\" <ana@example.org>\n");
    assert_eq!(
        addresses(&first),
        ["\"john doe\"@example.org", "ana@example.org"]
    );
    assert_eq!(names(&first), [Some("John"), Some("Pérez, Ana")]);
}

#[test]
fn a_forgotten_quote_does_not_swallow_the_lines_after_it() {
    let list = parse(
        "email,name\nana@example.org,\"Ana\nbob@example.org,Bob\n\"carl@example.org,Carl\ndora@example.org,\"Dora\"\n",
    );
    assert_eq!(
        addresses(&list),
        ["ana@example.org", "bob@example.org", "dora@example.org"]
    );
    assert_eq!(
        list.invalid
            .iter()
            .map(|invalid| invalid.line)
            .collect::<Vec<_>>(),
        [4]
    );
}

#[test]
fn a_row_without_its_address_is_reported_and_an_empty_row_is_not() {
    let text = "email,name\n,Ana\n,\n\nbob@example.org\n   ,  \n";
    assert_eq!(
        refused(text),
        [(2, "Ana".to_owned(), InvalidReason::EmptyCell)]
    );
    assert_eq!(addresses(&parse(text)), ["bob@example.org"]);
}

#[test]
fn two_addresses_in_one_cell_are_refused_with_a_remedy() {
    assert_eq!(
        refused("email,name\nana@example.org;bob@example.org,Both")[0].2,
        InvalidReason::TwoAddresses
    );
}

#[test]
fn a_survey_shows_the_first_invalid_lines_and_counts_them_all() {
    let text = "no\n".repeat(SURVEY_INVALID_SHOWN + 50) + "ana@example.org\nana@example.org";
    let survey = survey(&text);
    assert_eq!(
        (survey.valid, survey.duplicate, survey.invalid),
        (1, 1, SURVEY_INVALID_SHOWN + 50)
    );
    assert_eq!(survey.first_invalid.len(), SURVEY_INVALID_SHOWN);
    assert_eq!(survey.first_invalid[99].line, 100);
}

#[test]
fn a_cell_that_would_swallow_a_line_with_an_address_is_refused() {
    let text = "email,name\nana@example.org,\"Ana\nbob@example.org,Bob\"\ncarl@example.org,\"of two\nlines\"\n";
    assert_eq!(
        refused(text),
        [(2, "ana@example.org".to_owned(), InvalidReason::OpenQuote)]
    );
    assert_eq!(addresses(&parse(text)), ["carl@example.org"]);
}

/// What a reader of streams says, entries by their address and invalid lines by number and reason.
fn read(text: &str, limit: usize) -> Vec<String> {
    let mut told = Vec::new();
    let mut tell = |piece| {
        told.push(match piece {
            Piece::Recipient(entry) => entry.address.to_string(),
            Piece::Invalid(invalid) => format!("{}: {}", invalid.line, invalid.reason),
        });
    };
    let mut reader = ListReader::with_limit(limit);
    reader.push(text, &mut tell);
    reader.finish(&mut tell);
    told
}

#[test]
fn of_a_stream_a_line_that_is_too_long_is_refused_and_the_next_is_read() {
    let long = "a".repeat(100);
    for (text, line) in [
        (format!("{long}@example.org\nana@example.org"), 1),
        (
            format!("email,name\nbob@x.org,{long}\r\nana@example.org"),
            2,
        ),
        (format!("\n\n{long}\r{long}\rana@example.org"), 3),
    ] {
        let told = read(&text, 40);
        assert!(
            told[0].starts_with(&format!("{line}: the line is longer")),
            "{told:?}"
        );
        assert_eq!(told.last().unwrap(), "ana@example.org");
    }
}

#[test]
fn of_a_stream_a_quote_that_is_not_closed_within_the_limit_is_a_character() {
    let text = format!(
        "email,name\nana@x.org,\"Ana\n{}",
        "bob@x.org,Bob\n".repeat(9)
    );
    let told = read(&text, 40);
    assert_eq!(told.len(), 10);
    assert_eq!(told[0], "ana@x.org");
}

#[test]
fn of_a_stream_a_row_that_was_not_utf_8_is_refused() {
    let told = read(
        "email,name\nana@example.org,Jos\u{FFFD}\nbob@example.org,Bob\n",
        1 << 20,
    );
    assert!(told[0].contains("save the file as UTF-8"), "{told:?}");
    assert_eq!(told[1], "bob@example.org");
}
