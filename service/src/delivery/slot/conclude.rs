//! What a dialogue came to: told to the breaker, the campaign and the journal.

use std::time::Duration;

use domain::{
    address::EmailAddress,
    smtp_reply::{SmtpPhase, SmtpReply},
};

use super::{Message, Slot, ahead::Begun};
use crate::{
    delivery::{
        breaker::Admission,
        campaign,
        verdict::{Circumstances, Verdict},
    },
    mail::reply::{self, Refusal, Settlement},
};

impl Slot {
    /// Settles a recipient after its dialogue; `kept` says that the connection had carried
    /// messages before it.
    pub(super) async fn conclude(
        &self,
        begun: Begun,
        admission: Admission,
        settlement: Settlement,
        kept: bool,
    ) {
        match &settlement {
            // Many servers close a connection after some messages, some without a word: that is
            // nobody's fault, and a fresh connection tells whether there is more to it.
            Settlement::Disturbed {
                phase: SmtpPhase::Mail,
                ..
            } if kept => {
                drop(admission);
                return self.ahead.withdraw(begun);
            }
            Settlement::Disturbed { reason, reply, .. } => {
                let asked = reply.as_ref().and_then(asked_pause);
                self.rest(|| admission.broken_off(reason, asked));
            }
            Settlement::Unknown { reason, .. } => {
                self.rest(|| admission.broken_off(reason, None));
            }
            Settlement::Deferred { reply, .. } if asked_pause(reply).is_some() => {
                self.rest(|| admission.broken_off(&reply.text, asked_pause(reply)));
            }
            Settlement::SenderRefused { refusal } => {
                admission.served();
                self.pause(&begun.message, refusal).await;
            }
            Settlement::Sent { .. } | Settlement::Failed { .. } | Settlement::Deferred { .. } => {
                admission.served();
            }
        }
        if tracing::enabled!(tracing::Level::DEBUG) {
            say(&begun.message, &settlement);
        }
        let disturbed = matches!(settlement, Settlement::Disturbed { .. });
        let circumstances = Circumstances {
            now: self.shared.clock.now(),
            schedule: &self.shared.schedule,
            server_serves: self.outlet.breaker.serves(),
            uncertain: self.shared.uncertain,
        };
        let verdict = Verdict::of(settlement, &begun.message.claimed, circumstances);
        if disturbed && verdict.is_back_to_pending() {
            self.ahead.again(begun, verdict);
        } else {
            self.ahead.settle(begun, verdict);
        }
    }

    /// The sender is refused, so everybody of this campaign would be: it stands still, alone.
    async fn pause(&self, message: &Message, refusal: &Refusal) {
        message.work.give_up();
        let campaign = message.work.lease.slice.campaign;
        let now = self.shared.clock.now();
        let paused =
            campaign::pause_refused(&self.shared.database, campaign, &words(refusal), now).await;
        if let Err(error) = paused {
            // The next recipient meets the same refusal and tries this again.
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a campaign was not paused"
            );
        }
    }
}

fn say(message: &Message, settlement: &Settlement) {
    let address = EmailAddress::parse(&message.claimed.email).map(|a| a.masked());
    tracing::debug!(
        campaign.id = message.work.lease.slice.campaign.0,
        recipient.id = message.claimed.id.0,
        recipient.email = address.unwrap_or_default(),
        outcome = outcome_word(settlement),
        "attempt ended",
    );
}

fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Reply(reply) => {
            let enhanced = reply.enhanced.as_ref().map(|code| format!(" {code}"));
            format!(
                "{}{} {}",
                reply.code.get(),
                enhanced.unwrap_or_default(),
                reply.text
            )
        }
        Refusal::Impossible(reason) => reason.to_string(),
    }
}

/// For how long the server asks to be left alone, where it does: by closing with a time in its
/// words, or as Gmail does, which counts each early return against the sender (4.7.28).
fn asked_pause(reply: &SmtpReply) -> Option<Duration> {
    const GMAIL: Duration = Duration::from_mins(10);
    let enhanced = reply.enhanced.as_ref().map(ToString::to_string);
    if enhanced.as_deref() == Some("4.7.28") {
        return Some(reply::named_delay(&reply.text).unwrap_or(GMAIL).max(GMAIL));
    }
    (reply.code.get() == 421)
        .then(|| reply::named_delay(&reply.text))
        .flatten()
}

fn outcome_word(settlement: &Settlement) -> &'static str {
    match settlement {
        Settlement::Sent { .. } => "sent",
        Settlement::Failed { .. } => "failed",
        Settlement::Deferred { .. } => "deferred",
        Settlement::SenderRefused { .. } => "sender refused",
        Settlement::Disturbed { .. } => "disturbed",
        Settlement::Unknown { .. } => "unknown",
    }
}
