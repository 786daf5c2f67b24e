//! With every fence in place every promise is kept, in all of these storms.

use stateright::{Checker, HasDiscoveries};

use super::{DeliveryModel, fences::Fences, storm::Storm};

/// Walks through all of a storm. At least so many `thousands` of states are there to be seen: a
/// model that lost its actions keeps every promise too.
fn every_promise_is_kept(recipients: usize, storm: Storm, thousands: usize) {
    let model = DeliveryModel {
        fences: Fences::all(),
        storm,
        recipients,
    };
    let checker = model.check(HasDiscoveries::AnyFailures);
    let states = checker.unique_state_count();
    checker.assert_properties();
    assert!(checker.is_done(), "{states} states, and more to see");
    assert!(states / 1000 >= thousands, "only {states} states");
}

#[test]
fn with_every_fence_in_place_nobody_is_written_to_twice() {
    let storm = Storm {
        kills: 1,
        freezes: 1,
        breaks: 1,
        cuts: 1,
        lost_replies: 1,
        ..Storm::default()
    };
    every_promise_is_kept(2, storm, 200);
}

#[test]
fn with_every_fence_in_place_nobody_is_lost_while_a_worker_lives() {
    let storm = Storm {
        kills: 1,
        freezes: 1,
        outages: 1,
        ..Storm::default()
    };
    every_promise_is_kept(2, storm, 100);
}

#[test]
fn with_every_fence_in_place_an_outage_breaks_no_promise() {
    let storm = Storm {
        kills: 1,
        outages: 1,
        cuts: 1,
        lost_replies: 1,
        ..Storm::default()
    };
    every_promise_is_kept(2, storm, 70);
}

#[test]
fn with_every_fence_in_place_one_recipient_stands_everything_at_once() {
    let storm = Storm {
        kills: 1,
        freezes: 1,
        outages: 1,
        breaks: 1,
        cuts: 1,
        lost_replies: 2,
        resends: 0,
    };
    every_promise_is_kept(1, storm, 200);
}

#[test]
fn with_every_fence_in_place_a_copy_that_the_user_asked_for_goes_out_once() {
    let storm = Storm {
        freezes: 1,
        outages: 1,
        lost_replies: 1,
        resends: 1,
        ..Storm::default()
    };
    every_promise_is_kept(1, storm, 50);
}

#[test]
fn with_every_fence_in_place_resending_one_disturbs_no_other() {
    let storm = Storm {
        kills: 1,
        freezes: 1,
        resends: 1,
        ..Storm::default()
    };
    every_promise_is_kept(2, storm, 50);
}

#[test]
fn with_every_fence_in_place_three_recipients_fare_no_worse() {
    let storm = Storm {
        kills: 1,
        freezes: 1,
        ..Storm::default()
    };
    every_promise_is_kept(3, storm, 50);
}
