//! Reads a server from one line of configuration.
//!
//! `smtp://[user:password@]host[:port][?tls=none|opportunistic|required][&auth=plain|login|xoauth2]`
//! or `smtps://…` for TLS from the first byte. User and password are percent-encoded.
//!
//! | | port | tls |
//! |---|---|---|
//! | `smtp` without a password | 25 | opportunistic |
//! | `smtp` with a password | 587 | required |
//! | `smtps` | 465 | implicit |

use ::url::{Host, Url};
use percent_encoding::percent_decode_str;

use super::{AuthChoice, Credentials, InvalidCredentials, SmtpServer, Tls};

/// Why a line is no SMTP server. No message repeats the user or the password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is no URL at all.
    #[error("not a URL such as smtp://host:25")]
    Unreadable(#[source] ::url::ParseError),
    /// The scheme is neither `smtp` nor `smtps`.
    #[error("unknown scheme '{0}': write smtp or smtps")]
    UnknownScheme(String),
    /// There is no host.
    #[error("the host is missing")]
    NoHost,
    /// There is a path or a fragment, mostly because a character of the password was not percent-encoded.
    #[error(
        "unexpected {0} after the host: '/', '?' and '#' in a user or password are written %2F, %3F and %23"
    )]
    UnexpectedPart(&'static str),
    /// A parameter that is not known.
    #[error("unknown parameter '{0}': tls and auth are known")]
    UnknownParameter(String),
    /// A parameter whose value is not known, or which doesn't go with the scheme.
    #[error("'{value}' is no value for {parameter} here")]
    UnknownValue {
        /// The parameter's name.
        parameter: &'static str,
        /// What was written.
        value: String,
    },
    /// There is a user and no password, or the other way round, or one of them is no UTF-8 or contains NUL.
    #[error("user and password must both be given, as percent-encoded UTF-8 without NUL")]
    InvalidCredentials,
    /// `auth=` was written and there is no password.
    #[error("auth needs a user and a password")]
    AuthWithoutPassword,
}

impl From<InvalidCredentials> for UrlError {
    fn from(_: InvalidCredentials) -> Self {
        Self::InvalidCredentials
    }
}

/// Reads a server; unknown schemes and parameters are errors which name them.
pub(super) fn parse(text: &str) -> Result<SmtpServer, UrlError> {
    let url = Url::parse(text).map_err(UrlError::Unreadable)?;
    let implicit = match url.scheme() {
        "smtp" => false,
        "smtps" => true,
        other => return Err(UrlError::UnknownScheme(other.to_owned())),
    };
    if !matches!(url.path(), "" | "/") {
        return Err(UrlError::UnexpectedPart("path"));
    }
    if url.fragment().is_some() {
        return Err(UrlError::UnexpectedPart("fragment"));
    }
    let credentials = credentials(&url)?;
    let (mut tls, mut auth) = (None, None);
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "tls" => tls = Some(tls_named(&value, implicit)?),
            "auth" => auth = Some(auth_named(&value)?),
            _ => return Err(UrlError::UnknownParameter(name.into_owned())),
        }
    }
    let tls = match tls {
        Some(tls) => tls,
        None if implicit => Tls::Implicit,
        None if credentials.is_some() => Tls::Required,
        None => Tls::Opportunistic,
    };
    let port = url.port().unwrap_or(match tls {
        Tls::Implicit => 465,
        _ if credentials.is_some() => 587,
        _ => 25,
    });
    let server = SmtpServer::new(host(&url)?, port, tls);
    match (credentials, auth) {
        (Some(credentials), auth) => {
            Ok(server.with_credentials(credentials, auth.unwrap_or_default()))
        }
        (None, None) => Ok(server),
        (None, Some(_)) => Err(UrlError::AuthWithoutPassword),
    }
}

/// The host without the brackets of an IPv6 address.
fn host(url: &Url) -> Result<String, UrlError> {
    match url.host() {
        Some(Host::Domain(name)) if !name.is_empty() => Ok(name.to_owned()),
        Some(Host::Ipv4(address)) => Ok(address.to_string()),
        Some(Host::Ipv6(address)) => Ok(address.to_string()),
        Some(Host::Domain(_)) | None => Err(UrlError::NoHost),
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, UrlError> {
    let decoded = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .map(String::from)
            .map_err(|_| UrlError::InvalidCredentials)
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, password) => Ok(Some(Credentials::new(
            decoded(user)?,
            decoded(password.unwrap_or_default())?,
        )?)),
    }
}

