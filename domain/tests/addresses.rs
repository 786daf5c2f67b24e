//! Which texts are addresses, and what an address answers about itself.

use domain::address::{AddressError, EmailAddress};

/// The text, its form on the wire, its key.
const GOOD: &[(&str, &str, &str)] = &[
    // From life.
    ("ana@example.org", "ana@example.org", "ana@example.org"),
    (
        "Ana.Maria@Example.ORG",
        "Ana.Maria@example.org",
        "ana.maria@example.org",
    ),
    ("ANA@EXAMPLE.ORG", "ANA@example.org", "ana@example.org"),
    (
        "ana+news@example.org",
        "ana+news@example.org",
        "ana+news@example.org",
    ),
    ("ana+@example.org", "ana+@example.org", "ana+@example.org"),
    (
        "o'brien@example.ie",
        "o'brien@example.ie",
        "o'brien@example.ie",
    ),
    ("a@b.co", "a@b.co", "a@b.co"),
    (
        "first_last@example.museum",
        "first_last@example.museum",
        "first_last@example.museum",
    ),
    ("_@example.org", "_@example.org", "_@example.org"),
    (
        "1234567890@example.org",
        "1234567890@example.org",
        "1234567890@example.org",
    ),
    ("ana-@example.org", "ana-@example.org", "ana-@example.org"),
    (
        "ana@sub.sub.sub.example.co.uk",
        "ana@sub.sub.sub.example.co.uk",
        "ana@sub.sub.sub.example.co.uk",
    ),
    ("ana@4you.example", "ana@4you.example", "ana@4you.example"),
    ("ana@163.com", "ana@163.com", "ana@163.com"),
    (
        "ana@r3---sn-4g5e.example.com",
        "ana@r3---sn-4g5e.example.com",
        "ana@r3---sn-4g5e.example.com",
    ),
    ("ana@localhost", "ana@localhost", "ana@localhost"),
    ("Ana@LOCALHOST", "Ana@localhost", "ana@localhost"),
    (
        "bounce=ana=example.org@lists.example",
        "bounce=ana=example.org@lists.example",
        "bounce=ana=example.org@lists.example",
    ),
    (
        "prvs=0123abcd=ana@example.org",
        "prvs=0123abcd=ana@example.org",
        "prvs=0123abcd=ana@example.org",
    ),
    // RFC 3696, section 3, and RFC 5322, 3.2.3.
    (
        "user+mailbox@example.com",
        "user+mailbox@example.com",
        "user+mailbox@example.com",
    ),
    (
        "customer/department=shipping@example.com",
        "customer/department=shipping@example.com",
        "customer/department=shipping@example.com",
    ),
    (
        "$A12345@example.com",
        "$A12345@example.com",
        "$a12345@example.com",
    ),
    (
        "!def!xyz%abc@example.com",
        "!def!xyz%abc@example.com",
        "!def!xyz%abc@example.com",
    ),
    (
        "#!$%&'*+-/=?^_`{}|~@example.org",
        "#!$%&'*+-/=?^_`{}|~@example.org",
        "#!$%&'*+-/=?^_`{}|~@example.org",
    ),
    (
        r#""Abc@def"@example.com"#,
        r#""Abc@def"@example.com"#,
        r#""abc@def"@example.com"#,
    ),
    (
        r#""Fred Bloggs"@example.com"#,
        r#""Fred Bloggs"@example.com"#,
        r#""fred bloggs"@example.com"#,
    ),
    (
        r#""Joe\\Blow"@example.com"#,
        r#""Joe\\Blow"@example.com"#,
        r#""joe\\blow"@example.com"#,
    ),
    // RFC 5321, 4.1.2: quoted strings and quoted pairs.
    (
        r#""ana"@example.org"#,
        r#""ana"@example.org"#,
        "ana@example.org",
    ),
    (
        r#""A\na"@Example.org"#,
        r#""A\na"@example.org"#,
        "ana@example.org",
    ),
    (
        r#""john\ doe"@example.org"#,
        r#""john\ doe"@example.org"#,
        r#""john doe"@example.org"#,
    ),
    (
        r#""a\"b"@example.org"#,
        r#""a\"b"@example.org"#,
        r#""a\"b"@example.org"#,
    ),
    (
        r#"" "@example.org"#,
        r#"" "@example.org"#,
        r#"" "@example.org"#,
    ),
    (
        r#""a..b"@example.org"#,
        r#""a..b"@example.org"#,
        r#""a..b"@example.org"#,
    ),
    (
        r#"".ana."@example.org"#,
        r#"".ana."@example.org"#,
        r#"".ana."@example.org"#,
    ),
    (
        r#""a <b>"@example.org"#,
        r#""a <b>"@example.org"#,
        r#""a <b>"@example.org"#,
    ),
    (
        r#""very.(),:;<>[]\".VERY.\"very@\\ \"very\".unusual"@strange.example.com"#,
        r#""very.(),:;<>[]\".VERY.\"very@\\ \"very\".unusual"@strange.example.com"#,
        r#""very.(),:;<>[]\".very.\"very@\\ \"very\".unusual"@strange.example.com"#,
    ),
    // RFC 6531 and UTS 46.
    ("josé@example.org", "josé@example.org", "josé@example.org"),
    ("JOSÉ@example.org", "JOSÉ@example.org", "josé@example.org"),
    (
        "\"josé\"@example.org",
        "\"josé\"@example.org",
        "josé@example.org",
    ),
    ("用户@example.com", "用户@example.com", "用户@example.com"),
    ("मुक्त@example.in", "मुक्त@example.in", "मुक्त@example.in"),
    (
        "ana@bücher.example",
        "ana@xn--bcher-kva.example",
        "ana@xn--bcher-kva.example",
    ),
    (
        "Ana@BÜCHER.example",
        "Ana@xn--bcher-kva.example",
        "ana@xn--bcher-kva.example",
    ),
    (
        "ana@xn--bcher-kva.example",
        "ana@xn--bcher-kva.example",
        "ana@xn--bcher-kva.example",
    ),
    (
        "ana@XN--BCHER-KVA.example",
        "ana@xn--bcher-kva.example",
        "ana@xn--bcher-kva.example",
    ),
    (
        "ana@straße.example",
        "ana@xn--strae-oqa.example",
        "ana@xn--strae-oqa.example",
    ),
    (
        "ana@españa.es",
        "ana@xn--espaa-rta.es",
        "ana@xn--espaa-rta.es",
    ),
    (
        "ana@例え.テスト",
        "ana@xn--r8jz45g.xn--zckzah",
        "ana@xn--r8jz45g.xn--zckzah",
    ),
    (
        "ana@例え。テスト",
        "ana@xn--r8jz45g.xn--zckzah",
        "ana@xn--r8jz45g.xn--zckzah",
    ),
    (
        "ana@пример.рф",
        "ana@xn--e1afmkfd.xn--p1ai",
        "ana@xn--e1afmkfd.xn--p1ai",
    ),
    (
        "θσυ@παράδειγμα.δοκιμή",
        "θσυ@xn--hxajbheg2az3al.xn--jxalpdlp",
        "θσυ@xn--hxajbheg2az3al.xn--jxalpdlp",
    ),
    (
        "ana@ｅｘａｍｐｌｅ.org",
        "ana@example.org",
        "ana@example.org",
    ),
];

