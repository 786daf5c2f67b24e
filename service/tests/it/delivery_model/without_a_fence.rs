//! Each fence is there for a reason: taken out, a promise is broken.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries};

use super::{
    DeliveryModel,
    fences::{Fence, Fences},
    promises::{
        self, COUNTERS_ARE_TRUE, EVIDENCE_SETTLES, GIVEN_UP_FOR_GOOD, NOBODY_TWICE, NOTHING_LOST,
        ROWS_ARE_TRUE, UNKNOWN_ARE_FEW,
    },
    storm::Storm,
};

const CALM: Storm = Storm {
    kills: 0,
    freezes: 0,
    outages: 0,
    breaks: 0,
    cuts: 0,
    lost_replies: 0,
    resends: 0,
};

/// All that happens to one recipient at once.
const EVERYTHING: Storm = Storm {
    kills: 1,
    freezes: 1,
    outages: 1,
    breaks: 1,
    cuts: 1,
    lost_replies: 1,
    resends: 0,
};

/// The checker finds a way to break this promise.
fn breaks(taken_out: Fence, recipients: usize, storm: Storm, promise: &'static str) {
    let model = DeliveryModel {
        fences: Fences::without(&[taken_out]),
        storm,
        recipients,
    };
    let checker = model.check(HasDiscoveries::AnyOf(BTreeSet::from([promise])));
    assert!(
        checker.discovery(promise).is_some(),
        "{promise}: so it is in all {} states",
        checker.unique_state_count()
    );
}

