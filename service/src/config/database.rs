//! Where things are kept.

/// A `DATABASE_URL` of a kind this version has. The message never repeats it: it may hold a
/// password.
pub(super) fn url(text: &str) -> Result<String, String> {
    match text.strip_prefix("sqlite://") {
        Some("") => Err("names no file; write sqlite://data/palomar.db, for example".to_owned()),
        Some(_) => Ok(text.to_owned()),
        None => Err(
            "only sqlite:// is supported by this version, as in sqlite://data/palomar.db"
                .to_owned(),
        ),
    }
}
