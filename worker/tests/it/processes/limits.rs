//! Limits, over several workers and restarts of everything.

use super::cluster::{Cluster, emails};

const TEN_SECONDS_MS: i64 = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_pace_holds_over_two_workers_of_which_one_is_restarted() {
    if !testbed::is_distributed() {
        return;
    }
    let cluster = Cluster::limited(r#"["20/s"]"#).await;
    tokio::task::block_in_place(|| {
        let (_one, other) = (cluster.worker(), cluster.worker());
        let id = cluster.create(&emails(260));
        cluster.until(id, |campaign| campaign.counts.sent > 80);
        other.kill();
        let _again = cluster.worker();
        cluster.ended(id);
        let everybody = cluster.recipients(id);
        let ended: Vec<_> = everybody
            .iter()
            .filter_map(|recipient| Some(recipient.finished_at?.0))
            .collect();
        let most = ended.iter().map(|from| {
            let window = *from..from + TEN_SECONDS_MS;
            ended.iter().filter(|at| window.contains(at)).count()
        });
        let most = most.max().unwrap();
        // Twenty a second, and five in a hundred for what one commit gathers.
        assert!(most <= 210, "{most} in ten seconds");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_survives_a_restart_of_everything_and_a_flushed_redis() {
    if !testbed::is_distributed() {
        return;
    }
    let mut cluster = Cluster::limited(r#"["100/d"]"#).await;
    tokio::task::block_in_place(|| {
        let (one, other) = (cluster.worker(), cluster.worker());
        let id = cluster.create(&emails(150));
        let waits = cluster.until(id, |campaign| campaign.waiting_for.is_some());
        assert!(waits.waiting_for.unwrap().starts_with("rate limit until"));
        let spent = cluster.caught().accepted();
        one.kill();
        other.kill();
        cluster.stop_server();
        cluster.redis.flush();
        cluster.start_server();
        let _worker = cluster.worker();
        let later = cluster.create(&["ana@example.org".to_owned()]);
        cluster.until(later, |campaign| campaign.waiting_for.is_some());
        // What the killed workers had reserved and not used is rather lost than used twice.
        assert!((80..=100).contains(&spent), "{spent} were sent");
        assert_eq!(cluster.caught().accepted(), spent);
    });
}
