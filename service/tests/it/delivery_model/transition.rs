//! What an action makes of a state.

use super::{
    DeliveryModel,
    actions::{Action, Place, Reply, Verdict},
    database::{Start, Status},
    fences::Fence,
    state::{Message, Outcome, State, Step, Work, Worker},
};

impl DeliveryModel {
    pub(super) fn apply(&self, state: &mut State, action: Action) {
        match action {
            Action::Claim { worker, reply } => self.claim(state, worker, reply),
            Action::CommitStart { place, reply } => self.commit_start(state, place, reply),
            Action::CheckDeadline { place } => self.check_deadline(state, place),
            Action::OfferBody { place } => offer_body(state, place),
            Action::Serve { place, verdict } => serve(state, place, verdict),
            Action::CommitOutcome { place, reply } => self.commit_outcome(state, place, reply),
            Action::Release { work, reply } => self.release(state, work, reply),
            Action::Expire => self.expire(state),
            Action::Break { place } => {
                state.left.breaks -= 1;
                if let Step::Started(message) = step(state, place) {
                    set(state, place, Step::Settling(message, Outcome::Again));
                }
            }
            Action::Kill { worker } => kill(state, worker),
            Action::Freeze { worker } => freeze(state, worker),
            Action::Thaw { worker } => state.workers[worker] = Worker::Awake,
            Action::Outage { work } => {
                state.left.outages -= 1;
                state.works[work].lapsed = true;
            }
            Action::Resend { recipient } => {
                state.left.resends -= 1;
                state.witnesses[recipient].consents += 1;
                state.database.resend(recipient);
            }
        }
        state.tidy(&self.fences);
    }

    /// A claim whose reply is lost is nobody's: repeated, it finds the slice taken.
    fn claim(&self, state: &mut State, worker: usize, reply: Reply) {
        let holder = state.database.claim(&self.fences, worker);
        let slots = state.database.rows.iter().map(|row| match row.status {
            Status::Pending => Step::Asked { seen: row.attempt },
            _ => Step::Done,
        });
        let slots = slots.collect();
        if heard(state, reply) {
            state.works.push(Work {
                holder,
                lapsed: false,
                slots,
            });
        }
    }

    fn commit_start(&self, state: &mut State, place: Place, reply: Reply) {
        let Step::Asked { seen } = step(state, place) else {
            return;
        };
        let started = if self.fences.stands(Fence::BodyWaitsForStart) {
            self.start(state, place, seen)
        } else {
            // Nothing is written yet.
            state.witnesses[place.recipient].begin();
            Start::Fresh(seen + self.fences.raise(Fence::StartRaisesAttempt))
        };
        if heard(state, reply) {
            go_on(state, place, started);
        }
    }

    fn start(&self, state: &mut State, place: Place, seen: u8) -> Start {
        let holder = state.works[place.work].holder;
        let started = state
            .database
            .start(&self.fences, holder, place.recipient, seen);
        if let Start::Fresh(_) = started {
            state.witnesses[place.recipient].begin();
        }
        started
    }

    fn check_deadline(&self, state: &mut State, place: Place) {
        let Step::Started(message) = step(state, place) else {
            return;
        };
        let passed = state.works[place.work].lapsed;
        let next = if passed && self.fences.stands(Fence::BodyChecksDeadline) {
            Step::Settling(message, Outcome::Withdrawn)
        } else {
            Step::Cleared {
                message,
                slept: false,
            }
        };
        set(state, place, next);
    }

    fn commit_outcome(&self, state: &mut State, place: Place, reply: Reply) {
        let Step::Settling(message, outcome) = step(state, place) else {
            return;
        };
        if !self.fences.stands(Fence::BodyWaitsForStart) {
            let holder = state.works[place.work].holder;
            let seen = message.attempt - self.fences.raise(Fence::StartRaisesAttempt);
            state
                .database
                .start(&self.fences, holder, place.recipient, seen);
        }
        let status = match outcome {
            Outcome::Sent => Status::Sent,
            Outcome::Failed => Status::Failed,
            Outcome::Unknown => Status::Unknown,
            Outcome::Withdrawn | Outcome::Again => Status::Pending,
        };
        state
            .database
            .settle(&self.fences, place.recipient, message.attempt, status);
        state.witnesses[place.recipient].fates[message.fate].told |= outcome != Outcome::Unknown;
        let again = (outcome == Outcome::Again).then(|| self.start(state, place, message.attempt));
        if heard(state, reply) {
            go_on(state, place, again.unwrap_or(Start::Refused));
        }
    }

