//! Which characters may stand where.

/// Whether RFC 5322's `atext`, as RFC 6531 extends it, has the character. Control, white space and invisible
/// characters beyond ASCII are for the caller to refuse.
pub(crate) fn is_atom_character(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || !character.is_ascii()
        || "!#$%&'*+-/=?^_`{|}~".contains(character)
}

/// Whether the character has neither shape nor place in an address. The two joiners stay out: Persian and the
/// Indic scripts spell with them.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
    )
}

/// The text without the spaces and invisible characters that come along at both ends when people copy.
pub(crate) fn trim_noise(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character))
}
