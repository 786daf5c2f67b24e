//! One moment of the whole: database, workers, what is on the wire, and what really happened.

use super::{
    database::{Database, Holder, Row},
    fences::{Fence, Fences},
    storm::Storm,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Worker {
    Awake,
    /// It does nothing, and notices nothing, until it thaws.
    Frozen,
    Dead,
}

/// A message whose start was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Message {
    /// The fence of its outcome.
    pub(super) attempt: u8,
    /// Its place among the recipient's fates.
    pub(super) fate: usize,
}

/// What a slot learned of a message, on its way to the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Outcome {
    Sent,
    Failed,
    /// The connection was cut after the dot.
    Unknown,
    /// Nothing was offered, and it goes back.
    Withdrawn,
    /// The same, and it is started once more, in the same transaction.
    Again,
}

/// How far a recipient has come in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Step {
    /// A start is with the journal, for a row that was `seen` at this attempt.
    Asked {
        seen: u8,
    },
    Started(Message),
    /// The deadline was asked and held; `slept` when the worker froze between that and the body.
    Cleared {
        message: Message,
        slept: bool,
    },
    /// Body and dot are on their way, whatever becomes of the worker.
    Offered(Message),
    /// An outcome is with the journal.
    Settling(Message, Outcome),
    Done,
}

/// A claim, as its worker believes in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Work {
    pub(super) holder: Holder,
    /// Whether the local deadline has passed.
    pub(super) lapsed: bool,
    /// A step for each recipient.
    pub(super) slots: Vec<Step>,
}

impl Work {
    pub(super) fn is_over(&self) -> bool {
        self.slots.iter().all(|step| *step == Step::Done)
    }

    /// Drops the starts that are still with the journal, where they can only be refused.
    fn give_up_starts(&mut self) {
        for step in &mut self.slots {
            if matches!(step, Step::Asked { .. }) {
                *step = Step::Done;
            }
        }
    }

    /// Whether a body may go at this very moment.
    pub(super) fn is_between_check_and_body(&self) -> bool {
        self.slots
            .iter()
            .any(|step| matches!(step, Step::Cleared { .. }))
    }
}

/// What really became of one start. No part of Palomar can see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Fate {
    /// How often the user had asked for another copy when it began.
    pub(super) consents: u8,
    pub(super) accepted: u8,
    pub(super) refused: u8,
    /// Its connection was cut after the dot, or its owner's lease lapsed while it was in flight.
    pub(super) excused: bool,
    /// What became of it reached the database: the server's reply, or that nothing was offered.
    pub(super) told: bool,
    /// A worker that had not slept offered it after its row had been given up.
    pub(super) belated: bool,
}

/// All that really happened to a recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Witness {
    pub(super) consents: u8,
    pub(super) fates: Vec<Fate>,
}

impl Witness {
    /// Takes note of a start.
    pub(super) fn begin(&mut self) {
        self.fates.push(Fate {
            consents: self.consents,
            ..Fate::default()
        });
    }

    /// How many copies the server took with the user's leave of that time.
    pub(super) fn copies(&self, consents: u8) -> u8 {
        self.fates
            .iter()
            .filter(|fate| fate.consents == consents)
            .map(|fate| fate.accepted)
            .sum()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) database: Database,
    pub(super) workers: Vec<Worker>,
    /// In the order of their claims. A worker that lost its lease may claim the slice again while
    /// messages of the earlier claim are still in its slots.
    pub(super) works: Vec<Work>,
    /// One for each recipient.
    pub(super) witnesses: Vec<Witness>,
    /// What may still go wrong.
    pub(super) left: Storm,
}

impl State {
    pub(super) fn new(workers: usize, recipients: usize, storm: Storm) -> Self {
        Self {
            database: Database::new(recipients),
            workers: vec![Worker::Awake; workers],
            works: Vec::new(),
            witnesses: vec![Witness::default(); recipients],
            left: storm,
        }
    }

    pub(super) fn is_awake(&self, worker: usize) -> bool {
        self.workers[worker] == Worker::Awake
    }

    pub(super) fn is_anybody_awake(&self) -> bool {
        self.workers.contains(&Worker::Awake)
    }

    /// Whether an earlier worker could do the same in this one's stead: both are awake and have
    /// nothing to do with the slice. Workers are alike, so that only one of them need be tried.
    pub(super) fn has_twin_before(&self, worker: usize) -> bool {
        self.is_idle(worker) && (0..worker).any(|other| self.is_idle(other))
    }

    fn is_idle(&self, worker: usize) -> bool {
        self.is_awake(worker)
            && self.database.owner != Some(worker)
            && !self.works.iter().any(|work| work.holder.worker == worker)
    }

    /// Whether nobody has renewed the present lease for all of its length: its owner is dead or
    /// frozen, or its own deadline has passed, which it does earlier than any observer's.
    pub(super) fn is_silent(&self) -> bool {
        !self.works.iter().any(|work| {
            self.database.is_held_by(work.holder)
                && self.is_awake(work.holder.worker)
                && !work.lapsed
        })
    }

    /// Forgets claims of which nothing can come any more, and puts the recipients, who are alike,
    /// in one order, so that states that differ only by it are looked at once.
    pub(super) fn tidy(&mut self, fences: &Fences) {
        let epoch = self.database.epoch;
        let may_start =
            !fences.stands(Fence::BodyWaitsForStart) || !fences.stands(Fence::StartChecksEpoch);
        let may_release = !fences.stands(Fence::ReleaseChecksEpoch);
        // An epoch never comes again: whoever claimed under an earlier one is refused for good.
        for work in &mut self.works {
            if !may_start && work.holder.epoch < epoch {
                work.give_up_starts();
            }
        }
        let workers = &self.workers;
        self.works.retain(|work| {
            let may_release = may_release || work.holder.epoch == epoch;
            !work.is_over() || may_release && workers[work.holder.worker] != Worker::Dead
        });
        let mut order: Vec<_> = (0..self.witnesses.len()).collect();
        order.sort_by_cached_key(|&recipient| self.recipient(recipient));
        self.database.rows = in_order(&order, &self.database.rows);
        self.witnesses = in_order(&order, &self.witnesses);
        for work in &mut self.works {
            work.slots = in_order(&order, &work.slots);
        }
    }

    /// All there is to say of one recipient.
    fn recipient(&self, recipient: usize) -> (Row, Witness, Vec<Step>) {
        let steps = self.works.iter().map(|work| work.slots[recipient]);
        (
            self.database.rows[recipient],
            self.witnesses[recipient].clone(),
            steps.collect(),
        )
    }
}

fn in_order<T: Clone>(order: &[usize], of: &[T]) -> Vec<T> {
    order.iter().map(|&position| of[position].clone()).collect()
}
