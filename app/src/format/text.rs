//! How an HTML body reads as plain text.

/// Tags after which a line ends.
const BLOCKS: [&str; 18] = [
    "address",
    "article",
    "blockquote",
    "br",
    "div",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "li",
    "p",
    "section",
    "table",
    "tr",
];

/// About how `html` reads without its marks: good enough to look at while writing. The text part
/// that is sent is made on the server, with links and tables.
pub(crate) fn text_of_html(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        push_words(&mut text, &rest[..start]);
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some(end) = rest.find('>') else {
            rest = "";
            break;
        };
        let name = tag_name(&rest[1..end]);
        rest = &rest[end + 1..];
        match name.as_str() {
            "style" | "script" | "head" | "title" => rest = after_closing(rest, &name),
            block if BLOCKS.contains(&block.trim_start_matches('/')) => end_line(&mut text),
            _ => {}
        }
    }
    push_words(&mut text, rest);
    text.trim().to_owned()
}

fn tag_name(tag: &str) -> String {
    tag.chars()
        .take_while(|character| character.is_ascii_alphanumeric() || *character == '/')
        .collect::<String>()
        .trim_end_matches('/')
        .to_ascii_lowercase()
}

/// What follows `</name …>`; nothing when it is never closed.
fn after_closing<'t>(text: &'t str, name: &str) -> &'t str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("</") {
        if after
            .get(..name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
        {
            return after.split_once('>').map_or("", |(_, after)| after);
        }
        rest = after;
    }
    ""
}

fn push_words(text: &mut String, raw: &str) {
    let decoded = decoded(raw);
    let mid_line = !text.is_empty() && !text.ends_with(char::is_whitespace);
    if mid_line && decoded.starts_with(char::is_whitespace) {
        text.push(' ');
    }
    let words: Vec<&str> = decoded.split_whitespace().collect();
    if words.is_empty() {
        return;
    }
    text.push_str(&words.join(" "));
    if decoded.ends_with(char::is_whitespace) {
        text.push(' ');
    }
}

fn end_line(text: &mut String) {
    while text.ends_with(' ') {
        text.pop();
    }
    if !text.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
}

fn decoded(raw: &str) -> String {
    if !raw.contains('&') {
        return raw.to_owned();
    }
    [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(raw.to_owned(), |text, (name, character)| {
        text.replace(name, character)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_become_lines_and_marks_go() {
        assert_eq!(
            text_of_html(
                "<h2>Hola Luis,</h2>\n<p>We opened <b>two</b> rooms\nand a roof.</p><p>Bye</p>"
            ),
            "Hola Luis,\n\nWe opened two rooms and a roof.\n\nBye"
        );
    }

    #[test]
    fn what_nobody_reads_is_left_out() {
        assert_eq!(
            text_of_html(
                "<head><title>T</title></head><STYLE>p{color:red}</STYLE><!-- <p>no --><p>yes &amp; so</p>"
            ),
            "yes & so"
        );
    }

    #[test]
    fn a_tag_that_is_being_typed_does_no_harm() {
        assert_eq!(text_of_html("one <b"), "one");
        assert_eq!(text_of_html("<style>p {"), "");
        assert_eq!(text_of_html("a &lt; b"), "a < b");
    }
}
