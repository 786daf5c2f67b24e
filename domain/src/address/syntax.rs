//! The grammar of an address, on borrowed text.

use std::borrow::Cow;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::AddressError;
use super::characters::{is_atom_character, is_invisible};
use super::quotes::{end_of_quotes, unescaped};

const LOCAL_PART_LIMIT: usize = 64;
const LABEL_LIMIT: usize = 63;
const DOMAIN_LIMIT: usize = 253;
const ADDRESS_LIMIT: usize = 254;

/// A parsed address that borrows its text, so that counting a list keeps nothing.
#[derive(Debug)]
pub(crate) struct AddressRef<'t> {
    pub(super) written: &'t str,
    pub(super) at: usize,
    /// Borrowed exactly when the domain is written as it is sent.
    pub(super) ascii_domain: Cow<'t, str>,
}

impl<'t> AddressRef<'t> {
    /// See [`super::EmailAddress::parse`].
    pub(crate) fn parse(written: &'t str) -> Result<Self, AddressError> {
        refuse_hidden_characters(written)?;
        let at = find_at(written)?;
        let (local_part, domain) = (&written[..at], &written[at + 1..]);
        check_local_part(local_part)?;
        let ascii_domain = to_ascii_domain(domain)?;
        // The characters are counted too: UTS 46 drops some, so that a short domain can be written endlessly long.
        if at + 1 + ascii_domain.len() > ADDRESS_LIMIT
            || written.chars().nth(ADDRESS_LIMIT).is_some()
        {
            return Err(AddressError::TooLong);
        }
        Ok(Self {
            written,
            at,
            ascii_domain,
        })
    }

    pub(super) fn domain(&self) -> &'t str {
        &self.written[self.at + 1..]
    }

    /// See [`super::EmailAddress::key`]. Borrows when the address is written as its key, as most are.
    pub(crate) fn key(&self) -> Cow<'t, str> {
        let local_part = &self.written[..self.at];
        let plain = !local_part.starts_with('"')
            && local_part
                .bytes()
                .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
        if plain && *self.ascii_domain == *self.domain() {
            return Cow::Borrowed(self.written);
        }
        let mut key = String::with_capacity(self.written.len());
        push_local_key(&mut key, local_part);
        key.push('@');
        key.push_str(&self.ascii_domain);
        Cow::Owned(key)
    }
}

/// Character by character, since the lower case of a whole word depends on where a sigma stands in it.
fn push_local_key(key: &mut String, local_part: &str) {
    let Some(quoted) = local_part
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return key.extend(local_part.chars().flat_map(char::to_lowercase));
    };
    let content: String = unescaped(quoted).flat_map(char::to_lowercase).collect();
    if is_dot_atom(&content) {
        return key.push_str(&content);
    }
    key.push('"');
    for character in content.chars() {
        if matches!(character, '"' | '\\') {
            key.push('\\');
        }
        key.push(character);
    }
    key.push('"');
}

fn refuse_hidden_characters(text: &str) -> Result<(), AddressError> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    for character in text.chars() {
        match character {
            ' ' => {}
            '\t' => return Err(AddressError::Space),
            '\u{FFFD}' => return Err(AddressError::UnreadableCharacter),
            _ if character.is_control() => return Err(AddressError::ControlCharacter),
            _ if character.is_whitespace() => return Err(AddressError::Space),
            _ if is_invisible(character) => {
                return Err(AddressError::InvisibleCharacter(character));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The one `@` that parts local part and domain.
fn find_at(text: &str) -> Result<usize, AddressError> {
    let first = text.find('@').ok_or(AddressError::NoAt)?;
    let at = if text.starts_with('"') {
        let end = end_of_quotes(text).ok_or(AddressError::OpenQuote)?;
        match text[end..].find('@') {
            None => return Err(AddressError::AtInQuotes),
            Some(0) => end,
            Some(_) => return Err(AddressError::PartlyQuoted),
        }
    } else {
        first
    };
    if text[at + 1..].contains('@') {
        Err(AddressError::TwoAts)
    } else {
        Ok(at)
    }
}

fn check_local_part(local_part: &str) -> Result<(), AddressError> {
    if matches!(local_part, "" | "\"\"") {
        return Err(AddressError::NothingBeforeAt);
    }
    if local_part.len() > LOCAL_PART_LIMIT {
        return Err(AddressError::LocalPartTooLong);
    }
    // In quotes everything printable is allowed; what is not was refused before.
    if local_part.starts_with('"') || is_dot_atom(local_part) {
        return Ok(());
    }
    if local_part.contains(' ') {
        return Err(AddressError::Space);
    }
    match local_part
        .chars()
        .find(|&character| character != '.' && !is_atom_character(character))
    {
        Some(character) => Err(AddressError::BadLocalCharacter(character)),
        None => Err(AddressError::MisplacedDot),
    }
}

fn is_dot_atom(text: &str) -> bool {
    text.split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character))
}

fn to_ascii_domain(domain: &str) -> Result<Cow<'_, str>, AddressError> {
    if domain.is_empty() {
        return Err(AddressError::NothingAfterAt);
    }
    if domain.starts_with('[') {
        return Err(AddressError::AddressLiteral);
    }
    // Hyphens in the third and fourth place are left to registries: such names exist.
    let ascii = Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .map_err(|_| why_no_domain(domain))?;
    let top_level = ascii.rsplit('.').next().unwrap_or_default();
    if top_level.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressError::NumericTopLevelDomain);
    }
    if top_level.len() == ascii.len() && *ascii != *"localhost" {
        return Err(AddressError::DotlessDomain);
    }
    Ok(ascii)
}

/// UTS 46 only says no; this finds the reason a person can act on.
fn why_no_domain(domain: &str) -> AddressError {
    if domain.contains(' ') {
        return AddressError::Space;
    }
    let bad = |character: &char| {
        character.is_ascii() && !character.is_ascii_alphanumeric() && !"-.".contains(*character)
    };
    if let Some(character) = domain.chars().find(bad) {
        return AddressError::BadDomainCharacter(character);
    }
    if domain.split('.').any(str::is_empty) {
        return AddressError::EmptyLabel;
    }
    if domain
        .split('.')
        .any(|label| label.starts_with('-') || label.ends_with('-'))
    {
        return AddressError::MisplacedHyphen;
    }
    if domain
        .split('.')
        .any(|label| label.is_ascii() && label.len() > LABEL_LIMIT)
    {
        return AddressError::LabelTooLong;
    }
    if domain.is_ascii() && domain.len() > DOMAIN_LIMIT {
        return AddressError::DomainTooLong;
    }
    AddressError::BadInternationalDomain
}