    fn release(&self, state: &mut State, work: usize, reply: Reply) {
        let holder = state.works[work].holder;
        state.database.release(&self.fences, holder);
        if heard(state, reply) && state.works[work].is_over() {
            state.works.remove(work);
        }
    }

    fn expire(&self, state: &mut State) {
        if state.is_silent() {
            for (row, witness) in state.database.rows.iter().zip(&mut state.witnesses) {
                if let (Status::Sending, Some(fate)) = (row.status, witness.fates.last_mut()) {
                    fate.excused = true;
                }
            }
            // Counted from before the last renewal was asked for, the owner's own deadline is the
            // earlier one: a frozen owner finds it passed when it thaws.
            for work in &mut state.works {
                work.lapsed |= state.database.is_held_by(work.holder);
            }
        }
        state.database.expire(&self.fences);
    }
}

fn heard(state: &mut State, reply: Reply) -> bool {
    if reply == Reply::Lost {
        state.left.lost_replies -= 1;
    }
    reply == Reply::Heard
}

/// A start that was granted goes on, one that was refused is given up.
fn go_on(state: &mut State, place: Place, started: Start) {
    let fate = state.witnesses[place.recipient]
        .fates
        .len()
        .saturating_sub(1);
    let next = match started {
        Start::Fresh(attempt) | Start::Repeated(attempt) => {
            Step::Started(Message { attempt, fate })
        }
        Start::Refused => Step::Done,
    };
    set(state, place, next);
}

fn offer_body(state: &mut State, place: Place) {
    let Step::Cleared { message, slept } = step(state, place) else {
        return;
    };
    let row = state.database.rows[place.recipient];
    let given_up = row.status != Status::Sending || row.attempt != message.attempt;
    state.witnesses[place.recipient].fates[message.fate].belated |= given_up && !slept;
    set(state, place, Step::Offered(message));
}

fn serve(state: &mut State, place: Place, verdict: Verdict) {
    let Step::Offered(message) = step(state, place) else {
        return;
    };
    let worker = state.works[place.work].holder.worker;
    let fate = &mut state.witnesses[place.recipient].fates[message.fate];
    match verdict {
        Verdict::Accepts | Verdict::AcceptsUnheard => fate.accepted += 1,
        Verdict::Refuses => fate.refused += 1,
        Verdict::MissesIt => {}
    }
    let outcome = match verdict {
        Verdict::Accepts => Outcome::Sent,
        Verdict::Refuses => Outcome::Failed,
        Verdict::AcceptsUnheard | Verdict::MissesIt => Outcome::Unknown,
    };
    if state.workers[worker] == Worker::Dead {
        return set(state, place, Step::Done);
    }
    if outcome == Outcome::Unknown {
        fate.excused = true;
        state.left.cuts -= 1;
    }
    set(state, place, Step::Settling(message, outcome));
}

/// What a dead worker had in its slots is gone, save for what is on the wire.
fn kill(state: &mut State, worker: usize) {
    state.left.kills -= 1;
    state.workers[worker] = Worker::Dead;
    for work in &mut state.works {
        if work.holder.worker == worker {
            for step in &mut work.slots {
                if !matches!(step, Step::Offered(_)) {
                    *step = Step::Done;
                }
            }
        }
    }
}

fn freeze(state: &mut State, worker: usize) {
    state.left.freezes -= 1;
    state.workers[worker] = Worker::Frozen;
    for work in &mut state.works {
        if work.holder.worker == worker {
            for step in &mut work.slots {
                if let Step::Cleared { slept, .. } = step {
                    *slept = true;
                }
            }
        }
    }
}

fn step(state: &State, place: Place) -> Step {
    state.works[place.work].slots[place.recipient]
}

fn set(state: &mut State, place: Place, step: Step) {
    state.works[place.work].slots[place.recipient] = step;
}
