//! What a server says it can do, in its reply to `EHLO`.

use super::replies::RawReply;

/// The extensions a server offers, as far as Palomar uses them. All are absent after `HELO`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an extension the server offers or not, independent of the others"
)]
pub struct Capabilities {
    /// Commands may be sent without waiting for each reply (RFC 2920).
    pub pipelining: bool,
    /// `BODY=8BITMIME` may be asked for (RFC 6152).
    pub eight_bit_mime: bool,
    /// Addresses and headers may be UTF-8 (RFC 6531).
    pub smtp_utf8: bool,
    /// `SIZE=` may be told (RFC 1870).
    pub size_declared: bool,
    /// The largest message in octets, where the server names one.
    pub size: Option<u64>,
    /// The line can be protected (RFC 3207).
    pub starttls: bool,
    /// Replies carry enhanced status codes (RFC 2034).
    pub enhanced_status_codes: bool,
    /// The mechanisms of `AUTH`, in upper case, in the server's order (RFC 4954).
    pub auth: Vec<String>,
}

impl Capabilities {
    /// Reads the lines behind the first, which only greets.
    pub(super) fn from_ehlo(reply: &RawReply) -> Self {
        let mut capabilities = Self::default();
        for line in reply.lines.iter().skip(1) {
            let line = String::from_utf8_lossy(line).to_ascii_uppercase();
            // Old servers write AUTH=LOGIN.
            let mut words =
                line.split(|character: char| character.is_whitespace() || character == '=');
            match words.next() {
                Some("PIPELINING") => capabilities.pipelining = true,
                Some("8BITMIME") => capabilities.eight_bit_mime = true,
                Some("SMTPUTF8") => capabilities.smtp_utf8 = true,
                Some("STARTTLS") => capabilities.starttls = true,
                Some("ENHANCEDSTATUSCODES") => capabilities.enhanced_status_codes = true,
                Some("SIZE") => {
                    capabilities.size_declared = true;
                    // Zero means that there is no fixed limit.
                    capabilities.size = words
                        .next()
                        .and_then(|word| word.parse().ok())
                        .filter(|size| *size > 0);
                }
                Some("AUTH") => {
                    for word in words.filter(|word| !word.is_empty()) {
                        if !capabilities.offers(word) {
                            capabilities.auth.push(word.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
        capabilities
    }

    /// True when this mechanism of `AUTH` is offered.
    pub fn offers(&self, mechanism: &str) -> bool {
        self.auth.iter().any(|offered| offered == mechanism)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use domain::smtp_reply::ReplyCode;

    use super::*;

    fn read(lines: &[&'static str]) -> Capabilities {
        let lines = lines
            .iter()
            .map(|line| Bytes::from_static(line.as_bytes()))
            .collect();
        Capabilities::from_ehlo(&RawReply {
            code: ReplyCode::new(250).unwrap(),
            lines,
        })
    }

    #[test]
    fn every_extension_is_recognised_in_any_case() {
        let capabilities = read(&[
            "mail.example.org",
            "pipelining",
            "8BitMime",
            "SMTPUTF8",
            "SIZE 52428800",
            "STARTTLS",
            "ENHANCEDSTATUSCODES",
            "AUTH PLAIN login",
            "AUTH=LOGIN XOAUTH2",
            "X-SOMETHING else",
        ]);
        let expected = Capabilities {
            pipelining: true,
            eight_bit_mime: true,
            smtp_utf8: true,
            size_declared: true,
            size: Some(52_428_800),
            starttls: true,
            enhanced_status_codes: true,
            auth: vec!["PLAIN".to_owned(), "LOGIN".to_owned(), "XOAUTH2".to_owned()],
        };
        assert_eq!(capabilities, expected);
    }

    #[test]
    fn the_greeting_line_offers_nothing() {
        assert_eq!(read(&["PIPELINING"]), Capabilities::default());
    }

    #[test]
    fn a_size_of_zero_or_none_is_no_limit() {
        for line in ["SIZE", "SIZE 0", "SIZE many"] {
            let capabilities = read(&["h", line]);
            assert_eq!(
                (capabilities.size_declared, capabilities.size),
                (true, None),
                "{line}"
            );
        }
    }
}
