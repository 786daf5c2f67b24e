//! How an address with a name is read and written.

use domain::address::{AddressError, EmailAddress, Mailbox};

#[test]
fn a_mailbox_is_read_in_every_way_people_write_it() {
    for (text, name, address) in [
        ("ana@example.org", None, "ana@example.org"),
        ("  ana@example.org ", None, "ana@example.org"),
        ("<ana@example.org>", None, "ana@example.org"),
        ("Ana <ana@example.org>", Some("Ana"), "ana@example.org"),
        ("Ana<ana@example.org>", Some("Ana"), "ana@example.org"),
        (
            "Ana María  Pérez < ana@example.org >",
            Some("Ana María Pérez"),
            "ana@example.org",
        ),
        (
            r#""Pérez, Ana" <ana@example.org>"#,
            Some("Pérez, Ana"),
            "ana@example.org",
        ),
        (
            r#""Ana \"Nina\" Pérez" <ana@example.org>"#,
            Some(r#"Ana "Nina" Pérez"#),
            "ana@example.org",
        ),
        (
            r#""a <b>" <ana@example.org>"#,
            Some("a <b>"),
            "ana@example.org",
        ),
        (r#""" <ana@example.org>"#, None, "ana@example.org"),
        (
            r#"6" Ana <ana@example.org>"#,
            Some("6\" Ana"),
            "ana@example.org",
        ),
        (
            r#""john doe"@example.org"#,
            None,
            r#""john doe"@example.org"#,
        ),
        (r#""a <b>"@example.org"#, None, r#""a <b>"@example.org"#),
        (
            r#"John <"john doe"@example.org>"#,
            Some("John"),
            r#""john doe"@example.org"#,
        ),
        (
            "Ana\r\nBcc: eve@example.org <ana@example.org>",
            Some("Ana Bcc: eve@example.org"),
            "ana@example.org",
        ),
    ] {
        let mailbox = Mailbox::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(mailbox.name(), name, "{text}");
        assert_eq!(mailbox.address().as_written(), address, "{text}");
    }
}

#[test]
fn a_bad_mailbox_is_refused_for_its_reason() {
    for (text, reason) in [
        ("Ana <ana@example.org", AddressError::OpenBracket),
        ("Ana <>", AddressError::EmptyBrackets),
        (
            "Ana <ana@example.org> (work)",
            AddressError::TextAfterBracket,
        ),
        (
            "Ana <ana@example.org> <bob@example.org>",
            AddressError::TwoAts,
        ),
        ("Ana ana@example.org", AddressError::Space),
        ("Ana <ana>", AddressError::NoAt),
    ] {
        assert_eq!(Mailbox::parse(text), Err(reason), "{text}");
    }
}

#[test]
fn a_mailbox_writes_its_name_in_quotes_only_where_it_must() {
    let written = |name: &str| {
        Mailbox::new(Some(name), EmailAddress::parse("ana@example.org").unwrap()).to_string()
    };
    assert_eq!(written("Ana María"), "Ana María <ana@example.org>");
    assert_eq!(written("Pérez, Ana"), r#""Pérez, Ana" <ana@example.org>"#);
    assert_eq!(
        written(r#"Ana "Nina" \ Pérez"#),
        r#""Ana \"Nina\" \\ Pérez" <ana@example.org>"#
    );
    assert_eq!(
        written("Ana\r\nBcc: eve"),
        r#""Ana Bcc: eve" <ana@example.org>"#
    );
    assert_eq!(written(" \n "), "ana@example.org");
}

#[test]
fn a_mailbox_travels_as_its_text_and_is_checked_on_arrival() {
    let mailbox = Mailbox::parse("\"Pérez, Ana\" <ana@example.org>").unwrap();
    let json = serde_json::to_string(&mailbox).unwrap();
    assert_eq!(json, r#""\"Pérez, Ana\" <ana@example.org>""#);
    assert_eq!(serde_json::from_str::<Mailbox>(&json).unwrap(), mailbox);
    assert!(serde_json::from_str::<Mailbox>("\"Ana <ana>\"").is_err());
}
