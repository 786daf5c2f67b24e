//! The promises, each of them asked of every state.

use stateright::Property;

use super::{
    DeliveryModel, EPOCHS,
    database::{Counters, SliceState, Status},
    state::{Fate, State, Witness},
    storm::Storm,
};

pub(super) const NOBODY_TWICE: &str = "nobody is written to twice in silence";
pub(super) const ROWS_ARE_TRUE: &str = "a row says what became of its message";
pub(super) const COUNTERS_ARE_TRUE: &str = "the counters are what the rows say";
pub(super) const NOTHING_LOST: &str = "nobody is lost";
pub(super) const UNKNOWN_ARE_FEW: &str = "only what was in flight when something broke is unknown";
pub(super) const EVIDENCE_SETTLES: &str = "evidence settles doubt";
pub(super) const GIVEN_UP_FOR_GOOD: &str = "nobody given up is written to by a worker awake";
/// Not a promise: where it holds, the whole space was looked at.
pub(super) const BOUND_IS_WIDE: &str = "the bound on epochs cuts nothing off";

/// All of them. The last few only show that the model is alive.
pub(super) fn all(storm: Storm) -> Vec<Property<DeliveryModel>> {
    let mut properties = vec![
        Property::always(NOBODY_TWICE, |_, state| everybody(state, once_a_consent)),
        Property::always(ROWS_ARE_TRUE, |_, state| everybody(state, true_row)),
        Property::always(COUNTERS_ARE_TRUE, |_, state: &State| {
            state.database.counters == Counters::of(&state.database.rows)
        }),
        Property::always(NOTHING_LOST, nothing_lost),
        Property::always(UNKNOWN_ARE_FEW, unknown_are_few),
        Property::always(EVIDENCE_SETTLES, |_, state| everybody(state, settled)),
        Property::always(GIVEN_UP_FOR_GOOD, |_, state| everybody(state, for_good)),
        Property::always(BOUND_IS_WIDE, |_, state: &State| {
            state.database.epoch < EPOCHS
        }),
        Property::sometimes("everybody is sent", |_, state: &State| {
            let mut rows = state.database.rows.iter();
            state.database.state == SliceState::Closed && rows.all(|row| row.status == Status::Sent)
        }),
    ];
    if storm.freezes + storm.outages > 0 {
        properties.push(Property::sometimes(
            "a late reply settles doubt",
            |_, state| everybody(state, settled_late),
        ));
        properties.push(Property::sometimes(
            "whoever is withdrawn late is sent after all",
            |_, state| somebody(state, sent_after_all),
        ));
    }
    if storm.resends > 0 {
        properties.push(Property::sometimes(
            "a user has a second copy sent",
            |_, state: &State| {
                let mut witnesses = state.witnesses.iter();
                witnesses.any(|witness| witness.copies(0) == 1 && witness.copies(1) == 1)
            },
        ));
    }
    if storm.resends > 0 && storm.freezes + storm.outages > 0 {
        properties.push(Property::sometimes(
            "a late reply makes a copy needless",
            |_, state| somebody(state, spared),
        ));
    }
    properties
}

/// The names of the promises.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    [
        NOBODY_TWICE,
        ROWS_ARE_TRUE,
        COUNTERS_ARE_TRUE,
        NOTHING_LOST,
        UNKNOWN_ARE_FEW,
        EVIDENCE_SETTLES,
        GIVEN_UP_FOR_GOOD,
    ]
    .into_iter()
}

fn everybody(state: &State, holds: fn(Status, &Witness) -> bool) -> bool {
    let rows = state.database.rows.iter();
    rows.zip(&state.witnesses)
        .all(|(row, witness)| holds(row.status, witness))
}

fn somebody(state: &State, is: fn(Status, &Witness) -> bool) -> bool {
    let rows = state.database.rows.iter();
    rows.zip(&state.witnesses)
        .any(|(row, witness)| is(row.status, witness))
}

/// A second copy needs the user's leave, and a third one the user's leave again.
fn once_a_consent(_: Status, witness: &Witness) -> bool {
    (0..=witness.consents).all(|consents| witness.copies(consents) <= 1)
}

/// Once the last start's outcome is known nobody is in doubt; and where it was sent nobody is to
/// be sent another, not even when a copy was asked for while it was in doubt.
fn settled(status: Status, witness: &Witness) -> bool {
    let last = witness.fates.last().filter(|fate| fate.told);
    match status {
        Status::Unknown => last.is_none(),
        Status::Pending => last.is_none_or(|fate| fate.accepted == 0),
        Status::Sending | Status::Sent | Status::Failed => true,
    }
}

fn settled_late(status: Status, witness: &Witness) -> bool {
    let excused = witness.fates.last().is_some_and(|fate| fate.excused);
    status == Status::Sent && excused
}

/// At a takeover it became UNKNOWN, was withdrawn only then, and claimed and sent thereafter.
fn sent_after_all(status: Status, witness: &Witness) -> bool {
    let withdrawn = |fate: &Fate| fate.excused && fate.told && fate.accepted + fate.refused == 0;
    status == Status::Sent && witness.fates.iter().any(withdrawn)
}

/// The copy that the user asked for was never made.
fn spared(status: Status, witness: &Witness) -> bool {
    status == Status::Sent && witness.copies(witness.consents) == 0
}

fn for_good(_: Status, witness: &Witness) -> bool {
    !witness.fates.iter().any(|fate| fate.belated)
}

fn true_row(status: Status, witness: &Witness) -> bool {
    let last = witness.fates.last();
    match status {
        Status::Sent => last.is_some_and(|fate| fate.accepted > 0),
        Status::Failed => last.is_some_and(|fate| fate.refused > 0),
        // Whoever claims it next sends it. So nothing may have been accepted, but for what the
        // user knew of when asking for another copy.
        Status::Pending => witness.copies(witness.consents) == 0,
        Status::Sending | Status::Unknown => true,
    }
}

/// A closed slice is at its end, and where nobody can do anything any more it is closed. It need
/// not wait for a frozen worker to thaw. Every action brings something forward or spends some of
/// the storm, so that there is no other way to never end.
fn nothing_lost(model: &DeliveryModel, state: &State) -> bool {
    let ended = state.database.rows.iter().all(|row| row.status.has_ended());
    if state.database.state == SliceState::Closed {
        return ended;
    }
    let mut actions = Vec::new();
    model.progress(state, &mut actions);
    !actions.is_empty() || !state.is_anybody_awake()
}

/// Each of them has its excuse; and so there are no more than takeovers, each with a window of
/// them, and cuts.
fn unknown_are_few(model: &DeliveryModel, state: &State) -> bool {
    let rows = &state.database.rows;
    let unknown = rows.iter().filter(|row| row.status == Status::Unknown);
    let cuts = usize::from(model.storm.cuts - state.left.cuts);
    let bound = usize::from(state.database.takeovers) * rows.len() + cuts;
    let excused = everybody(state, |status, witness| {
        let excused = witness.fates.last().is_some_and(|fate| fate.excused);
        status != Status::Unknown || excused
    });
    excused && unknown.count() <= bound
}
