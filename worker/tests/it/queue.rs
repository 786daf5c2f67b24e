//! What is left of a queue that was worked off.

use redis::aio::MultiplexedConnection;

use crate::support::Palomar;

/// The keys that begin so.
async fn keys(redis: &mut MultiplexedConnection, prefix: &str) -> Vec<String> {
    redis::cmd("KEYS")
        .arg(format!("{prefix}:*"))
        .query_async(redis)
        .await
        .unwrap()
}

#[tokio::test]
async fn heard_bells_leave_nothing_in_redis_and_neither_does_a_worker_that_ended() {
    let palomar = Palomar::start().await;
    let Some((url, prefix)) = palomar.stores().redis() else {
        return;
    };
    let prefix = prefix.to_owned();
    let client = redis::Client::open(url).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();

    let emails: Vec<String> = (0..6_000)
        .map(|n| format!("person{n}@example.org"))
        .collect();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let id = palomar.create(&emails).await;
    palomar.ended(id).await;
    let swept = async {
        // Of the worker that listens its name and what is said of it remain.
        while keys(&mut redis, &prefix).await.len() > 2 {}
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), swept)
        .await
        .expect("what was heard must go");

    palomar.stop().await;
    assert_eq!(keys(&mut redis, &prefix).await, Vec::<String>::new());
}
