//! How processes start, and what they say of parts that are missing.

use std::time::{Duration, Instant};

use testbed::{Redis, Session, Settings};

use super::cluster::{Cluster, emails, program};

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_everything_starts_and_what_was_created_is_sent_when_it_comes() {
    if !testbed::is_distributed() {
        return;
    }
    let mut cluster = Cluster::with(Redis::away(), catcher::Options::default()).await;
    tokio::task::block_in_place(|| {
        let worker = cluster.worker();
        cluster.server().says("nothing is rung for now");
        assert_eq!(cluster.status("/readyz"), 503);
        assert_eq!(cluster.status("/healthz"), 200);
        let emails = emails(200);
        let id = cluster.create(&emails);
        cluster.redis.start();
        cluster.ended(id);
        cluster.keeps_its_word(id, &emails);
        assert_eq!(cluster.status("/readyz"), 200);
        assert_eq!(cluster.server().times_said("nothing is rung for now"), 1);
        drop(worker);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_may_forget_commits_is_warned_of_at_the_start() {
    if !testbed::is_distributed() {
        return;
    }
    let cluster = Cluster::start(catcher::Options::default()).await;
    let question = "SELECT CAST(@@innodb_flush_log_at_trx_commit AS SIGNED) AS value";
    let value = Session::open(&cluster.stores).await.number(question).await;
    let warned = cluster
        .server()
        .times_said(&format!("innodb_flush_log_at_trx_commit is {value}"));
    assert_eq!(warned, usize::from(value != 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_finds_the_worker_beside_it_alive_or_not() {
    if !testbed::is_distributed() {
        return;
    }
    let cluster = Cluster::start(catcher::Options::default()).await;
    tokio::task::block_in_place(|| {
        let is_healthy = || {
            let folder = cluster.stores.folder();
            let arguments = ["healthcheck"];
            let checked = testbed::run(program(), &arguments, &cluster.settings, folder);
            checked.status.success()
        };
        assert!(!is_healthy());
        let worker = cluster.worker();
        // The first sign of life comes with the start.
        let began = Instant::now();
        while !is_healthy() {
            assert!(began.elapsed() < Duration::from_mins(1), "never healthy");
        }
        assert!(worker.terminate().success());
        assert!(!is_healthy());
    });
}

#[test]
fn a_worker_without_a_queue_refuses_to_start_and_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let refuses = |settings: &[(&str, &str)]| {
        let settings: Settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let output = testbed::run(program(), &[], &settings, folder.path());
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = refuses(&[]);
    assert!(said.contains("REDIS_URL: is not set"), "{said}");
    let said = refuses(&[("REDIS_URL", "redis://127.0.0.1:1")]);
    assert!(said.contains("cannot go with an SQLite database"), "{said}");
    assert!(said.contains("set SMTP_URL"), "{said}");
    assert!(!folder.path().join("data").exists());
}
