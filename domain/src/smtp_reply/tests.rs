//! The reading of codes, and what a reply keeps of the server's words.

use super::*;

fn reply(code: u16, lines: &[&str]) -> SmtpReply {
    SmtpReply::from_lines(
        ReplyCode::new(code).unwrap(),
        lines.iter().map(|line| line.as_bytes()),
    )
}

#[test]
fn only_200_to_599_are_reply_codes() {
    for code in [200, 250, 354, 421, 599] {
        assert_eq!(ReplyCode::new(code).unwrap().get(), code);
    }
    for code in [0, 99, 199, 600, 999] {
        assert_eq!(ReplyCode::new(code), Err(NotAReplyCode(code)));
    }
}

#[test]
fn an_enhanced_code_is_read_only_when_it_is_one() {
    for (text, expected) in [
        ("5.1.1", Some((5, 1, 1))),
        ("4.7.28", Some((4, 7, 28))),
        ("2.0.0", Some((2, 0, 0))),
        ("5.7.515", Some((5, 7, 515))),
        ("3.1.1", None),
        ("5.1", None),
        ("5.1.1.1", None),
        ("5.1.+1", None),
        ("5.1.1000", None),
        ("15.1.1", None),
        ("", None),
    ] {
        let read = text
            .parse::<EnhancedCode>()
            .ok()
            .map(|code| (code.class, code.subject, code.detail));
        assert_eq!(read, expected, "{text:?}");
    }
}

#[test]
fn the_lines_of_a_reply_become_one_text_without_their_code() {
    let reply = reply(
        550,
        &[
            "5.1.1 The account does not exist.",
            "5.1.1 See",
            "",
            "5.1.1 example.org/help",
        ],
    );
    assert_eq!(reply.enhanced.unwrap().to_string(), "5.1.1");
    assert_eq!(
        reply.text,
        "The account does not exist. See example.org/help"
    );
    assert_eq!(
        reply.to_string(),
        "550 5.1.1 The account does not exist. See example.org/help"
    );
}

#[test]
fn another_code_in_a_later_line_stays_visible() {
    let reply = reply(550, &["5.7.1 Blocked", "5.1.1 too"]);
    assert_eq!(reply.enhanced.unwrap().to_string(), "5.7.1");
    assert_eq!(reply.text, "Blocked 5.1.1 too");
}

#[test]
fn a_code_behind_a_hash_is_a_code() {
    let reply = reply(550, &["#5.1.0 Address rejected."]);
    assert_eq!(reply.to_string(), "550 5.1.0 Address rejected.");
}

#[test]
fn a_version_number_is_no_enhanced_code() {
    let reply = reply(220, &["2.0.0.7 relay"]);
    assert_eq!(
        (reply.enhanced, reply.text.as_str()),
        (None, "2.0.0.7 relay")
    );
}

#[test]
fn a_text_is_cut_on_a_character_and_holds_no_control_characters() {
    let long = "ä".repeat(2 * REPLY_TEXT_LIMIT);
    assert_eq!(
        reply(550, &[&long, &long]).text,
        "ä".repeat(REPLY_TEXT_LIMIT)
    );
    assert_eq!(
        reply(550, &[&"x".repeat(REPLY_TEXT_LIMIT - 1), "yz"])
            .text
            .chars()
            .count(),
        REPLY_TEXT_LIMIT
    );
    assert_eq!(
        reply(550, &["a\u{1b}[31m\tb\u{7f}"]).text,
        "a\u{fffd}[31m\u{fffd}b\u{fffd}"
    );
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let code = ReplyCode::new(550).unwrap();
    assert_eq!(
        SmtpReply::from_lines(code, [&b"Gr\xfc\xdfe"[..]]).text,
        "Gr\u{fffd}\u{fffd}e"
    );
}

#[test]
fn a_reply_travels_as_json_and_back() {
    let reply = reply(452, &["4.2.2 Full"]);
    let json = serde_json::to_string(&reply).unwrap();
    assert_eq!(json, r#"{"code":452,"enhanced":"4.2.2","text":"Full"}"#);
    assert_eq!(serde_json::from_str::<SmtpReply>(&json).unwrap(), reply);
    assert!(serde_json::from_str::<ReplyCode>("42").is_err());
}

#[test]
fn a_phase_is_stored_as_it_is_sent() {
    let phase = SmtpPhase::Rcpt;
    assert_eq!(
        serde_json::to_string(&phase).unwrap(),
        format!("\"{}\"", phase.as_str())
    );
}
