//! Reservations, in the database.

use std::time::Duration;

use entity::{
    prelude::{SendPace, SendQuota},
    send_pace, send_quota,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QuerySelect,
    sea_query::{Expr, OnConflict},
};

use crate::{clock::Clock, config::Limit, database::Database};

/// A quota's time is counted in so many parts: what was used in the oldest is free again when the
/// whole part has left the window, so that no window ever holds more than the limit.
const BUCKETS: i64 = 24;

/// What was granted of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) messages: u32,
    pub(super) bucket: i64,
    /// When nothing was granted: how long until something may be.
    pub(super) until: Duration,
}

pub(super) async fn prepare(database: &Database, server: &str) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    let row = send_pace::ActiveModel {
        server: Set(server.to_owned()),
        next_at: Set(0),
    };
    SendPace::insert(row)
        .on_conflict(
            OnConflict::column(send_pace::Column::Server)
                .update_column(send_pace::Column::Server)
                .to_owned(),
        )
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await
}

/// Holds the server's row until the transaction's end.
async fn hold(connection: &impl ConnectionTrait, server: &str) -> Result<(), DbErr> {
    SendPace::update_many()
        .col_expr(
            send_pace::Column::NextAt,
            Expr::col(send_pace::Column::NextAt),
        )
        .filter(send_pace::Column::Server.eq(server))
        .exec(connection)
        .await
        .map(drop)
}

/// Reserves `wanted` places that follow each other in a pace of `pace` a second, and tells how
/// long it is until the first.
pub(super) async fn pace(
    database: &Database,
    clock: &dyn Clock,
    server: &str,
    pace: u32,
    wanted: u32,
) -> Result<Duration, DbErr> {
    let transaction = database.begin().await?;
    hold(&transaction, server).await?;
    let now = database.now_micros(&transaction, clock).await?;
    let next: Option<i64> = SendPace::find_by_id(server)
        .select_only()
        .column(send_pace::Column::NextAt)
        .into_tuple()
        .one(&transaction)
        .await?;
    let first = Ord::max(next.unwrap_or(0), now);
    let taken = i64::from(wanted) * 1_000_000 / i64::from(pace);
    SendPace::update_many()
        .col_expr(send_pace::Column::NextAt, Expr::value(first + taken))
        .filter(send_pace::Column::Server.eq(server))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(Duration::from_micros(
        u64::try_from(first - now).unwrap_or(0),
    ))
}

/// Reserves up to `wanted` messages of a quota.
pub(super) async fn quota(
    database: &Database,
    clock: &dyn Clock,
    server: &str,
    limit: Limit,
    wanted: u32,
) -> Result<Granted, DbErr> {
    let transaction = database.begin().await?;
    hold(&transaction, server).await?;
    let now = database.now_micros(&transaction, clock).await?;
    let width = i64::try_from(limit.period.length().as_micros()).unwrap_or(i64::MAX) / BUCKETS;
    let bucket = now / width;
    let rows: Vec<(i64, i64)> = SendQuota::find()
        .select_only()
        .columns([send_quota::Column::Bucket, send_quota::Column::Used])
        .filter(of(server, limit))
        .filter(send_quota::Column::Bucket.gte(bucket - BUCKETS))
        .into_tuple()
        .all(&transaction)
        .await?;
    let used: i64 = rows.iter().map(|(_, used)| used).sum();
    let left = u32::try_from(i64::from(limit.messages) - used).unwrap_or(0);
    let messages = Ord::min(wanted, left);
    if messages == 0 {
        let oldest = rows.iter().filter(|(_, used)| *used > 0);
        let oldest = oldest.map(|(bucket, _)| *bucket).min().unwrap_or(bucket);
        let free = (oldest + BUCKETS + 1) * width;
        let until = Duration::from_micros(u64::try_from(free - now).unwrap_or(0));
        return Ok(Granted {
            messages,
            bucket,
            until,
        });
    }
    if rows.iter().any(|(known, _)| *known == bucket) {
        add(&transaction, server, limit, bucket, i64::from(messages)).await?;
    } else {
        let row = send_quota::ActiveModel {
            server: Set(server.to_owned()),
            period: Set(letter(limit)),
            bucket: Set(bucket),
            used: Set(i64::from(messages)),
        };
        SendQuota::insert(row)
            .exec_without_returning(&transaction)
            .await?;
        SendQuota::delete_many()
            .filter(of(server, limit))
            .filter(send_quota::Column::Bucket.lt(bucket - BUCKETS))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(Granted {
        messages,
        bucket,
        until: Duration::ZERO,
    })
}

/// Takes back a reservation that was not used.
pub(super) async fn give_back(
    database: &Database,
    server: &str,
    limit: Limit,
    bucket: i64,
    messages: u32,
) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    hold(&transaction, server).await?;
    add(&transaction, server, limit, bucket, -i64::from(messages)).await?;
    transaction.commit().await
}

