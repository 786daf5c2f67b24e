//! What happened to a campaign, written in the transaction in which it happens.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::{
    CampaignId, Timestamp,
    campaign::{CampaignEvent, EventKind},
};
use entity::{campaign_event, prelude};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter,
    QueryOrder, QuerySelect,
};

/// As many events of a campaign as are shown, the latest.
const SHOWN: u64 = 200;
/// What the column for the words holds.
const LONGEST: usize = 500;

/// Something that happens to a campaign now.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    campaign: CampaignId,
    kind: EventKind,
    amount: Option<u64>,
    detail: Option<String>,
}

impl Event {
    pub(crate) fn of(campaign: CampaignId, kind: EventKind) -> Self {
        Self {
            campaign,
            kind,
            amount: None,
            detail: None,
        }
    }

    /// How many recipients it concerns.
    pub(crate) fn amount(mut self, amount: u64) -> Self {
        self.amount = Some(amount);
        self
    }

    /// Why, in plain words.
    pub(crate) fn detail(mut self, words: impl Into<String>) -> Self {
        self.detail = Some(words.into().chars().take(LONGEST).collect());
        self
    }

    pub(crate) async fn write(
        self,
        connection: &impl ConnectionTrait,
        now: Timestamp,
    ) -> Result<(), DbErr> {
        let row = campaign_event::ActiveModel {
            id: Set(id(now)),
            email_job_id: Set(self.campaign),
            at: Set(now),
            kind: Set(self.kind),
            amount: Set(self.amount.map(|n| i64::try_from(n).unwrap_or(i64::MAX))),
            detail: Set(self.detail),
        };
        prelude::CampaignEvent::insert(row)
            .exec_without_returning(connection)
            .await
            .map(drop)
    }
}

/// Ordered by time, within a process by what came first, and nobody else's: no counter everybody
/// would wait for.
fn id(now: Timestamp) -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let fresh = (now.0 << 20) | i64::from(rand::random_range(0_u32..1 << 19));
    let after = |last: i64| Ord::max(last + 1, fresh);
    // The closure always has a next one, so this is the last id that was given out.
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
        Some(after(last))
    });
    after(last.unwrap_or_default())
}

/// A campaign's events, the latest first.
pub(super) async fn of(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<Vec<CampaignEvent>, DbErr> {
    let rows = prelude::CampaignEvent::find()
        .filter(campaign_event::Column::EmailJobId.eq(campaign))
        .order_by(campaign_event::Column::Id, Order::Desc)
        .limit(SHOWN)
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| CampaignEvent {
            at: row.at,
            kind: row.kind,
            amount: row.amount.and_then(|n| u64::try_from(n).ok()),
            detail: row.detail,
        })
        .collect())
}

/// Takes a campaign's events away with it.
pub(super) async fn forget(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<(), DbErr> {
    prelude::CampaignEvent::delete_many()
        .filter(campaign_event::Column::EmailJobId.eq(campaign))
        .exec(connection)
        .await
        .map(drop)
}
