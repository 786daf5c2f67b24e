//! Which field a failed deserialisation is about.

use crate::Problem;

/// A problem with the field at `path`, whose deserialiser said `message`. Where the field's name
/// stands in the message only, as with one that is missing, it completes the path.
pub(super) fn field_problem(path: &serde_path_to_error::Path, message: &str) -> Problem {
    let mut path = match path.to_string() {
        root if root == "." => String::new(),
        path => path,
    };
    // JSON's messages end with a position, which the path says better.
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(message, _)| message);
    if let Some(name) = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|words| message.strip_prefix(words)?.strip_suffix('`'))
    {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
    }
    Problem::field(path, message)
}