async fn add(
    connection: &impl ConnectionTrait,
    server: &str,
    limit: Limit,
    bucket: i64,
    messages: i64,
) -> Result<(), DbErr> {
    SendQuota::update_many()
        .col_expr(
            send_quota::Column::Used,
            Expr::col(send_quota::Column::Used).add(messages),
        )
        .filter(of(server, limit))
        .filter(send_quota::Column::Bucket.eq(bucket))
        .exec(connection)
        .await
        .map(drop)
}

fn of(server: &str, limit: Limit) -> Condition {
    Condition::all()
        .add(send_quota::Column::Server.eq(server))
        .add(send_quota::Column::Period.eq(letter(limit)))
}

fn letter(limit: Limit) -> String {
    limit.period.letter().to_string()
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use testbed::Stores;

    use super::*;
    use crate::clock::ManualClock;

    const MINUTE: Duration = Duration::from_mins(1);

    /// A database of this process alone, whose clock the test moves.
    async fn alone() -> (Database, ManualClock, Stores) {
        let stores = Stores::embedded();
        let database = Database::open(stores.database_url(), Duration::from_secs(20))
            .await
            .unwrap();
        prepare(&database, "news").await.unwrap();
        let clock = ManualClock::at(Timestamp(1_795_503_451_000));
        (database, clock, stores)
    }

    fn limit(text: &str) -> Limit {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_pace_gives_out_one_place_after_the_other_whoever_asks() {
        let (database, clock, _stores) = alone().await;
        let mut places = Vec::new();
        for _ in 0..3 {
            let wait = pace(&database, &clock, "news", 20, 2).await.unwrap();
            places.push(wait.as_millis());
        }
        assert_eq!(places, [0, 100, 200]);
        clock.advance(MINUTE);
        let wait = pace(&database, &clock, "news", 20, 2).await.unwrap();
        assert_eq!(wait, Duration::ZERO, "what nobody used is not saved up");
    }

    #[tokio::test]
    async fn no_window_of_a_quotas_length_holds_more_than_the_quota() {
        let (database, clock, _stores) = alone().await;
        let mut sent = Vec::new();
        for second in 0_u64..300 {
            let granted = quota(&database, &clock, "news", limit("10/m"), 3)
                .await
                .unwrap();
            sent.extend((0..granted.messages).map(|_| second));
            clock.advance(Duration::from_secs(1));
        }
        for from in 0..300 {
            let window = sent.iter().filter(|at| (from..from + 60).contains(*at));
            assert!(window.count() <= 10, "from second {from}");
        }
        assert!(sent.len() >= 40, "only {} in five minutes", sent.len());
    }

    #[tokio::test]
    async fn a_quota_that_is_used_up_says_for_how_long() {
        let (database, clock, _stores) = alone().await;
        let ask = || quota(&database, &clock, "news", limit("5/m"), 32);
        assert_eq!(ask().await.unwrap().messages, 5);
        let until = ask().await.unwrap().until;
        assert!(until > Duration::from_secs(57) && until <= Duration::from_secs(63));
        clock.advance(until);
        assert_eq!(ask().await.unwrap().messages, 5);
    }

    #[tokio::test]
    async fn what_is_given_back_can_be_used() {
        let (database, clock, _stores) = alone().await;
        let ask = || quota(&database, &clock, "news", limit("5/d"), 5);
        let granted = ask().await.unwrap();
        give_back(&database, "news", limit("5/d"), granted.bucket, 2)
            .await
            .unwrap();
        assert_eq!(ask().await.unwrap().messages, 2);
    }
}
