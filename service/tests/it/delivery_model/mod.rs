//! An exhaustive model of how a slice is delivered: claims, leases, fences, the journal, a server
//! that counts copies, and a storm of kills, freezes, outages, cut connections and lost replies.
//!
//! The checker walks through every interleaving there is within the storm's bounds, and asks every
//! promise of every state. With all fences in place none is broken (`with_every_fence`); and for
//! each fence there is a test that takes it out and has the checker find what it was good for
//! (`without_a_fence`).
//!
//! What the model leaves out: deferred and skipped recipients, pause and cancel, rate limits, and
//! the grouping of entries into one transaction. A late 4xx does to a row what a late withdrawal
//! does, and it is the withdrawal that stands for both here. The entries of a worker's journal are
//! committed in any order here, and repeated at any later moment, which is worse than what the
//! journal does. A transaction is taken to be atomic, as the database promises.
//!
//! To add a fence: a variant in `fences`, the line in `database` or `transition` that it guards,
//! and a test in `without_a_fence`. To add a mishap: a count in `storm`, and its action.

mod actions;
mod database;
mod fences;
mod promises;
mod state;
mod storm;
mod transition;
mod with_every_fence;
mod without_a_fence;

use std::thread::available_parallelism;

use stateright::{Checker, HasDiscoveries, Model, Property};

use self::{actions::Action, fences::Fences, state::State, storm::Storm};

const WORKERS: usize = 2;

/// Where a slice goes from hand to hand for ever, as it does without some of the fences, there is
/// no end to the states; with all of them no storm of these tests reaches this epoch.
const EPOCHS: u8 = 16;

/// A slice of so many recipients, the fences around it, and what may go wrong with it.
#[derive(Clone, Debug)]
struct DeliveryModel {
    fences: Fences,
    storm: Storm,
    recipients: usize,
}

impl Model for DeliveryModel {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(WORKERS, self.recipients, self.storm)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.progress(state, actions);
        Self::lost_replies(state, actions);
        Self::disturbances(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        self.apply(&mut next, action);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        promises::all(self.storm)
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.database.epoch <= EPOCHS
    }
}

impl DeliveryModel {
    /// Looks at every state there is, the nearest first, or until `enough` was found.
    fn check(self, enough: HasDiscoveries) -> impl Checker<Self> {
        let threads = available_parallelism().map_or(1, Into::into);
        self.checker()
            .threads(threads)
            .finish_when(enough)
            .spawn_bfs()
            .join()
    }
}
