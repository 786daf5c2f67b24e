//! What the server answers, command by command (RFC 5321), without any input or output of its own.

use std::sync::Arc;
use std::time::Duration;

use smtp_proto::{
    EXT_8BIT_MIME, EXT_SMTP_UTF8, Error, MAIL_BODY_8BITMIME, MAIL_BODY_BINARYMIME, MAIL_SMTPUTF8,
    MailFrom, RcptTo, Request,
};

use crate::Shared;
use crate::auth::{self, Exchange, Step};
use crate::faults::{self, Fault};
use crate::reply::{self, Reply};
use crate::store::Envelope;

/// RFC 5321 §4.5.3.1.8 asks for at least 100.
const MAX_RECIPIENTS: usize = 1_000;

/// What the connection does after a command has been answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Reads another command.
    Command,
    /// Reads a body.
    Body,
    /// Reads a body, but closes without a word once some of it has come.
    DropInBody,
    /// Encrypts.
    StartTls,
    /// Closes.
    Close,
}

/// What the connection does once a body has been received.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Waits, then says this.
    Reply(Duration, Reply),
    /// Closes without a word.
    Drop,
}

/// How the client has introduced itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Greeting {
    None,
    Helo,
    Ehlo,
}

/// Where the connection closes on request; the earlier place is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DropAt {
    AfterDot,
    InData,
}

/// One message on its way, from MAIL to the dot.
#[derive(Debug, Default)]
struct Transaction {
    envelope: Envelope,
    smtputf8: bool,
    tried_recipients: bool,
    data_after_refusal: bool,
    drop: Option<DropAt>,
    wait: Duration,
    refusal: Option<Reply>,
}

impl Transaction {
    fn takes_data(&self) -> bool {
        self.data_after_refusal || !self.envelope.recipients.is_empty()
    }
}

/// One client's dialogue, from its greeting to its end or to STARTTLS.
pub(crate) struct Dialogue {
    shared: Arc<Shared>,
    is_encrypted: bool,
    greeting: Greeting,
    is_authenticated: bool,
    exchange: Option<Exchange>,
    transaction: Option<Transaction>,
    messages: u64,
}

impl Dialogue {
    pub(crate) fn new(shared: Arc<Shared>, is_encrypted: bool) -> Self {
        Self {
            shared,
            is_encrypted,
            greeting: Greeting::None,
            is_authenticated: false,
            exchange: None,
            transaction: None,
            messages: 0,
        }
    }