/// The checker looks at everything, and finds a way to break these promises and no other.
fn breaks_only(taken_out: &[Fence], recipients: usize, storm: Storm, promises: &[&'static str]) {
    let model = DeliveryModel {
        fences: Fences::without(taken_out),
        storm,
        recipients,
    };
    let checker = model.check(HasDiscoveries::All);
    let broken: BTreeSet<_> = promises::names()
        .filter(|promise| checker.discovery(promise).is_some())
        .collect();
    assert_eq!(broken, promises.iter().copied().collect());
}

#[test]
fn a_body_that_goes_before_its_start_is_durable_goes_again_after_a_kill() {
    let storm = Storm { kills: 1, ..CALM };
    breaks(Fence::BodyWaitsForStart, 1, storm, NOBODY_TWICE);
}

/// Its repeated start finds the new owner's attempt and takes it for its own; with the lease's
/// deadline passed it then withdraws what the new owner is sending. That the server took it would
/// put this right, but for a cut connection: then nobody knows.
#[test]
fn without_the_epoch_a_frozen_worker_starts_a_message_again() {
    let storm = Storm {
        freezes: 1,
        cuts: 1,
        ..CALM
    };
    breaks(Fence::StartChecksEpoch, 1, storm, NOBODY_TWICE);
}

/// A withdrawal whose reply was lost is repeated while its recipient is on the wire once more; and
/// where the connection is cut, nothing contradicts it.
#[test]
fn where_a_start_does_not_raise_the_attempt_old_evidence_settles_a_new_one() {
    let storm = Storm {
        outages: 1,
        lost_replies: 1,
        ..CALM
    };
    breaks(Fence::StartRaisesAttempt, 1, storm, ROWS_ARE_TRUE);
    let storm = Storm { cuts: 1, ..storm };
    breaks(Fence::StartRaisesAttempt, 1, storm, NOBODY_TWICE);
}

#[test]
fn without_the_attempt_old_evidence_settles_a_new_one() {
    let storm = Storm {
        outages: 1,
        lost_replies: 1,
        ..CALM
    };
    breaks(Fence::SettleChecksAttempt, 1, storm, ROWS_ARE_TRUE);
    let storm = Storm { cuts: 1, ..storm };
    breaks(Fence::SettleChecksAttempt, 1, storm, NOBODY_TWICE);
}

#[test]
fn without_the_attempt_evidence_from_before_a_resend_settles_the_copy() {
    let storm = Storm {
        freezes: 1,
        resends: 1,
        ..CALM
    };
    breaks(Fence::SettleChecksAttempt, 1, storm, ROWS_ARE_TRUE);
}

/// Not a matter of safety: without it a message that was never offered is given up as UNKNOWN,
/// though nothing worse happened than that a reply was lost.
#[test]
fn a_start_that_does_not_know_itself_again_leaves_somebody_unknown_for_nothing() {
    let storm = Storm {
        lost_replies: 1,
        ..CALM
    };
    breaks(Fence::RepeatedStartCounts, 1, storm, UNKNOWN_ARE_FEW);
    let only = [UNKNOWN_ARE_FEW];
    breaks_only(&[Fence::RepeatedStartCounts], 1, EVERYTHING, &only);
}

#[test]
fn an_outcome_that_settles_what_is_settled_is_counted_twice() {
    let storm = Storm {
        lost_replies: 1,
        ..CALM
    };
    breaks(Fence::SettleChecksStatus, 1, storm, COUNTERS_ARE_TRUE);
}

/// The slice may be closed by then, with its recipient UNKNOWN; and nobody looks into a closed
/// slice for one who is PENDING.
#[test]
fn a_late_withdrawal_that_leaves_its_slice_closed_loses_somebody() {
    let storm = Storm { freezes: 1, ..CALM };
    breaks(Fence::WithdrawalReopens, 1, storm, NOTHING_LOST);
    let only = [NOTHING_LOST];
    breaks_only(&[Fence::WithdrawalReopens], 1, EVERYTHING, &only);
}

#[test]
fn a_reply_that_may_not_come_late_leaves_doubt_that_was_settled() {
    let storm = Storm { freezes: 1, ..CALM };
    breaks(Fence::EvidenceSettlesUnknown, 1, storm, EVIDENCE_SETTLES);
    let only = [EVIDENCE_SETTLES];
    breaks_only(&[Fence::EvidenceSettlesUnknown], 1, EVERYTHING, &only);
}

/// The user has allowed the second copy, so that nobody is written to in silence; but it is known
/// to be needless before it is made.
#[test]
fn a_late_reply_that_cannot_settle_a_pending_resend_has_a_needless_copy_sent() {
    let storm = Storm {
        freezes: 1,
        resends: 1,
        ..CALM
    };
    breaks(Fence::SentSettlesPending, 1, storm, EVIDENCE_SETTLES);
    let storm = Storm {
        outages: 1,
        ..storm
    };
    let only = [EVIDENCE_SETTLES];
    breaks_only(&[Fence::SentSettlesPending], 1, storm, &only);
}

/// Not a matter of safety either: at a takeover the row became UNKNOWN, and nobody else sends it.
/// But a user who was told that a message is given up, and who treats it as sent or asks for a
/// copy, is not to see it leave after that. Only a worker that freezes in the instant between the
/// check and the body can still do it.
#[test]
fn without_the_deadline_a_worker_sends_what_was_taken_from_it() {
    let storm = Storm { outages: 1, ..CALM };
    breaks(Fence::BodyChecksDeadline, 1, storm, GIVEN_UP_FOR_GOOD);
    let only = [GIVEN_UP_FOR_GOOD];
    breaks_only(&[Fence::BodyChecksDeadline], 1, EVERYTHING, &only);
}

#[test]
fn a_lease_that_is_ended_while_its_owner_lives_leaves_somebody_unknown_for_nothing() {
    breaks(Fence::ExpiryWaitsForSilence, 1, CALM, UNKNOWN_ARE_FEW);
}

#[test]
fn a_takeover_that_sends_whatever_was_under_way_sends_twice() {
    let storm = Storm { kills: 1, ..CALM };
    breaks(Fence::TakeoverLeavesUnknown, 1, storm, NOBODY_TWICE);
}

/// A release whose reply was lost is repeated, and lets go what its worker has claimed since; and
/// of two claims of one worker, the earlier one's starts pass for those of the later one.
#[test]
fn a_claim_that_keeps_the_epoch_is_mistaken_for_the_one_before() {
    let storm = Storm {
        outages: 1,
        lost_replies: 1,
        ..CALM
    };
    breaks(Fence::ClaimRaisesEpoch, 1, storm, UNKNOWN_ARE_FEW);
    breaks(Fence::ClaimRaisesEpoch, 1, storm, NOBODY_TWICE);
}

/// The claim's raise is enough: until then the slice has no owner, so no fence lets anybody
/// through. The expiry's own is a second net, of use only where the claim's is missing.
#[test]
fn the_epoch_need_not_rise_at_expiry_as_long_as_it_rises_at_the_claim() {
    breaks_only(&[Fence::ExpiryRaisesEpoch], 1, EVERYTHING, &[]);
}

#[test]
fn a_slice_that_is_claimed_from_its_owner_leaves_somebody_unknown_for_nothing() {
    breaks(Fence::ClaimChecksState, 1, CALM, UNKNOWN_ARE_FEW);
}

#[test]
fn a_frozen_worker_that_lets_go_what_is_anothers_leaves_somebody_unknown_for_nothing() {
    let storm = Storm { freezes: 1, ..CALM };
    breaks(Fence::ReleaseChecksEpoch, 1, storm, UNKNOWN_ARE_FEW);
}

#[test]
fn a_slice_let_go_with_messages_in_its_slots_leaves_somebody_unknown_for_nothing() {
    breaks(Fence::ReleaseWaitsForSlots, 1, CALM, UNKNOWN_ARE_FEW);
}

/// A second net: nothing is SENDING any more when a worker lets go, as long as a repeated start
/// knows itself again. Where it does not, this is what keeps its recipient from being lost.
#[test]
fn a_release_meets_nobody_sending_unless_a_start_was_not_known_again() {
    let release = Fence::ReleaseLeavesUnknown;
    breaks_only(&[release], 1, EVERYTHING, &[]);
    let both = [release, Fence::RepeatedStartCounts];
    breaks_only(&both, 1, EVERYTHING, &[NOTHING_LOST]);
}

#[test]
fn a_slice_closed_over_somebody_pending_loses_them() {
    let storm = Storm { outages: 1, ..CALM };
    breaks(Fence::CloseChecksRows, 1, storm, NOTHING_LOST);
    breaks_only(&[Fence::CloseChecksRows], 1, EVERYTHING, &[NOTHING_LOST]);
}

#[test]
fn counters_that_move_by_what_was_asked_for_count_a_lost_reply_twice() {
    let storm = Storm {
        lost_replies: 1,
        ..CALM
    };
    let fence = Fence::CountersMoveByChangedRows;
    breaks(fence, 1, storm, COUNTERS_ARE_TRUE);
    breaks_only(&[fence], 1, EVERYTHING, &[COUNTERS_ARE_TRUE]);
}
