//! Faults on request: what goes wrong is written in the address.
//!
//! The tag is what follows the last `+` of the local part, and it must match whole: `ana+550@example.org` is
//! refused, `ana+550x@example.org` and `550@example.org` are not. NNN stands for any code from 400 to 599 except
//! 421, which has an entry of its own. A tag that is in no row means nothing, as with any other server.
//!
//! | tag in a recipient's address | what happens |
//! |---|---|
//! | `+NNN`, as `+550`, `+552`, `+450` | RCPT is refused with that code: `550 5.1.1`, `552 5.2.2`, `450 4.2.0` … |
//! | `+4NNxT`, as `+451x2` | RCPT is refused T times for that very address (`451 4.2.0`), then accepted |
//! | `+421` | RCPT is answered `421 4.3.2` and the connection closes |
//! | `+354-after-refusal` | RCPT is refused with `550 5.1.1`, and yet DATA is answered 354 (RFC 2920 §3.1 allows it); with no other recipient the dot is answered `554 5.5.1` and nothing counts |
//! | `+drop-in-data` | DATA is answered 354, some of the body is read, the connection closes without a reply; nothing counts |
//! | `+drop-after-dot` | the message is received, **counted and kept**, then the connection closes without a reply |
//! | `+slowTs`, `+slowTms`, as `+slow5s` | the message is received, counted and kept; the reply to the dot waits that long |
//! | `+dotNNN`, as `+dot550`, `+dot451` | the dot is answered with that code; nothing counts |
//!
//! | tag in the sender's address | what happens |
//! |---|---|
//! | `+mailNNN`, as `+mail550` | MAIL is refused with that code |
//!
//! Of several recipients, each is answered for itself at RCPT; what concerns the body happens when any of them
//! asks for it, `drop-in-data` before `drop-after-dot` before a refusal, and the longest wait counts.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::reply::{Reply, reply};

/// What a recipient's address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// RCPT is refused, always.
    Refuse(Reply),
    /// RCPT is refused this many times for the address.
    RefuseTimes(Reply, u32),
    /// RCPT is answered 421 and the connection closes.
    Close,
    /// RCPT is refused, DATA is answered 354 nevertheless.
    DataAfterRefusal(Reply),
    /// The connection closes inside the body.
    DropInData,
    /// The connection closes after the dot, without a reply.
    DropAfterDot,
    /// The reply to the dot waits.
    Slow(Duration),
    /// The dot is refused.
    RefuseDot(Reply),
}

impl Fault {
    /// Reads what the recipient's address asks for.
    pub(crate) fn of_recipient(address: &str) -> Option<Self> {
        let tag = tag(address)?;
        match tag {
            "421" => return Some(Self::Close),
            "354-after-refusal" => {
                return Some(Self::DataAfterRefusal(recipient_refusal(550)));
            }
            "drop-in-data" => return Some(Self::DropInData),
            "drop-after-dot" => return Some(Self::DropAfterDot),
            _ => {}
        }
        if let Some(code) = tag.strip_prefix("dot") {
            return Some(Self::RefuseDot(message_refusal(code_of(code)?)));
        }
        if let Some(wait) = tag.strip_prefix("slow") {
            return wait_of(wait).map(Self::Slow);
        }
        if let Some((code, times)) = tag.split_once('x') {
            let code = code_of(code).filter(|code| *code < 500)?;
            return Some(Self::RefuseTimes(
                recipient_refusal(code),
                times.parse().ok()?,
            ));
        }
        code_of(tag).map(|code| Self::Refuse(recipient_refusal(code)))
    }
}

/// The refusal the sender's address asks for at MAIL.
pub(crate) fn of_sender(address: &str) -> Option<Reply> {
    let code = tag(address)?.strip_prefix("mail")?;
    code_of(code).map(sender_refusal)
}

/// What follows the last `+` of the local part.
fn tag(address: &str) -> Option<&str> {
    let (local, _domain) = address.rsplit_once('@')?;
    local.rsplit_once('+').map(|(_, tag)| tag)
}

/// A code that may be asked for: three digits, 4xx or 5xx, not 421.
fn code_of(text: &str) -> Option<u16> {
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    let code = text.parse().ok().filter(|_| digits)?;
    ((400..600).contains(&code) && code != 421).then_some(code)
}

/// `5s` or `250ms`.
fn wait_of(text: &str) -> Option<Duration> {
    if let Some(milliseconds) = text.strip_suffix("ms") {
        return milliseconds.parse().ok().map(Duration::from_millis);
    }
    text.strip_suffix('s')?
        .parse()
        .ok()
        .map(Duration::from_secs)
}

/// The class of a code that may be asked for: 4 or 5.
fn class(code: u16) -> u8 {
    if code < 500 { 4 } else { 5 }
}

fn recipient_refusal(code: u16) -> Reply {
    let (subject, detail, message) = match code {
        450 | 451 => (2, 0, "Mailbox unavailable for now"),
        452 => (2, 2, "Mailbox full for now"),
        550 => (1, 1, "user unknown"),
        551 => (1, 6, "User has moved"),
        552 => (2, 2, "Mailbox full"),
        553 => (1, 3, "Mailbox name not allowed"),
        554 => (7, 1, "Delivery not authorised"),
        556 => (1, 10, "Domain accepts no mail"),
        _ => (0, 0, "Refused, as the recipient's address asks"),
    };
    reply(code, [class(code), subject, detail], message)
}

fn sender_refusal(code: u16) -> Reply {
    let (subject, detail, message) = match code {
        450 | 451 => (3, 0, "Cannot take mail for now"),
        452 => (3, 1, "Out of room for now"),
        530 => (7, 0, "Authentication required"),
        550 | 554 => (7, 1, "Sender not authorised"),
        552 => (3, 4, "Message too large"),
        553 => (1, 8, "Sender's address not allowed"),
        _ => (0, 0, "Refused, as the sender's address asks"),
    };
    reply(code, [class(code), subject, detail], message)
}

fn message_refusal(code: u16) -> Reply {
    let (subject, detail, message) = match code {
        450 | 451 => (3, 0, "Cannot take the message for now"),
        452 => (3, 1, "Out of room for now"),
        550 => (7, 1, "Message refused by policy"),
        552 => (3, 4, "Message too large"),
        554 => (6, 0, "Message content refused"),
        _ => (0, 0, "Refused, as the recipient's address asks"),
    };
    reply(code, [class(code), subject, detail], message)
}

/// How often each address that asks for a number of refusals has had one.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    given: Mutex<HashMap<Box<str>, u32>>,
}

impl Refusals {
    /// Whether the address is to be refused once more; counts the refusal.
    pub(crate) fn is_due(&self, address: &str, times: u32) -> bool {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let given = given.entry(address.into()).or_default();
        if *given >= times {
            return false;
        }
        *given += 1;
        true
    }
}