    /// How many messages were accepted.
    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }

    /// Answers one line, which ends in LF.
    pub(crate) fn line(&mut self, line: &[u8], output: &mut Vec<u8>) -> Next {
        if let Some(exchange) = self.exchange.take() {
            self.authenticate(exchange, line.trim_ascii_end(), output);
            return Next::Command;
        }
        let request = match Request::parse(&mut line.iter()) {
            Ok(request) => request,
            Err(error) => {
                reply::write(&fault_of(&error), output);
                return Next::Command;
            }
        };
        let answer = match request {
            Request::Mail { from } => self.mail(&from),
            Request::Rcpt { to } => self.rcpt(&to, line),
            Request::Data => return self.data(output),
            Request::Ehlo { .. } => return self.ehlo(output),
            Request::Helo { .. } => return self.helo(output),
            Request::Rset => {
                self.transaction = None;
                reply::DONE
            }
            Request::Noop { .. } => reply::DONE,
            Request::Vrfy { .. } => reply::CANNOT_VERIFY,
            Request::Help { .. } => reply::HELP,
            Request::Quit => reply::GOODBYE,
            Request::StartTls => return self.start_tls(output),
            Request::Auth {
                mechanism,
                initial_response,
            } => return self.auth(mechanism, &initial_response, output),
            Request::Lhlo { .. }
            | Request::Bdat { .. }
            | Request::Expn { .. }
            | Request::Etrn { .. }
            | Request::Atrn { .. }
            | Request::Burl { .. } => reply::NOT_IMPLEMENTED,
        };
        reply::write(&answer, output);
        match answer.code {
            221 | 421 => Next::Close,
            _ => Next::Command,
        }
    }

    /// Settles a message whose dot has come; `body` is `None` when it was too large to take.
    ///
    /// An accepted message is counted before its reply is written: a reply that waits or never comes does not
    /// undo it.
    pub(crate) fn body(&mut self, body: Option<&[u8]>) -> Verdict {
        let transaction = self.transaction.take().unwrap_or_default();
        let wait = self.shared.options.delay.max(transaction.wait);
        if transaction.envelope.recipients.is_empty() {
            return Verdict::Reply(wait, reply::NO_RECIPIENTS);
        }
        let Some(body) = body else {
            return Verdict::Reply(wait, reply::TOO_LARGE);
        };
        if let Some(refusal) = transaction.refusal
            && transaction.drop.is_none()
        {
            return Verdict::Reply(wait, refusal);
        }
        self.shared.store.accept(transaction.envelope, body);
        self.messages += 1;
        if transaction.drop.is_some() {
            Verdict::Drop
        } else {
            Verdict::Reply(wait, reply::MESSAGE_OK)
        }
    }

    fn ehlo(&mut self, output: &mut Vec<u8>) -> Next {
        self.greeting = Greeting::Ehlo;
        self.transaction = None;
        output.extend_from_slice(if self.is_encrypted {
            &self.shared.ehlo_encrypted
        } else {
            &self.shared.ehlo_plain
        });
        Next::Command
    }

    fn helo(&mut self, output: &mut Vec<u8>) -> Next {
        self.greeting = Greeting::Helo;
        self.transaction = None;
        output.extend_from_slice(b"250 ");
        output.extend_from_slice(self.shared.options.hostname.as_bytes());
        output.extend_from_slice(b"\r\n");
        Next::Command
    }

    fn mail(&mut self, from: &MailFrom<std::borrow::Cow<'_, str>>) -> Reply {
        let options = &self.shared.options;
        if options
            .max_messages
            .is_some_and(|most| self.messages >= most)
        {
            return reply::ENOUGH_MESSAGES;
        }
        if self.greeting == Greeting::None || self.transaction.is_some() {
            return reply::OUT_OF_SEQUENCE;
        }
        if options.require_auth && !self.is_authenticated {
            return reply::AUTH_REQUIRED;
        }
        let smtputf8 = from.flags & MAIL_SMTPUTF8 != 0;
        let eight_bit = from.flags & MAIL_BODY_8BITMIME != 0;
        let is_extended = self.greeting == Greeting::Ehlo;
        if from.flags & MAIL_BODY_BINARYMIME != 0
            || smtputf8 && !(is_extended && options.offers(EXT_SMTP_UTF8))
            || eight_bit && !(is_extended && options.offers(EXT_8BIT_MIME))
        {
            return reply::UNKNOWN_PARAMETER;
        }
        if from.size > options.max_size {
            return reply::TOO_LARGE;
        }
        if !smtputf8 && !from.address.is_ascii() {
            return reply::NEEDS_SMTPUTF8;
        }
        if let Some(refusal) = faults::of_sender(&from.address) {
            return refusal;
        }
        self.transaction = Some(Transaction {
            envelope: Envelope {
                sender: from.address.to_string(),
                recipients: Vec::with_capacity(1),
            },
            smtputf8,
            ..Transaction::default()
        });
        reply::SENDER_OK
    }

    fn rcpt(&mut self, to: &RcptTo<std::borrow::Cow<'_, str>>, line: &[u8]) -> Reply {
        let Some(transaction) = &mut self.transaction else {
            return reply::OUT_OF_SEQUENCE;
        };
        transaction.tried_recipients = true;
        let address = match &*to.address {
            // The parser gives the one address without a domain (RFC 5321 §4.5.1) as it gives an empty path.
            "" if !line.contains(&b'@') && line.len() > "RCPT TO:<>\r\n".len() => "postmaster",
            "" => return reply::BAD_RECIPIENT,
            address => address,
        };
        if !transaction.smtputf8 && !address.is_ascii() {
            return reply::NEEDS_SMTPUTF8;
        }
        if transaction.envelope.recipients.len() >= MAX_RECIPIENTS {
            return reply::TOO_MANY_RECIPIENTS;
        }
        match Fault::of_recipient(address) {
            Some(Fault::Refuse(refusal)) => return refusal,
            Some(Fault::RefuseTimes(refusal, times))
                if self.shared.refusals.is_due(address, times) =>
            {
                return refusal;
            }
            None | Some(Fault::RefuseTimes(..)) => {}
            Some(Fault::Close) => return reply::CLOSED_ON_REQUEST,
            Some(Fault::DataAfterRefusal(refusal)) => {
                transaction.data_after_refusal = true;
                return refusal;
            }
            Some(Fault::DropInData) => transaction.drop = Some(DropAt::InData),
            Some(Fault::DropAfterDot) => {
                transaction.drop = transaction.drop.max(Some(DropAt::AfterDot));
            }
            Some(Fault::Slow(wait)) => transaction.wait = transaction.wait.max(wait),
            Some(Fault::RefuseDot(refusal)) => transaction.refusal = Some(refusal),
        }
        transaction.envelope.recipients.push(address.to_owned());
        reply::RECIPIENT_OK
    }

    fn data(&mut self, output: &mut Vec<u8>) -> Next {
        let transaction = self.transaction.as_ref();
        let refusal = match transaction {
            Some(transaction) if transaction.takes_data() => {
                output.extend_from_slice(reply::START_BODY);
                return if transaction.drop == Some(DropAt::InData) {
                    Next::DropInBody
                } else {
                    Next::Body
                };
            }
            // RFC 5321 §3.3 allows either code.
            Some(transaction) if transaction.tried_recipients => reply::NO_RECIPIENTS,
            Some(_) | None => reply::OUT_OF_SEQUENCE,
        };
        reply::write(&refusal, output);
        Next::Command
    }

    fn start_tls(&mut self, output: &mut Vec<u8>) -> Next {
        let answer = if self.is_encrypted || !self.shared.offers_starttls() {
            reply::NOT_IMPLEMENTED
        } else if self.greeting != Greeting::Ehlo || self.transaction.is_some() {
            reply::OUT_OF_SEQUENCE
        } else {
            reply::READY_FOR_TLS
        };
        reply::write(&answer, output);
        if answer.code == reply::READY_FOR_TLS.code {
            Next::StartTls
        } else {
            Next::Command
        }
    }

    fn auth(&mut self, mechanism: u64, initial: &str, output: &mut Vec<u8>) -> Next {
        let shared = Arc::clone(&self.shared);
        let refusal = match &shared.options.credentials {
            None => reply::NOT_IMPLEMENTED,
            Some(_)
                if self.greeting != Greeting::Ehlo
                    || self.is_authenticated
                    || self.transaction.is_some() =>
            {
                reply::OUT_OF_SEQUENCE
            }
            Some(credentials) => {
                self.settle(auth::begin(mechanism, initial, credentials), output);
                return Next::Command;
            }
        };
        reply::write(&refusal, output);
        Next::Command
    }

    fn authenticate(&mut self, exchange: Exchange, line: &[u8], output: &mut Vec<u8>) {
        let shared = Arc::clone(&self.shared);
        let step = match &shared.options.credentials {
            Some(credentials) => exchange.answer(line, credentials),
            None => Step::Refuse(reply::NOT_IMPLEMENTED),
        };
        self.settle(step, output);
    }

    fn settle(&mut self, step: Step, output: &mut Vec<u8>) {
        match step {
            Step::Ask(challenge, exchange) => {
                output.extend_from_slice(b"334 ");
                output.extend_from_slice(challenge.as_bytes());
                output.extend_from_slice(b"\r\n");
                self.exchange = Some(exchange);
            }
            Step::Accept => {
                self.is_authenticated = true;
                reply::write(&reply::AUTHENTICATED, output);
            }
            Step::Refuse(refusal) => reply::write(&refusal, output),
        }
    }
}

/// The reply to a line the parser does not understand.
fn fault_of(error: &Error) -> Reply {
    match error {
        Error::UnknownCommand => reply::UNKNOWN_COMMAND,
        Error::InvalidSenderAddress => reply::BAD_SENDER,
        Error::InvalidRecipientAddress => reply::BAD_RECIPIENT,
        Error::InvalidParameter { .. } => reply::BAD_PARAMETER,
        Error::UnsupportedParameter { .. } => reply::UNKNOWN_PARAMETER,
        Error::ResponseTooLong => reply::LINE_TOO_LONG,
        Error::NeedsMoreData { .. } | Error::SyntaxError { .. } | Error::InvalidResponse { .. } => {
            reply::SYNTAX
        }
    }
}
