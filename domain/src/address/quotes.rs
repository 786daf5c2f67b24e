//! Quoted strings, as RFC 5321 has them in local parts and RFC 5322 in names.

/// Where the text's leading quoted string ends, after its closing quote; `None` when it is not closed on its line.
///
/// A backslash takes the next character along (RFC 5321's `quoted-pairSMTP`).
pub(crate) fn end_of_quotes(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((index, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(index + 1),
            b'\n' | b'\r' => return None,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    None
}

/// Where the quoted string ends that the quote at `index` opens. `None` when it opens none: inside a word, as in
/// `6" pipe`, or never closed, it is a character like others.
///
/// A line can be searched from quote to quote in linear time: after one that is never closed there are only
/// escaped ones, which open nothing.
pub(crate) fn end_of_quotes_at(text: &str, index: usize) -> Option<usize> {
    let before = text[..index].chars().next_back();
    let opens = before
        .is_none_or(|before| before.is_whitespace() || matches!(before, '"' | '<' | ',' | ';'));
    if opens {
        end_of_quotes(&text[index..]).map(|length| index + length)
    } else {
        None
    }
}

/// The characters between two quotes, escapes resolved.
pub(crate) fn unescaped(content: &str) -> impl Iterator<Item = char> {
    let mut characters = content.chars();
    std::iter::from_fn(move || match characters.next()? {
        '\\' => characters.next(),
        character => Some(character),
    })
}
