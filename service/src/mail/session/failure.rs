//! Why a dialogue could not go on. Every message is whole: it contains its cause, for people to read.

use std::io;
use std::time::Duration;

use domain::smtp_reply::{SmtpPhase, SmtpReply};

/// Why an exchange with the server broke. The session it happened in is lost.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The server closed the connection without a word.
    #[error("the server closed the connection")]
    Closed,
    /// Nothing came, or nothing could be written, for as long as the deadline allows.
    #[error("no progress for {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Io(io::Error),
    /// The server said 421: it closes, whatever was asked.
    #[error("the server closes: {0}")]
    Unavailable(SmtpReply),
    /// What the server sent is not what SMTP allows here.
    #[error("the server does not follow the protocol: {0}")]
    Protocol(ProtocolError),
    /// The session was lost earlier, or is asked for something that is not its turn. Nothing was written.
    #[error("the session can't be used for this any more")]
    OutOfTurn,
}

impl Cause {
    /// The server's words, where it said some.
    pub fn reply(&self) -> Option<&SmtpReply> {
        match self {
            Self::Unavailable(reply) | Self::Protocol(ProtocolError::Unexpected(reply)) => {
                Some(reply)
            }
            _ => None,
        }
    }
}

impl From<io::Error> for Cause {
    /// Over TLS the end of the connection mostly comes as an error, because few servers say goodbye to TLS as well.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Closed
        } else {
            Self::Io(error)
        }
    }
}

impl From<ProtocolError> for Cause {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

/// How a server broke the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// A line that does not begin with a reply code.
    #[error("a line is no reply")]
    NotAReply,
    /// A line longer than 4,096 octets.
    #[error("a line is too long")]
    LineTooLong,
    /// A reply longer than 64 KiB.
    #[error("a reply is too long")]
    ReplyTooLong,
    /// The lines of one reply carry different codes.
    #[error("the lines of a reply disagree about its code")]
    MixedCodes,
    /// A reply that was not asked for, or whose code makes no sense here.
    #[error("unexpected reply: {0}")]
    Unexpected(SmtpReply),
    /// Part of a reply that was not asked for.
    #[error("unexpected octets")]
    UnexpectedOctets,
}

/// Why there is no session. Nothing was asked of the server that concerns a recipient.
#[derive(Debug, thiserror::Error)]
#[error("{phase}: {cause}")]
pub struct ConnectError {
    /// How far it came.
    pub phase: SmtpPhase,
    /// What stopped it.
    pub cause: ConnectCause,
}

impl ConnectError {
    /// The server's words, where it said some.
    pub fn reply(&self) -> Option<&SmtpReply> {
        match &self.cause {
            ConnectCause::Rejected(reply) => Some(reply),
            ConnectCause::Broken(cause) => cause.reply(),
            _ => None,
        }
    }
}

/// What stopped a session from coming about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectCause {
    /// The connection or the dialogue broke.
    #[error(transparent)]
    Broken(#[from] Cause),
    /// The server answered 4xx or 5xx.
    #[error("the server refused: {0}")]
    Rejected(SmtpReply),
    /// The name has no address.
    #[error("the host has no address")]
    NoAddress,
    /// The host's name can't stand in a certificate.
    #[error("the host's name is not valid for TLS")]
    InvalidHost,
    /// TLS is required and `STARTTLS` is not offered.
    #[error("TLS is required and the server does not offer STARTTLS")]
    StartTlsNotOffered,
    /// Octets came in plaintext behind the reply to `STARTTLS`: someone in the middle put them there.
    #[error("plaintext came where TLS had to begin")]
    InjectedPlaintext,
    /// The handshake failed: mostly a certificate that is not trusted.
    #[error("the TLS handshake failed: {0}")]
    Handshake(io::Error),
    /// There is a password, and no TLS to protect it.
    #[error("a password is not sent without TLS; write tls=none if that is wanted")]
    PasswordWithoutTls,
    /// The server offers no mechanism of `AUTH` that may be used.
    #[error("the server offers no usable AUTH mechanism")]
    NoMechanism,
}

impl From<ProtocolError> for ConnectCause {
    fn from(error: ProtocolError) -> Self {
        Self::Broken(error.into())
    }
}