const BAD: &[(&str, AddressError)] = &[
    ("", AddressError::NoAt),
    ("ana", AddressError::NoAt),
    ("ana.example.org", AddressError::NoAt),
    ("not an address", AddressError::NoAt),
    (r#""ana@example.org"#, AddressError::OpenQuote),
    (r#""ana@example.org""#, AddressError::AtInQuotes),
    ("ana@bob@example.org", AddressError::TwoAts),
    ("ana@@example.org", AddressError::TwoAts),
    ("ana@example.org bob@example.org", AddressError::TwoAts),
    ("@example.org", AddressError::NothingBeforeAt),
    (r#"""@example.org"#, AddressError::NothingBeforeAt),
    ("@", AddressError::NothingBeforeAt),
    ("ana@", AddressError::NothingAfterAt),
    (" ana@example.org", AddressError::Space),
    ("ana@example.org ", AddressError::Space),
    ("john doe@example.org", AddressError::Space),
    ("ana@exam ple.org", AddressError::Space),
    ("ana\u{A0}@example.org", AddressError::Space),
    ("ana\t@example.org", AddressError::Space),
    (
        "ana\r\nRCPT TO:<eve@example.org>@example.org",
        AddressError::ControlCharacter,
    ),
    ("\"ana\r\n\"@example.org", AddressError::ControlCharacter),
    ("\"a\\\nb\"@example.org", AddressError::ControlCharacter),
    ("ana@example.org\n", AddressError::ControlCharacter),
    ("ana@example.org\0", AddressError::ControlCharacter),
    ("an\u{7F}a@example.org", AddressError::ControlCharacter),
    ("an\u{85}a@example.org", AddressError::ControlCharacter),
    (
        "ana@exa\u{200B}mple.org",
        AddressError::InvisibleCharacter('\u{200B}'),
    ),
    (
        "\u{FEFF}ana@example.org",
        AddressError::InvisibleCharacter('\u{FEFF}'),
    ),
    (
        "\u{202E}ana@example.org",
        AddressError::InvisibleCharacter('\u{202E}'),
    ),
    ("jos\u{FFFD}@example.org", AddressError::UnreadableCharacter),
    (".ana@example.org", AddressError::MisplacedDot),
    ("ana.@example.org", AddressError::MisplacedDot),
    ("ana..maria@example.org", AddressError::MisplacedDot),
    (
        "ana(work)@example.org",
        AddressError::BadLocalCharacter('('),
    ),
    (
        "mailto:ana@example.org",
        AddressError::BadLocalCharacter(':'),
    ),
    ("a,b@example.org", AddressError::BadLocalCharacter(',')),
    ("<ana@example.org>", AddressError::BadLocalCharacter('<')),
    (
        r"Joe\Blow@example.org",
        AddressError::BadLocalCharacter('\\'),
    ),
    (r#"an"a@example.org"#, AddressError::BadLocalCharacter('"')),
    (r#""ana".maria@example.org"#, AddressError::PartlyQuoted),
    (r#""an"a"@example.org"#, AddressError::PartlyQuoted),
    ("ana@.example.org", AddressError::EmptyLabel),
    ("ana@example..org", AddressError::EmptyLabel),
    ("ana@example.org.", AddressError::EmptyLabel),
    ("ana@.", AddressError::EmptyLabel),
    ("ana@-example.org", AddressError::MisplacedHyphen),
    ("ana@example-.org", AddressError::MisplacedHyphen),
    ("ana@exam_ple.org", AddressError::BadDomainCharacter('_')),
    ("ana@example.org>", AddressError::BadDomainCharacter('>')),
    ("ana@example,org", AddressError::BadDomainCharacter(',')),
    (
        "ana@example.org/path",
        AddressError::BadDomainCharacter('/'),
    ),
    ("ana@[192.0.2.1]", AddressError::AddressLiteral),
    ("ana@[IPv6:2001:db8::1]", AddressError::AddressLiteral),
    ("ana@192.0.2.1", AddressError::NumericTopLevelDomain),
    ("ana@example.123", AddressError::NumericTopLevelDomain),
    ("ana@12345", AddressError::NumericTopLevelDomain),
    ("ana@example", AddressError::DotlessDomain),
    ("ana@gmail", AddressError::DotlessDomain),
    ("ana@localhost1", AddressError::DotlessDomain),
    ("ana@xn--0.example", AddressError::BadInternationalDomain),
    ("ana@xn--a-ecp.ru", AddressError::BadInternationalDomain),
    ("ana@\u{301}a.example", AddressError::BadInternationalDomain),
    ("ana@exa⒈mple.org", AddressError::BadInternationalDomain),
    ("ana@exam＠ple.org", AddressError::BadInternationalDomain),
];

#[test]
fn every_good_address_is_kept_as_written_and_has_one_form_on_the_wire_and_one_key() {
    for &(text, wire, key) in GOOD {
        let address = EmailAddress::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(address.as_written(), text);
        assert_eq!(
            format!("{}@{}", address.local_part(), address.domain()),
            text
        );
        assert_eq!(address.wire(), wire, "the form on the wire of {text}");
        assert_eq!(address.key(), key, "the key of {text}");
        assert!(address.ascii_domain().is_ascii());
    }
}

#[test]
fn every_bad_address_is_refused_for_its_reason() {
    for &(text, reason) in BAD {
        assert_eq!(
            EmailAddress::parse(text).map(|_| ()),
            Err(reason),
            "{text:?}"
        );
    }
}

#[test]
fn the_limits_are_those_of_rfc_5321_counted_in_octets() {
    let with_local_part =
        |local_part: &str| EmailAddress::parse(&format!("{local_part}@example.org")).map(|_| ());
    assert_eq!(with_local_part(&"a".repeat(64)), Ok(()));
    assert_eq!(
        with_local_part(&"a".repeat(65)),
        Err(AddressError::LocalPartTooLong)
    );
    assert_eq!(with_local_part(&"é".repeat(32)), Ok(()));
    assert_eq!(
        with_local_part(&"é".repeat(33)),
        Err(AddressError::LocalPartTooLong)
    );

    let with_domain = |domain: &str| EmailAddress::parse(&format!("a@{domain}")).map(|_| ());
    let label = "b".repeat(63);
    assert_eq!(with_domain(&format!("{label}.org")), Ok(()));
    assert_eq!(
        with_domain(&format!("b{label}.org")),
        Err(AddressError::LabelTooLong)
    );
    let domain_of =
        |octets: usize| format!("{label}.{label}.{label}.{}", "b".repeat(octets - 3 * 64));
    assert_eq!(with_domain(&domain_of(252)), Ok(()));
    assert_eq!(with_domain(&domain_of(253)), Err(AddressError::TooLong));
    assert_eq!(
        with_domain(&domain_of(254)),
        Err(AddressError::DomainTooLong)
    );
}

#[test]
fn an_international_domain_is_measured_as_it_is_sent() {
    // 59 characters of punycode and its prefix stay under 63; the label in UTF-8 is three times as long.
    let address = EmailAddress::parse(&format!("a@{}.example", "例".repeat(50))).unwrap();
    assert!(
        address
            .ascii_domain()
            .split('.')
            .all(|label| label.len() <= 63)
    );
    assert_eq!(
        EmailAddress::parse(&format!("a@{}.example", "例".repeat(70))),
        Err(AddressError::BadInternationalDomain)
    );
}

#[test]
fn characters_that_uts_46_drops_cannot_make_an_address_endless() {
    let text = format!("a@exa{}mple.org", "\u{FE0F}".repeat(1000));
    assert_eq!(EmailAddress::parse(&text), Err(AddressError::TooLong));
}

#[test]
fn only_a_local_part_beyond_ascii_needs_smtputf8() {
    let needs = |text: &str| EmailAddress::parse(text).unwrap().needs_smtp_utf8();
    assert!(!needs("ana@example.org"));
    assert!(!needs("ana@bücher.example"));
    assert!(needs("josé@example.org"));
}

#[test]
fn a_masked_address_shows_one_letter_and_the_domain() {
    let masked = |text: &str| EmailAddress::parse(text).unwrap().masked();
    assert_eq!(masked("ana@Example.org"), "a…@example.org");
    assert_eq!(masked("é@bücher.example"), "é…@xn--bcher-kva.example");
}

#[test]
fn an_address_travels_as_its_text_and_is_checked_on_arrival() {
    let address = EmailAddress::parse("Ana@BÜCHER.example").unwrap();
    let json = serde_json::to_string(&address).unwrap();
    assert_eq!(json, "\"Ana@BÜCHER.example\"");
    assert_eq!(
        serde_json::from_str::<EmailAddress>(&json).unwrap(),
        address
    );
    let refused = serde_json::from_str::<EmailAddress>("\"ana@@example.org\"").unwrap_err();
    assert_eq!(refused.to_string(), "two @");
}

#[test]
fn reasons_read_as_phrases_for_people() {
    let reason = |text: &str| EmailAddress::parse(text).unwrap_err().to_string();
    assert_eq!(reason("ana"), "no @");
    assert_eq!(
        reason("ana@exa\u{200B}mple.org"),
        "an invisible character (U+200B) is not allowed here"
    );
    assert_eq!(
        reason("ana@example,org"),
        "the character “,” is not allowed after the @"
    );
    assert_eq!(
        reason("ana@gmail"),
        "the domain has no dot, as in example.org"
    );
}
