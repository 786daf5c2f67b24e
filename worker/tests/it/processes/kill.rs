//! Workers that are terminated and killed, and a Redis that loses everything.

use std::time::Duration;

use domain::campaign::CampaignStatus;

use super::cluster::{Cluster, WINDOW, emails};

fn slow() -> catcher::Options {
    catcher::Options::default().delay(Duration::from_millis(2))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_terminated_one_killed_and_redis_flushed_and_restarted_cost_nobody_a_message() {
    if !testbed::is_distributed() {
        return;
    }
    let mut cluster = Cluster::start(slow()).await;
    tokio::task::block_in_place(|| {
        let (terminated, killed, last) = (cluster.worker(), cluster.worker(), cluster.worker());
        let emails = emails(8_000);
        let id = cluster.create(&emails);
        cluster.until(id, |campaign| campaign.counts.sent > 1_500);
        assert!(terminated.terminate().success());
        cluster.redis.flush();
        cluster.until(id, |campaign| campaign.counts.sent > 3_000);
        killed.kill();
        cluster.redis.stop();
        cluster.redis.start();
        let before = cluster.campaign(id);
        assert!(
            before.counts.pending > 1_000,
            "it was done too soon: {before:?}"
        );
        cluster.ended(id);
        let campaign = cluster.keeps_its_word(id, &emails);
        assert_eq!(campaign.status, CampaignStatus::Completed);
        assert_eq!(
            campaign.counts.failed,
            80 - refused_but_unknown(&cluster, id)
        );
        assert!(campaign.counts.unknown <= WINDOW, "{campaign:#?}");
        assert!(last.terminate().success());
    });
}

/// Those who would have been refused, had their reply been heard.
fn refused_but_unknown(cluster: &Cluster, id: i64) -> u64 {
    let unknown = cluster.unknown(id);
    let refused = unknown.iter().filter(|r| r.email.contains("+550"));
    refused.count() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_terminated_leaves_nothing_unknown_and_its_work_to_the_next() {
    if !testbed::is_distributed() {
        return;
    }
    let cluster = Cluster::start(slow()).await;
    tokio::task::block_in_place(|| {
        let emails = emails(4_000);
        let id = cluster.create(&emails);
        for enough in [1_000, 2_000] {
            let worker = cluster.worker();
            cluster.until(id, |campaign| campaign.counts.sent > enough);
            assert!(worker.terminate().success());
        }
        assert!(cluster.campaign(id).counts.pending > 0);
        let _worker = cluster.worker();
        cluster.ended(id);
        assert_eq!(cluster.keeps_its_word(id, &emails).counts.unknown, 0);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_killed_at_once_goes_on_where_it_was() {
    if !testbed::is_distributed() {
        return;
    }
    let cluster = Cluster::start(slow()).await;
    tokio::task::block_in_place(|| {
        let (one, other) = (cluster.worker(), cluster.worker());
        let emails = emails(6_000);
        let id = cluster.create(&emails);
        cluster.until(id, |campaign| campaign.counts.sent > 1_000);
        one.kill();
        other.kill();
        cluster.redis.flush();
        let _worker = cluster.worker();
        cluster.ended(id);
        let campaign = cluster.keeps_its_word(id, &emails);
        assert!(campaign.counts.unknown <= 2 * WINDOW, "{campaign:#?}");
    });
}
