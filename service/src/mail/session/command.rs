//! The lines a client says, each at most 512 octets. What goes into them can't end a line: the types see to it.

use bytes::{BufMut, BytesMut};

use super::capabilities::Capabilities;
use super::envelope::Envelope;

/// Takes an earlier envelope back.
pub(super) const RSET: &[u8] = b"RSET\r\n";

/// Asks to send the message.
pub(super) const DATA: &[u8] = b"DATA\r\n";

/// Says goodbye.
pub(super) const QUIT: &[u8] = b"QUIT\r\n";

/// Asks for TLS.
pub(super) const STARTTLS: &[u8] = b"STARTTLS\r\n";

/// Ends a message.
pub(super) const DOT: &[u8] = b".\r\n";

/// Appends `MAIL FROM`, with those parameters that are offered and needed.
pub(super) fn mail(into: &mut BytesMut, envelope: &Envelope, capabilities: &Capabilities) {
    into.put_slice(b"MAIL FROM:<");
    into.put_slice(envelope.sender.as_str().as_bytes());
    into.put_slice(b">");
    if capabilities.size_declared {
        into.put_slice(b" SIZE=");
        into.put_slice(envelope.size.to_string().as_bytes());
    }
    if envelope.eight_bit && capabilities.eight_bit_mime {
        into.put_slice(b" BODY=8BITMIME");
    }
    if envelope.wants_smtp_utf8() && capabilities.smtp_utf8 {
        into.put_slice(b" SMTPUTF8");
    }
    into.put_slice(b"\r\n");
}

/// Appends `MAIL`, `RCPT` and `DATA`, which must stand last in its group (RFC 2920 §3.1).
pub(super) fn group(into: &mut BytesMut, envelope: &Envelope, capabilities: &Capabilities) {
    mail(into, envelope, capabilities);
    rcpt(into, envelope);
    into.put_slice(DATA);
}

/// Appends `RCPT TO`.
pub(super) fn rcpt(into: &mut BytesMut, envelope: &Envelope) {
    into.put_slice(b"RCPT TO:<");
    into.put_slice(envelope.recipient.as_str().as_bytes());
    into.put_slice(b">\r\n");
}
