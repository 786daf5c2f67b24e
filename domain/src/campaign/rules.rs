//! The rules a campaign's fields keep, as garde asks for them.

#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands its context by reference"
)]

use crate::address::EmailAddress;

/// A header is one line: whoever could break it could write headers of their own.
pub(super) fn single_line(text: &str, _: &()) -> garde::Result {
    if text.chars().any(char::is_control) {
        return Err(garde::Error::new(
            "must be one line without control characters",
        ));
    }
    Ok(())
}

pub(super) fn no_nul(text: &str, _: &()) -> garde::Result {
    if text.contains('\0') {
        return Err(garde::Error::new("must not contain NUL"));
    }
    Ok(())
}

/// A variable that is not filled in would reach everybody as written: better to say no.
pub(super) fn no_merge_variable(text: &str, _: &()) -> garde::Result {
    if text.contains("{{") {
        return Err(garde::Error::new(
            "contains “{{”: merge variables are not filled in by this version",
        ));
    }
    Ok(())
}

pub(super) fn an_address(text: &str, _: &()) -> garde::Result {
    EmailAddress::parse(text)
        .map(drop)
        .map_err(|error| garde::Error::new(error.to_string()))
}

/// A name as it stands in the configuration.
pub(super) fn a_server_name(text: &str, _: &()) -> garde::Result {
    if text.is_empty() || text.len() > 64 || text.chars().any(char::is_control) {
        return Err(garde::Error::new("must be the name of an SMTP server"));
    }
    Ok(())
}
