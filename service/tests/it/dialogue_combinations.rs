//! Every combination of replies to a pipelined group: the outcome, whether the session goes on, and the one rule that
//! has no exception, that a bare dot is never sent where a recipient was accepted.

use domain::smtp_reply::SmtpPhase;
use service::mail::session::EnvelopeOutcome;

use crate::dialogue::{MAIL, RCPT, envelope, pipelining, session};
use crate::support::scripted_server::Step::{Close, Expect, ExpectAlone, ExpectClose, SayOctets};

/// What a server may do where a reply is due.
const MOVES: [Move; 6] = [
    Move::Says("250 OK\r\n"),
    Move::Says("354 Go\r\n"),
    Move::Says("421 Bye\r\n"),
    Move::Says("450 Later\r\n"),
    Move::Says("550 Never\r\n"),
    Move::Closes,
];

#[derive(Clone, Copy, Debug)]
enum Move {
    Says(&'static str),
    Closes,
}

impl Move {
    fn is(self, code: &str) -> bool {
        matches!(self, Self::Says(words) if words.starts_with(code))
    }

    fn accepts(self) -> bool {
        self.is("250")
    }

    fn refuses(self) -> bool {
        self.is("450") || self.is("550")
    }
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Ready,
    Refused(SmtpPhase),
    Broken(SmtpPhase),
}

/// The rules, written a second time and in another way.
fn expected(mail: Move, rcpt: Move, data: Move) -> (Outcome, bool) {
    let in_step = data.refuses() || data.is("354");
    match (mail.accepts(), rcpt.accepts()) {
        (false, _) if mail.refuses() => {
            (Outcome::Refused(SmtpPhase::Mail), rcpt.refuses() && in_step)
        }
        (false, _) => (Outcome::Broken(SmtpPhase::Mail), false),
        (true, false) if rcpt.refuses() => (Outcome::Refused(SmtpPhase::Rcpt), in_step),
        (true, false) => (Outcome::Broken(SmtpPhase::Rcpt), false),
        (true, true) if data.is("354") => (Outcome::Ready, true),
        (true, true) if data.refuses() => (Outcome::Refused(SmtpPhase::Data), true),
        (true, true) => (Outcome::Broken(SmtpPhase::Data), false),
    }
}

async fn plays_out(mail: Move, rcpt: Move, data: Move) {
    let mut script = pipelining([Expect(MAIL), Expect(RCPT), ExpectAlone("DATA")]);
    let spoken: Vec<&str> = [mail, rcpt, data]
        .into_iter()
        .map_while(|next| match next {
            Move::Says(words) => Some(words),
            Move::Closes => None,
        })
        .collect();
    script.push(SayOctets(spoken.concat().into_bytes()));
    let dot_due = !mail.is("421") && !mail.is("354") && rcpt.refuses() && data.is("354");
    if spoken.len() < 3 {
        script.push(Close);
    } else if dot_due {
        script.extend([
            ExpectAlone("."),
            SayOctets(b"554 Nobody\r\n".to_vec()),
            ExpectClose,
        ]);
    } else {
        script.push(ExpectClose);
    }
    let (server, mut session) = session(script).await;

    let outcome = match session.envelope(&envelope()).await {
        EnvelopeOutcome::Ready => Outcome::Ready,
        EnvelopeOutcome::Refused { phase, .. } => Outcome::Refused(phase),
        EnvelopeOutcome::Broken { phase, .. } => Outcome::Broken(phase),
        other @ EnvelopeOutcome::NotPossible { .. } => panic!("{other:?}"),
    };
    let found = (outcome, session.is_usable());
    assert_eq!(
        found,
        expected(mail, rcpt, data),
        "{mail:?} {rcpt:?} {data:?}"
    );
    session.abandon();

    let received = server.finish().await.received;
    let with_dot = received.ends_with(b"DATA\r\n.\r\n");
    assert!(with_dot || received.ends_with(b"DATA\r\n"));
    assert!(
        !(with_dot && rcpt.accepts()),
        "a dot after {mail:?} {rcpt:?} {data:?}"
    );
}

#[tokio::test]
async fn every_combination_of_replies_has_its_outcome_and_keeps_the_rule_of_the_dot() {
    for mail in MOVES {
        for rcpt in MOVES {
            for data in MOVES {
                plays_out(mail, rcpt, data).await;
            }
        }
    }
}
