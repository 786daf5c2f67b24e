//! A worker or a server that ends at every place between two durable facts, and what its successors
//! make of it. Only where the binaries have such places: built with `--features failpoints`.

use std::time::Duration;

use testbed::Session;

use super::cluster::{Cluster, WINDOW, emails};

/// Whether the programs beside this test end where they are told to.
const ARMED: bool = cfg!(feature = "failpoints");

/// A worker of three ends at `place`, some time into a campaign; nobody is lost and nobody doubled.
async fn a_worker_ends_at(place: &str) {
    if !testbed::is_distributed() || !ARMED {
        return;
    }
    let options = catcher::Options::default().delay(Duration::from_millis(1));
    let cluster = Cluster::start(options).await;
    tokio::task::block_in_place(|| {
        let emails = emails(3_000);
        let doomed = cluster.worker_with("FAILPOINTS", place);
        let id = cluster.create(&emails);
        doomed.ends();
        let _successor = cluster.worker();
        cluster.ended(id);
        let counts = cluster.keeps_its_word(id, &emails).counts;
        assert!(counts.unknown <= WINDOW, "{counts:?}");
    });
}

macro_rules! a_worker_that_ends {
    ($($test:ident at $place:literal),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                a_worker_ends_at($place).await;
            }
        )+
    };
}

a_worker_that_ends! {
    before_the_journal_is_committed_costs_nobody at "journal::gathered=20*off->return",
    after_the_journal_was_committed_costs_nobody at "journal::committed=20*off->return",
    between_a_start_and_its_envelope_costs_nobody at "slot::started=200*off->return",
    between_the_envelope_and_the_message_costs_nobody at "slot::enveloped=200*off->return",
    between_a_reply_and_its_record_costs_nobody at "slot::replied=200*off->return",
    right_after_it_took_a_slice_costs_nobody at "slice::claimed=1*off->return",
    before_it_let_a_slice_go_costs_nobody at "slice::releasing=1*off->return",
    right_after_it_let_a_slice_go_costs_nobody at "slice::released=1*off->return",
}

/// Somebody ends while taking over from somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn two_that_end_while_one_takes_over_from_the_other_cost_nobody() {
    if !testbed::is_distributed() || !ARMED {
        return;
    }
    for place in ["slice::expiring=return", "slice::expired=return"] {
        let mut cluster = Cluster::start(catcher::Options::default()).await;
        tokio::task::block_in_place(|| {
            let emails = emails(3_000);
            let doomed = cluster.worker_with("FAILPOINTS", "slot::replied=200*off->return");
            let id = cluster.create(&emails);
            doomed.ends();
            // Whoever looks at leases ends: the server too, unless it is gone.
            cluster.stop_server();
            cluster.worker_with("FAILPOINTS", place).ends();
            cluster.start_server();
            let _last = cluster.worker();
            cluster.ended(id);
            let counts = cluster.keeps_its_word(id, &emails).counts;
            assert!(counts.unknown <= WINDOW, "{counts:?}");
        });
    }
}

/// A create that dies before it is sealed was never made; one that dies after is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_while_it_stores_a_campaign_stores_all_of_it_or_nothing() {
    if !testbed::is_distributed() || !ARMED {
        return;
    }
    for (place, is_made) in [
        ("store::unsealed=return", false),
        ("store::batch=1*off->return", false),
        ("store::sealed=return", true),
        ("ring::marked=return", true),
    ] {
        let mut cluster = Cluster::start(catcher::Options::default()).await;
        tokio::task::block_in_place(|| {
            let emails = emails(5_000);
            cluster.stop_server();
            cluster.start_server_with("FAILPOINTS", place);
            cluster.try_create(&emails);
            cluster.server_ends();
            cluster.start_server();
            let _worker = cluster.worker();
            let campaigns = cluster.campaigns();
            assert_eq!(campaigns.len(), usize::from(is_made), "{place}");
            for campaign in campaigns {
                cluster.ended(campaign.id.0);
                let counts = cluster.keeps_its_word(campaign.id.0, &emails).counts;
                assert_eq!(counts.unknown, 0);
            }
        });
    }
}

/// An import that dies before its end was never made, and what is left of it is nobody's; one that
/// dies after it is all there.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_while_it_imports_takes_in_all_of_a_list_or_nothing() {
    if !testbed::is_distributed() || !ARMED {
        return;
    }
    let list = emails(5_000);
    let (kept, imported) = list.split_at(100);
    for (place, is_taken) in [
        ("import::claimed=return", false),
        ("store::batch=return", false),
        ("store::batch=1*off->return", false),
        ("import::written=return", false),
        ("import::sealed=return", true),
    ] {
        let mut cluster = Cluster::start(catcher::Options::default()).await;
        let draft = tokio::task::block_in_place(|| {
            let draft = cluster.client().create_draft(kept);
            cluster.stop_server();
            cluster.start_server_with("FAILPOINTS", place);
            let answered = cluster.client().try_import(draft, imported);
            assert!(answered.is_err(), "{place}: {answered:?}");
            cluster.server_ends();
            cluster.start_server();
            let shown = cluster.recipients(draft).len();
            let total = cluster.campaign(draft).counts.total;
            let expected = if is_taken { list.len() } else { kept.len() };
            assert_eq!((shown, total), (expected, expected as u64), "{place}");
            if !is_taken {
                // Nobody knows yet that it is dead.
                assert_eq!(cluster.client().start(draft), 409, "{place}");
            }
            draft
        });
        if !is_taken {
            let database = Session::open(&cluster.stores).await;
            database.change("UPDATE email_job SET touched_at = 0").await;
        }
        tokio::task::block_in_place(|| {
            let _worker = cluster.worker();
            // While somebody takes away what is left, it is to be asked again.
            cluster.until(draft, |_| cluster.client().start(draft) == 200);
            cluster.ended(draft);
            let sent_to = if is_taken { &list[..] } else { kept };
            cluster.keeps_its_word(draft, sent_to);
            assert!(
                is_taken
                    || imported
                        .iter()
                        .all(|email| cluster.caught().delivered_to(email) == 0)
            );
        });
    }
}
