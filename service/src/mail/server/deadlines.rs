//! How long each step of a dialogue may take.

use std::time::Duration;

/// How long to wait at each step, by default as long as RFC 5321 §4.5.3.2 asks.
///
/// Each one bounds a single write or a single reply, not a whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// Looking the host up, opening a connection to one of its addresses, and the handshake of TLS: each 30 s.
    pub connect: Duration,
    /// The server's first words: 5 min.
    pub greeting: Duration,
    /// The replies to `EHLO`, `HELO`, `STARTTLS` and each step of `AUTH`: 5 min.
    pub hello: Duration,
    /// Writing an envelope, and the replies to `RSET` and `MAIL`: 5 min.
    pub mail: Duration,
    /// The reply to `RCPT`: 5 min.
    pub rcpt: Duration,
    /// The reply to `DATA`: 2 min.
    pub data: Duration,
    /// Writing one block of the message: 3 min.
    pub content: Duration,
    /// The reply to the final dot: 10 min. Short ones make messages uncertain that were only slow.
    pub dot: Duration,
    /// Saying goodbye, all of it: 5 s.
    pub quit: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            greeting: Duration::from_mins(5),
            hello: Duration::from_mins(5),
            mail: Duration::from_mins(5),
            rcpt: Duration::from_mins(5),
            data: Duration::from_mins(2),
            content: Duration::from_mins(3),
            dot: Duration::from_mins(10),
            quit: Duration::from_secs(5),
        }
    }
}
