//! Both status machines, on random ways through them.

use domain::{campaign::CampaignStatus, recipient::RecipientStatus};
use proptest::prelude::*;

/// The ways somebody goes who tries one status after the other and takes each that is allowed.
fn way<S: Copy>(from: S, tries: &[S], may: impl Fn(S, S) -> bool) -> Vec<S> {
    let mut way = vec![from];
    for &next in tries {
        let here = way[way.len() - 1];
        if may(here, next) {
            way.push(next);
        }
    }
    way
}

fn recipients() -> impl Strategy<Value = Vec<RecipientStatus>> {
    let any = proptest::sample::select(RecipientStatus::ALL.to_vec());
    proptest::collection::vec(any, 0..60).prop_map(|tries| {
        way(
            RecipientStatus::Pending,
            &tries,
            RecipientStatus::may_become,
        )
    })
}

fn campaigns() -> impl Strategy<Value = Vec<CampaignStatus>> {
    let any = proptest::sample::select(CampaignStatus::ALL.to_vec());
    proptest::collection::vec(any, 0..60)
        .prop_map(|tries| way(CampaignStatus::Draft, &tries, CampaignStatus::may_become))
}

proptest! {
    #[test]
    fn nobody_is_sent_to_again_without_having_been_pending_or_deferred(way in recipients()) {
        use RecipientStatus::{Deferred, Pending, Sending};
        for step in way.windows(2) {
            if step[1] == Sending {
                prop_assert!(matches!(step[0], Pending | Deferred), "{way:?}");
            }
        }
    }

    #[test]
    fn whoever_may_have_got_the_message_is_pending_again_only_by_way_of_a_person_or_evidence(
        way in recipients(),
    ) {
        use RecipientStatus::{Failed, Pending, Sending, Sent, Unknown};
        for step in way.windows(2) {
            if step[1] == Pending {
                prop_assert!(matches!(step[0], Sending | Unknown | Failed), "{way:?}");
            }
            if step[0] == Sent {
                prop_assert_eq!(step[1], Failed, "only a bounce takes SENT back");
            }
        }
    }

    #[test]
    fn from_wherever_a_recipient_is_it_can_come_to_an_end(way in recipients()) {
        let mut reached = vec![way[way.len() - 1]];
        for _ in RecipientStatus::ALL {
            for next in RecipientStatus::ALL {
                if reached.iter().any(|here| here.may_become(next)) && !reached.contains(&next) {
                    reached.push(next);
                }
            }
        }
        prop_assert!(reached.iter().any(|status| status.has_ended()), "{way:?}");
    }

    #[test]
    fn a_campaign_sends_only_after_it_was_started_and_never_after_it_was_cancelled(
        way in campaigns(),
    ) {
        use CampaignStatus::{Cancelled, Cancelling, Pending, Processing};
        let first = |status| way.iter().position(|known| *known == status);
        if let Some(sends) = first(Processing) {
            // Paused before anybody had taken it up it goes on from there.
            prop_assert!(first(Pending).is_some_and(|started| started < sends), "{way:?}");
        }
        if let Some(cancelled) = first(Cancelling) {
            let after = &way[cancelled + 1..];
            prop_assert!(after.iter().all(|status| *status == Cancelled), "{way:?}");
        }
    }

    #[test]
    fn what_was_started_is_never_changed_again(way in campaigns()) {
        let started = way.iter().position(|status| !status.is_editable());
        if let Some(started) = started {
            prop_assert!(way[started..].iter().all(|status| !status.is_editable()), "{way:?}");
        }
    }
}
