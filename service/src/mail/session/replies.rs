//! Cuts the server's octets into replies (RFC 5321 §4.2), within limits.

use bytes::{Buf, Bytes, BytesMut};
use domain::smtp_reply::{ReplyCode, SmtpReply};

use super::failure::ProtocolError;

/// The longest line a reply may have, in octets without the line end.
pub(super) const LINE_LIMIT: usize = 4_096;

/// The longest reply, in octets of its lines.
pub(super) const REPLY_LIMIT: usize = 64 * 1_024;

/// A reply as it came: its code and the rest of each line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawReply {
    pub(super) code: ReplyCode,
    pub(super) lines: Vec<Bytes>,
}

impl RawReply {
    /// The same, fit to be stored and shown.
    pub(super) fn to_reply(&self) -> SmtpReply {
        SmtpReply::from_lines(self.code, self.lines.iter().map(AsRef::as_ref))
    }
}

/// Collects octets and gives back whole replies, in order.
#[derive(Debug, Default)]
pub(super) struct ReplyReader {
    /// What came and is not yet part of a line.
    pub(super) buffer: BytesMut,
    /// How much of `buffer` is known to hold no line end.
    scanned: usize,
    /// The reply whose last line has not come.
    code: Option<ReplyCode>,
    lines: Vec<Bytes>,
    size: usize,
}

impl ReplyReader {
    /// The next whole reply, or `None` when more octets are needed. After an error the rest makes no sense.
    pub(super) fn next(&mut self) -> Result<Option<RawReply>, ProtocolError> {
        while let Some(line) = self.line()? {
            self.size += line.len();
            if self.size > REPLY_LIMIT {
                return Err(ProtocolError::ReplyTooLong);
            }
            let (code, last, text) = parse(line)?;
            if self.code.is_some_and(|known| known != code) {
                return Err(ProtocolError::MixedCodes);
            }
            self.code = Some(code);
            self.lines.push(text);
            if last {
                self.code = None;
                self.size = 0;
                return Ok(Some(RawReply {
                    code,
                    lines: std::mem::take(&mut self.lines),
                }));
            }
        }
        Ok(None)
    }

    /// True when nothing has come since the last whole reply.
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.lines.is_empty()
    }

    fn line(&mut self) -> Result<Option<Bytes>, ProtocolError> {
        let Some(end) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) else {
            self.scanned = self.buffer.len();
            // One more for the CR of an end that has not come yet.
            let too_long = self.buffer.len() > LINE_LIMIT + 1;
            return if too_long {
                Err(ProtocolError::LineTooLong)
            } else {
                Ok(None)
            };
        };
        let mut line = self.buffer.split_to(self.scanned + end);
        self.buffer.advance(1);
        self.scanned = 0;
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        if line.len() > LINE_LIMIT {
            Err(ProtocolError::LineTooLong)
        } else {
            Ok(Some(line.freeze()))
        }
    }
}

/// Splits `250-text` into its code, whether it is the last line, and the text.
fn parse(mut line: Bytes) -> Result<(ReplyCode, bool, Bytes), ProtocolError> {
    let digits = line
        .get(..3)
        .filter(|digits| digits.iter().all(u8::is_ascii_digit))
        .ok_or(ProtocolError::NotAReply)?;
    let number = digits
        .iter()
        .fold(0, |number, digit| 10 * number + u16::from(digit - b'0'));
    let code = ReplyCode::new(number).map_err(|_| ProtocolError::NotAReply)?;
    let last = match line.get(3) {
        None | Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return Err(ProtocolError::NotAReply),
    };
    line.advance(line.len().min(4));
    Ok((code, last, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8]) -> Result<Option<RawReply>, ProtocolError> {
        let mut reader = ReplyReader::default();
        reader.buffer.extend_from_slice(octets);
        reader.next()
    }

    #[test]
    fn a_reply_is_the_same_however_it_is_cut() {
        let octets = b"250-mail.example.org\r\n250-SIZE 1000\r\n250 OK\r\n354 go\r\n";
        let mut reader = ReplyReader::default();
        let mut replies = Vec::new();
        for octet in octets {
            reader.buffer.extend_from_slice(&[*octet]);
            replies.extend(reader.next().unwrap());
        }
        assert_eq!(replies.len(), 2);
        assert_eq!(replies[0].lines, ["mail.example.org", "SIZE 1000", "OK"]);
        assert_eq!((replies[1].code.get(), reader.is_empty()), (354, true));
    }

    #[test]
    fn bare_codes_and_bare_line_feeds_are_understood() {
        for octets in ["250\r\n", "250 \r\n", "250\n", "250 \n"] {
            assert_eq!(
                read(octets.as_bytes()).unwrap().unwrap().lines,
                [""],
                "{octets:?}"
            );
        }
        assert_eq!(read(b"250-\r\n250\r\n").unwrap().unwrap().lines, ["", ""]);
    }

    #[test]
    fn what_is_no_reply_is_an_error() {
        for octets in [
            "hello\r\n",
            "\r\n",
            "25\r\n",
            "2500 x\r\n",
            "199 x\r\n",
            "600 x\r\n",
            "250+x\r\n",
            "\u{fffd}50 x\r\n",
        ] {
            assert_eq!(
                read(octets.as_bytes()),
                Err(ProtocolError::NotAReply),
                "{octets:?}"
            );
        }
        assert_eq!(read(b"250-a\r\n550 b\r\n"), Err(ProtocolError::MixedCodes));
    }

    #[test]
    fn a_line_and_a_reply_have_limits() {
        let line = |length: usize| format!("250 {}", "x".repeat(length - 4));
        assert!(
            read(format!("{}\r\n", line(LINE_LIMIT)).as_bytes())
                .unwrap()
                .is_some()
        );
        assert_eq!(
            read(format!("{}\r\n", line(LINE_LIMIT + 1)).as_bytes()),
            Err(ProtocolError::LineTooLong)
        );
        assert!(
            read(format!("{}\r", line(LINE_LIMIT)).as_bytes())
                .unwrap()
                .is_none()
        );
        assert_eq!(
            read(line(LINE_LIMIT + 2).as_bytes()),
            Err(ProtocolError::LineTooLong)
        );

        let lines = |count: usize| format!("250-{}\r\n", "x".repeat(1_020)).repeat(count);
        assert_eq!(read(lines(64).as_bytes()), Ok(None));
        assert_eq!(read(lines(65).as_bytes()), Err(ProtocolError::ReplyTooLong));
    }
}
