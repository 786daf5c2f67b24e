//! What the server says: every fixed reply with its enhanced status code (RFC 3463), in one place.

use smtp_proto::Response;

/// One reply line with its enhanced status code.
pub(crate) type Reply = Response<&'static str>;

/// Builds a reply; `enhanced` are the three numbers of its enhanced status code.
pub(crate) const fn reply(code: u16, enhanced: [u8; 3], message: &'static str) -> Reply {
    Reply {
        code,
        esc: enhanced,
        message,
    }
}

/// Appends `reply` to what is about to be written.
pub(crate) fn write(reply: &Reply, output: &mut Vec<u8>) {
    reply
        .write(output)
        .expect("writing to a vector in memory cannot fail");
}

/// Opens the body (RFC 5321 §4.1.1.4); the one reply with no enhanced code.
pub(crate) const START_BODY: &[u8] = b"354 Send the message, end with <CRLF>.<CRLF>\r\n";

pub(crate) const SENDER_OK: Reply = reply(250, [2, 1, 0], "Sender accepted");
pub(crate) const RECIPIENT_OK: Reply = reply(250, [2, 1, 5], "Recipient accepted");
pub(crate) const MESSAGE_OK: Reply = reply(250, [2, 0, 0], "Message caught");
pub(crate) const DONE: Reply = reply(250, [2, 0, 0], "Done");
pub(crate) const GOODBYE: Reply = reply(221, [2, 0, 0], "Goodbye");
pub(crate) const CANNOT_VERIFY: Reply =
    reply(252, [2, 5, 0], "Cannot verify, but will take the message");
pub(crate) const HELP: Reply = reply(214, [2, 0, 0], "See RFC 5321");
pub(crate) const READY_FOR_TLS: Reply = reply(220, [2, 0, 0], "Start the handshake");
pub(crate) const AUTHENTICATED: Reply = reply(235, [2, 7, 0], "Authenticated");

pub(crate) const STOPPING: Reply = reply(421, [4, 3, 2], "Server is stopping");
pub(crate) const CLOSED_ON_REQUEST: Reply = reply(421, [4, 3, 2], "Closing, as the address asks");
pub(crate) const ENOUGH_MESSAGES: Reply =
    reply(421, [4, 3, 2], "Too many messages on this connection");
pub(crate) const IDLE: Reply = reply(421, [4, 4, 2], "Silent for too long");

pub(crate) const TOO_MANY_RECIPIENTS: Reply = reply(452, [4, 5, 3], "Too many recipients");
pub(crate) const UNKNOWN_COMMAND: Reply = reply(500, [5, 5, 1], "Unknown command");
pub(crate) const LINE_TOO_LONG: Reply = reply(500, [5, 5, 2], "Line too long");
pub(crate) const SYNTAX: Reply = reply(501, [5, 5, 2], "Syntax error");
pub(crate) const BAD_PARAMETER: Reply = reply(501, [5, 5, 4], "Invalid parameter");
pub(crate) const BAD_SENDER: Reply = reply(501, [5, 1, 7], "Not a sender address");
pub(crate) const BAD_RECIPIENT: Reply = reply(501, [5, 1, 3], "Not a recipient address");
pub(crate) const AUTH_CANCELLED: Reply = reply(501, [5, 7, 0], "Authentication cancelled");
pub(crate) const NOT_BASE64: Reply = reply(501, [5, 5, 2], "Not base64");
pub(crate) const NOT_IMPLEMENTED: Reply = reply(502, [5, 5, 1], "Command not implemented");
pub(crate) const OUT_OF_SEQUENCE: Reply = reply(503, [5, 5, 1], "Command out of sequence");
pub(crate) const NOT_PIPELINED: Reply = reply(
    503,
    [5, 5, 0],
    "Commands were sent ahead, which was not offered",
);
pub(crate) const UNKNOWN_MECHANISM: Reply =
    reply(504, [5, 5, 4], "Unknown authentication mechanism");
pub(crate) const AUTH_REQUIRED: Reply = reply(530, [5, 7, 0], "Authentication required");
pub(crate) const WRONG_CREDENTIALS: Reply = reply(535, [5, 7, 8], "Wrong credentials");
pub(crate) const TOO_LARGE: Reply = reply(552, [5, 3, 4], "Message exceeds the size limit");
pub(crate) const NEEDS_SMTPUTF8: Reply =
    reply(553, [5, 6, 7], "A non-ASCII address needs SMTPUTF8");
pub(crate) const NO_RECIPIENTS: Reply = reply(554, [5, 5, 1], "No valid recipients");
pub(crate) const UNKNOWN_PARAMETER: Reply = reply(555, [5, 5, 4], "Parameter not offered");
