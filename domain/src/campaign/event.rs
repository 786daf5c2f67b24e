//! A campaign's timeline: what happened to it, and when.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One thing that happened to a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// How many recipients it concerned, where it concerned some.
    pub amount: Option<u64>,
    /// Why, or by what, in plain words.
    pub detail: Option<String>,
}

/// What can happen to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(
    feature = "sea-orm",
    derive(sea_orm::EnumIter, sea_orm::DeriveActiveEnum),
    sea_orm(
        rs_type = "String",
        db_type = "String(sea_orm::sea_query::StringLen::N(32))",
        rename_all = "SCREAMING_SNAKE_CASE"
    )
)]
pub enum EventKind {
    /// It was stored.
    Created,
    /// It was changed before it started.
    Edited,
    /// So many recipients came to it from a list; `detail` tells what of the list did not.
    Imported,
    /// It is to start at a time, which `detail` tells.
    Scheduled,
    /// Somebody, or its time, let it start.
    Started,
    /// The first worker took it up.
    TakenUp,
    /// It stands still by somebody's hand, or for the reason in `detail`.
    Paused,
    /// It goes on.
    Resumed,
    /// It was cancelled.
    Cancelled,
    /// So many are sent to again.
    Retried,
    /// So many UNKNOWN ones are taken for SENT.
    TreatedAsSent,
    /// So many UNKNOWN ones are sent to again.
    Resent,
    /// It stands still, and `detail` says what it waits for.
    Waits,
    /// It moves again.
    Moves,
    /// A worker fell silent; so many of its messages are UNKNOWN.
    TakenOver,
    /// It came to its end.
    Ended,
}
