//! The catcher's memory, as the service looks at it.

use catcher::Store;
use domain::{
    Timestamp,
    caught::{CaughtList, CaughtMessage, CaughtSummary},
    page::{DEFAULT_LIMIT, Page},
};
use service::inbox::Inbox;

/// What the built-in catcher received.
#[derive(Clone, Debug)]
pub struct CaughtMail(Store);

impl CaughtMail {
    /// Looks into this memory.
    pub fn new(store: Store) -> Self {
        Self(store)
    }
}

impl Inbox for CaughtMail {
    fn list(&self, request: &CaughtList) -> Page<CaughtSummary> {
        let before = request
            .cursor
            .as_deref()
            .and_then(|cursor| cursor.parse().ok());
        let limit = DEFAULT_LIMIT;
        let items = self
            .0
            .list(before, limit as usize + 1, request.q.as_deref())
            .into_iter()
            .map(summary)
            .collect();
        Page::from_one_more(items, limit, |message: &CaughtSummary| {
            message.id.to_string()
        })
    }

    fn find(&self, id: u64) -> Option<CaughtMessage> {
        let caught = self.0.get(id)?;
        Some(CaughtMessage {
            sender: caught.summary.sender.clone(),
            message_id: caught.summary.message_id.clone().unwrap_or_default(),
            summary: summary(caught.summary),
            html: caught.html,
            text: caught.text,
            source: caught.source,
        })
    }
}

fn summary(caught: catcher::CaughtSummary) -> CaughtSummary {
    CaughtSummary {
        id: caught.id,
        received_at: Timestamp(caught.received_at),
        from: caught.from,
        recipients: caught.recipients,
        subject: caught.subject,
        size: caught.size as u64,
    }
}
