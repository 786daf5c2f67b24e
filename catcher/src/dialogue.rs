//! What the server answers, command by command (RFC 5321), without any input or output of its own.

use std::borrow::Cow;
use std::sync::Arc;

use smtp_proto::{
    EXT_8BIT_MIME, EXT_SMTP_UTF8, Error, MAIL_BODY_8BITMIME, MAIL_BODY_BINARYMIME, MAIL_SMTPUTF8,
    MailFrom, RcptTo, Request,
};

use crate::Shared;
use crate::auth::{self, Exchange, Step};
use crate::faults;
use crate::reply::{self, Reply};
use crate::transaction::{Opening, Transaction, Verdict};

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

/// How the client has introduced itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Greeting {
    None,
    Helo,
    Ehlo,
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

    /// Settles the message whose dot has come; `body` is `None` when it was too large to take.
    pub(crate) fn body(&mut self, body: Option<&[u8]>) -> Verdict {
        let transaction = self.transaction.take().unwrap_or_default();
        let verdict = transaction.settle(body, self.shared.options.delay, &self.shared.store);
        if !matches!(verdict, Verdict::Refused(..)) {
            self.messages += 1;
        }
        verdict
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

    fn mail(&mut self, from: &MailFrom<Cow<'_, str>>) -> Reply {
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
        self.transaction = Some(Transaction::begin(&from.address, smtputf8));
        reply::SENDER_OK
    }

    fn rcpt(&mut self, to: &RcptTo<Cow<'_, str>>, line: &[u8]) -> Reply {
        let Some(transaction) = &mut self.transaction else {
            return reply::OUT_OF_SEQUENCE;
        };
        // The parser gives the one address without a domain (RFC 5321 §4.5.1) as it gives an empty path.
        let address = if to.address.is_empty() && names_postmaster(line) {
            "postmaster"
        } else {
            &to.address
        };
        transaction.recipient(address, &self.shared.refusals)
    }

    fn data(&mut self, output: &mut Vec<u8>) -> Next {
        let opening = match &self.transaction {
            Some(transaction) => transaction.open(),
            None => Opening::Refused(reply::OUT_OF_SEQUENCE),
        };
        let next = match opening {
            Opening::Body => Next::Body,
            Opening::DropInBody => Next::DropInBody,
            Opening::Refused(refusal) => {
                reply::write(&refusal, output);
                return Next::Command;
            }
        };
        output.extend_from_slice(reply::START_BODY);
        next
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

/// Whether a line of RCPT names the postmaster, without a domain and in any case.
fn names_postmaster(line: &[u8]) -> bool {
    String::from_utf8_lossy(line)
        .to_ascii_lowercase()
        .contains("<postmaster>")
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
