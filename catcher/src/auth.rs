//! The AUTH exchange (RFC 4954) with PLAIN, LOGIN and XOAUTH2, without any input or output of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN, AUTH_XOAUTH2};

use crate::options::Credentials;
use crate::reply::{self, Reply};

/// The mechanisms offered, as the protocol crate names them.
pub(crate) const MECHANISMS: u64 = AUTH_PLAIN | AUTH_LOGIN | AUTH_XOAUTH2;

const NOTHING: &str = "";
/// `Username:`, as the clients of LOGIN expect it.
const ASK_USER: &str = "VXNlcm5hbWU6";
/// `Password:`
const ASK_PASSWORD: &str = "UGFzc3dvcmQ6";
/// `{"status":"401","schemes":"bearer","scope":"mail"}`: what XOAUTH2 says before it refuses.
const TOKEN_REFUSED: &str = "eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJtYWlsIn0=";

/// What the client's next line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// `authorisation NUL user NUL password`
    Plain,
    /// The user's name.
    LoginUser,
    /// The password of this user.
    LoginPassword { user: Vec<u8> },
    /// `user=… ^A auth=Bearer … ^A ^A`
    Token,
    /// Anything: the client has seen why its token is refused, and waits to be told so.
    TokenRefused,
}

/// Where an exchange has got to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The client is asked with this challenge (already base64) and answers.
    Ask(&'static str, Exchange),
    /// The client is who it says.
    Accept,
    /// The exchange is over and failed.
    Refuse(Reply),
}

/// Begins an exchange; `initial` is the initial response, empty when there is none.
pub(crate) fn begin(mechanism: u64, initial: &str, credentials: &Credentials) -> Step {
    let (challenge, exchange) = match mechanism {
        AUTH_PLAIN => (NOTHING, Exchange::Plain),
        AUTH_LOGIN => (ASK_USER, Exchange::LoginUser),
        AUTH_XOAUTH2 => (NOTHING, Exchange::Token),
        _ => return Step::Refuse(reply::UNKNOWN_MECHANISM),
    };
    match initial {
        "" => Step::Ask(challenge, exchange),
        // RFC 4954 §4: an initial response that is present and empty.
        "=" => exchange.decoded(Vec::new(), credentials),
        _ => exchange.answer(initial.as_bytes(), credentials),
    }
}

impl Exchange {
    /// Takes the client's line, without its end.
    pub(crate) fn answer(self, line: &[u8], credentials: &Credentials) -> Step {
        if line == b"*" {
            return Step::Refuse(reply::AUTH_CANCELLED);
        }
        match STANDARD.decode(line) {
            Ok(decoded) => self.decoded(decoded, credentials),
            Err(_) => Step::Refuse(reply::NOT_BASE64),
        }
    }

    fn decoded(self, answer: Vec<u8>, credentials: &Credentials) -> Step {
        let user = credentials.user.as_bytes();
        let password = credentials.password.as_bytes();
        match self {
            Self::Plain => {
                let mut fields = answer.splitn(3, |byte| *byte == 0).skip(1);
                verdict(fields.next() == Some(user) && fields.next() == Some(password))
            }
            Self::LoginUser => Step::Ask(ASK_PASSWORD, Self::LoginPassword { user: answer }),
            Self::LoginPassword { user: given } => verdict(given == user && answer == password),
            Self::Token => {
                let is_right = credentials.token.as_ref().is_some_and(|token| {
                    let expected =
                        format!("user={}\x01auth=Bearer {token}\x01\x01", credentials.user);
                    answer == expected.as_bytes()
                });
                if is_right {
                    Step::Accept
                } else {
                    Step::Ask(TOKEN_REFUSED, Self::TokenRefused)
                }
            }
            Self::TokenRefused => verdict(false),
        }
    }
}

fn verdict(is_right: bool) -> Step {
    if is_right {
        Step::Accept
    } else {
        Step::Refuse(reply::WRONG_CREDENTIALS)
    }
}
