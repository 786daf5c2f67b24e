//! The message in the form in which it goes over the line, and what became of it.

use std::fmt;

use bytes::Bytes;
use domain::smtp_reply::SmtpReply;

use super::failure::Cause;

/// Whole lines, ready for the line: CRLF only, leading dots doubled (RFC 5321 §4.5.2).
///
/// Made once and shared by as many messages and attempts as like: a clone copies nothing. `Debug` shows the size only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Stuffed {
    octets: Bytes,
    size: u64,
}

impl Stuffed {
    /// Stuffs the lines of `text`. A bare CR or LF becomes CRLF, so that no server can see an end where none is, and
    /// a last line without an end gets one.
    pub fn new(text: &[u8]) -> Self {
        let mut octets = Vec::with_capacity(text.len() + text.len() / 64 + 2);
        let mut doubled = 0;
        let mut rest = text;
        while !rest.is_empty() {
            if rest[0] == b'.' {
                octets.push(b'.');
                doubled += 1;
            }
            let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            octets.extend_from_slice(&rest[..end]);
            octets.extend_from_slice(b"\r\n");
            let ending = if rest[end..].starts_with(b"\r\n") {
                2
            } else {
                1
            };
            rest = rest.get(end + ending..).unwrap_or_default();
        }
        let size = octets.len() as u64 - doubled;
        Self {
            octets: octets.into(),
            size,
        }
    }

    /// The octets as they go over the line, without the final dot.
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    /// The size in octets as `SIZE=` counts it: without the doubled dots (RFC 1870 §3).
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl fmt::Debug for Stuffed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Stuffed({} octets)", self.size)
    }
}

/// One message: what is its own, and what it shares with the others of its campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    own: Stuffed,
    shared: Stuffed,
}

impl Content {
    /// A message that shares nothing.
    pub fn whole(message: Stuffed) -> Self {
        Self {
            own: message,
            shared: Stuffed::default(),
        }
    }

    /// A message that begins with lines of its own, mostly its headers, and ends with lines it shares.
    pub fn with_shared(own: Stuffed, shared: Stuffed) -> Self {
        Self { own, shared }
    }

    /// The size in octets, as `SIZE=` counts it.
    pub fn size(&self) -> u64 {
        self.own.size + self.shared.size
    }

    /// The message as it goes over the line.
    #[cfg(test)]
    pub(crate) fn to_text(&self) -> String {
        let octets = [self.own.as_bytes(), self.shared.as_bytes()].concat();
        String::from_utf8(octets).unwrap()
    }

    /// The octets in pieces of at most `limit`, without the final dot.
    pub(super) fn pieces(&self, limit: usize) -> impl Iterator<Item = &[u8]> {
        self.own
            .octets
            .chunks(limit)
            .chain(self.shared.octets.chunks(limit))
    }
}

/// What became of a message.
#[derive(Debug)]
#[must_use]
pub enum ContentOutcome {
    /// The server took the message: 2xx to the dot.
    Accepted(SmtpReply),
    /// The server said 4xx or 5xx instead. The session goes on, unless it said 421.
    Refused(SmtpReply),
    /// It failed before any buffer with the dot was offered to the socket: the message was certainly not accepted.
    NotOffered {
        /// What broke the dialogue.
        cause: Cause,
    },
    /// It failed after the dot had been offered: nobody can know whether the message was accepted.
    Uncertain {
        /// What broke the dialogue.
        cause: Cause,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_stuffed_and_ended() {
        for (text, line, size) in [
            ("", "", 0),
            ("a\r\nb\r\n", "a\r\nb\r\n", 6),
            (".", "..\r\n", 3),
            (".\r\n", "..\r\n", 3),
            ("..\r\n", "...\r\n", 4),
            ("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n", 9),
            ("a.b\r\n.c.d", "a.b\r\n..c.d\r\n", 11),
            ("no end", "no end\r\n", 8),
            ("\r\n\r\n", "\r\n\r\n", 4),
        ] {
            let stuffed = Stuffed::new(text.as_bytes());
            assert_eq!(stuffed.as_bytes(), line.as_bytes(), "{text:?}");
            assert_eq!(stuffed.size(), size, "{text:?}");
        }
    }

    #[test]
    fn no_other_line_end_can_smuggle_a_dot() {
        for text in ["a\n.\nb", "a\r.\rb", "a\n.\r\nb", "a\r\n.\nb", "a\r.\r\nb"] {
            assert_eq!(
                Stuffed::new(text.as_bytes()).as_bytes(),
                b"a\r\n..\r\nb\r\n",
                "{text:?}"
            );
        }
        assert_eq!(Stuffed::new(b"a\r\r\n.b").as_bytes(), b"a\r\n\r\n..b\r\n");
    }

    /// What a server makes of the octets behind its 354 (RFC 5321 §4.5.2), and what it leaves for the next command.
    fn received(octets: &[u8]) -> (Vec<u8>, &[u8]) {
        let (mut message, mut rest) = (Vec::new(), octets);
        loop {
            let end = memchr::memmem::find(rest, b"\r\n").expect("a line without an end") + 2;
            let (line, behind) = rest.split_at(end);
            match line {
                b".\r\n" => return (message, behind),
                [b'.', line @ ..] | line => message.extend_from_slice(line),
            }
            rest = behind;
        }
    }

    #[test]
    fn whatever_the_text_a_server_receives_it_whole_and_nothing_more() {
        let alphabet = [b'.', b'\r', b'\n', b'a'];
        for length in 0..=7_u32 {
            for number in 0..4_usize.pow(length) {
                let text: Vec<u8> = (0..length)
                    .map(|place| alphabet[number >> (2 * place) & 3])
                    .collect();
                let stuffed = Stuffed::new(&text);
                let line = [stuffed.as_bytes(), b".\r\n"].concat();
                let (message, behind) = received(&line);

                let normal = String::from_utf8(text)
                    .unwrap()
                    .replace("\r\n", "\n")
                    .replace('\r', "\n");
                let mut expected = normal.replace('\n', "\r\n");
                if !expected.is_empty() && !expected.ends_with("\r\n") {
                    expected.push_str("\r\n");
                }
                assert_eq!(
                    (message.as_slice(), behind),
                    (expected.as_bytes(), &b""[..]),
                    "{normal:?}"
                );
                assert_eq!(stuffed.size(), expected.len() as u64, "{normal:?}");
            }
        }
    }

    #[test]
    fn shared_lines_follow_the_own_ones() {
        let shared = Stuffed::new(b".shared");
        let content = Content::with_shared(Stuffed::new(b"Subject: x\r\n\r\n"), shared.clone());
        assert_eq!(
            content.pieces(usize::MAX).collect::<Vec<_>>().concat(),
            b"Subject: x\r\n\r\n..shared\r\n"
        );
        assert_eq!(content.size(), 14 + 9);
        assert_eq!(
            content.shared.as_bytes().as_ptr(),
            shared.as_bytes().as_ptr()
        );
    }
}