fn tls_named(value: &str, implicit: bool) -> Result<Tls, UrlError> {
    match (value, implicit) {
        ("none", false) => Ok(Tls::None),
        ("opportunistic", false) => Ok(Tls::Opportunistic),
        ("required", false) => Ok(Tls::Required),
        ("required", true) => Ok(Tls::Implicit),
        _ => Err(UrlError::UnknownValue {
            parameter: "tls",
            value: value.to_owned(),
        }),
    }
}

fn auth_named(value: &str) -> Result<AuthChoice, UrlError> {
    match value {
        "plain" => Ok(AuthChoice::Plain),
        "login" => Ok(AuthChoice::Login),
        "xoauth2" => Ok(AuthChoice::XOAuth2),
        _ => Err(UrlError::UnknownValue {
            parameter: "auth",
            value: value.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn every_part_of_a_url_has_its_default() {
        for (text, host, port, tls) in [
            (
                "smtp://mail.example.org",
                "mail.example.org",
                25,
                Tls::Opportunistic,
            ),
            (
                "smtp://mail.example.org/",
                "mail.example.org",
                25,
                Tls::Opportunistic,
            ),
            (
                "smtp://mail.example.org:2525?tls=none",
                "mail.example.org",
                2525,
                Tls::None,
            ),
            (
                "smtp://mail.example.org?tls=required",
                "mail.example.org",
                25,
                Tls::Required,
            ),
            (
                "smtp://me:secret@mail.example.org",
                "mail.example.org",
                587,
                Tls::Required,
            ),
            (
                "smtp://me:secret@mail.example.org:25?tls=none",
                "mail.example.org",
                25,
                Tls::None,
            ),
            (
                "smtp://me:secret@mail.example.org?tls=opportunistic",
                "mail.example.org",
                587,
                Tls::Opportunistic,
            ),
            (
                "smtps://mail.example.org",
                "mail.example.org",
                465,
                Tls::Implicit,
            ),
            (
                "smtps://me:secret@mail.example.org:4465?tls=required",
                "mail.example.org",
                4465,
                Tls::Implicit,
            ),
            (
                "smtp://127.0.0.1:1025",
                "127.0.0.1",
                1025,
                Tls::Opportunistic,
            ),
            ("smtp://[::1]:1025", "::1", 1025, Tls::Opportunistic),
        ] {
            let server = SmtpServer::from_url(text).unwrap();
            assert_eq!(
                (server.host(), server.port(), server.tls()),
                (host, port, tls),
                "{text}"
            );
        }
    }

    #[test]
    fn user_and_password_are_percent_decoded() {
        let server =
            SmtpServer::from_url("smtp://me%40example.org:p%3A%2F%23%C3%A4@h?auth=login").unwrap();
        let credentials = server.credentials().unwrap();
        assert_eq!(credentials.user(), "me@example.org");
        assert_eq!(credentials.password().expose_secret(), "p:/#ä");
        assert_eq!(server.auth(), AuthChoice::Login);
    }

    #[test]
    fn what_is_not_known_is_named() {
        let value = |parameter, value: &str| UrlError::UnknownValue {
            parameter,
            value: value.to_owned(),
        };
        for (text, error) in [
            ("http://h", UrlError::UnknownScheme("http".to_owned())),
            (
                "smtp://h?tsl=none",
                UrlError::UnknownParameter("tsl".to_owned()),
            ),
            ("smtp://h?tls=no", value("tls", "no")),
            ("smtps://h?tls=none", value("tls", "none")),
            ("smtps://h?tls=opportunistic", value("tls", "opportunistic")),
            ("smtp://u:p@h?auth=cram", value("auth", "cram")),
            ("smtp://h?auth=plain", UrlError::AuthWithoutPassword),
            ("smtp://", UrlError::NoHost),
            ("smtp://h/path", UrlError::UnexpectedPart("path")),
            ("smtp://h#x", UrlError::UnexpectedPart("fragment")),
            ("smtp://user@h", UrlError::InvalidCredentials),
            ("smtp://:password@h", UrlError::InvalidCredentials),
            ("smtp://u:a%00b@h", UrlError::InvalidCredentials),
            ("smtp://u:%ff@h", UrlError::InvalidCredentials),
        ] {
            assert_eq!(SmtpServer::from_url(text).unwrap_err(), error, "{text}");
        }
        assert!(matches!(
            SmtpServer::from_url("mail.example.org").unwrap_err(),
            UrlError::Unreadable(_)
        ));
    }

    #[test]
    fn a_password_is_never_shown() {
        let server = SmtpServer::from_url("smtp://me:hunter2@h").unwrap();
        assert!(!format!("{server:?} {server:#?} {server}").contains("hunter2"));
        assert_eq!(server.to_string(), "smtp://h:587");
        let error = SmtpServer::from_url("smtp://me:hunter2@h/x?y").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
