//! A worker that is frozen in the middle of a transaction.

use std::time::{Duration, Instant};

use testbed::Session;
use tokio::task::block_in_place;

use super::cluster::{Cluster, WINDOW, emails};

/// Returns once some transaction of this database waits for a lock.
async fn until_one_waits(database: &Session) {
    let question = "SELECT COUNT(*) AS value FROM information_schema.innodb_trx AS trx \
                    JOIN information_schema.processlist AS session \
                    ON session.id = trx.trx_mysql_thread_id \
                    WHERE trx.trx_state = 'LOCK WAIT' AND session.db = DATABASE()";
    let began = Instant::now();
    // The server answers from memory while it is asked more often than ten times a second.
    let mut moments = tokio::time::interval(Duration::from_millis(200));
    while database.number(question).await == 0 {
        moments.tick().await;
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "nobody ever waited"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_frozen_in_a_transaction_blocks_nobody_and_thawed_it_starts_nothing() {
    if !testbed::is_distributed() {
        return;
    }
    let cluster = Cluster::start(catcher::Options::default()).await;
    let database = Session::open(&cluster.stores).await;
    let emails = emails(3_000);
    let id = block_in_place(|| cluster.create(&emails));

    // Its journal runs into this row, with others of the same transaction locked already.
    let row = "SELECT id FROM recipient WHERE email_job_id = 1 AND no = 700 FOR UPDATE";
    let locked = database.lock(row).await;
    let frozen = block_in_place(|| cluster.worker());
    until_one_waits(&database).await;
    frozen.freeze();
    locked.let_go().await;

    block_in_place(|| {
        let _other = cluster.worker();
        let began = Instant::now();
        let campaign = cluster.ended(id);
        // As promised, whatever else the machine has to do.
        assert!(began.elapsed() < Duration::from_secs(30));
        assert!(campaign.counts.unknown <= WINDOW, "{campaign:#?}");
        let before = cluster.keeps_its_word(id, &emails);

        let sent_before = cluster.caught().accepted();
        frozen.thaw();
        frozen.says("taken over by another worker");
        assert!(frozen.terminate().success());
        // Whom it had not offered it gave back, for the other to send.
        cluster.ended(id);
        let after = cluster.keeps_its_word(id, &emails);
        // What it knew of its own attempts may have come in late, and nothing else.
        let settled = before.counts.unknown - after.counts.unknown;
        assert_eq!(after.counts.ended(), before.counts.ended());
        let sent = cluster.caught().accepted() - sent_before;
        assert!(sent <= settled, "{sent} more were sent, {settled} settled");
    });
}
