//! What can happen next.

use super::{
    DeliveryModel,
    database::{SliceState, Status},
    fences::Fence,
    state::{State, Step, Work, Worker},
};

/// Whether a commit's reply arrived. Where it was lost the same entry is committed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Heard,
    Lost,
}

/// What the server does with an offered body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepts,
    Refuses,
    /// It accepts, and the connection is cut before its reply.
    AcceptsUnheard,
    /// The connection is cut before the whole body arrived.
    MissesIt,
}

/// A recipient in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) work: usize,
    pub(super) recipient: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Claim { worker: usize, reply: Reply },
    CommitStart { place: Place, reply: Reply },
    CheckDeadline { place: Place },
    OfferBody { place: Place },
    Serve { place: Place, verdict: Verdict },
    CommitOutcome { place: Place, reply: Reply },
    Release { work: usize, reply: Reply },
    Expire,
    Break { place: Place },
    Kill { worker: usize },
    Freeze { worker: usize },
    Thaw { worker: usize },
    Outage { work: usize },
    Resend { recipient: usize },
}

impl DeliveryModel {
    /// What Palomar and the server do when nothing is in their way.
    pub(super) fn progress(&self, state: &State, actions: &mut Vec<Action>) {
        for worker in 0..state.workers.len() {
            let may = state.is_awake(worker) && !state.has_twin_before(worker);
            if may && state.database.is_to_be_had(&self.fences) {
                actions.push(Action::Claim {
                    worker,
                    reply: Reply::Heard,
                });
            }
        }
        for (index, work) in state.works.iter().enumerate() {
            let awake = state.is_awake(work.holder.worker);
            for (recipient, step) in work.slots.iter().enumerate() {
                let place = Place {
                    work: index,
                    recipient,
                };
                if let Step::Offered(_) = step {
                    serve(state, work, place, actions);
                } else if awake {
                    actions.extend(next_step(*step, place));
                }
            }
            let over = work.is_over() || !self.fences.stands(Fence::ReleaseWaitsForSlots);
            if awake && over {
                actions.push(Action::Release {
                    work: index,
                    reply: Reply::Heard,
                });
            }
        }
        let lapsed = state.is_silent() || !self.fences.stands(Fence::ExpiryWaitsForSilence);
        if state.database.state == SliceState::Leased && state.is_anybody_awake() && lapsed {
            actions.push(Action::Expire);
        }
    }

    /// What fate and the user do.
    pub(super) fn disturbances(state: &State, actions: &mut Vec<Action>) {
        let left = state.left;
        for (worker, is) in state.workers.iter().enumerate() {
            if *is == Worker::Frozen {
                actions.push(Action::Thaw { worker });
            }
            if state.has_twin_before(worker) {
                continue;
            }
            if *is == Worker::Awake && left.freezes > 0 {
                actions.push(Action::Freeze { worker });
            }
            if *is != Worker::Dead && left.kills > 0 {
                actions.push(Action::Kill { worker });
            }
        }
        for (index, work) in state.works.iter().enumerate() {
            // Between check and body there is no time for a deadline to pass, save in a freeze.
            let in_time = state.is_awake(work.holder.worker) && work.is_between_check_and_body();
            let holds = state.database.is_held_by(work.holder);
            if left.outages > 0 && holds && !work.lapsed && !in_time {
                actions.push(Action::Outage { work: index });
            }
            for (recipient, step) in work.slots.iter().enumerate() {
                if left.breaks > 0 && matches!(step, Step::Started(_)) {
                    let place = Place {
                        work: index,
                        recipient,
                    };
                    actions.push(Action::Break { place });
                }
            }
        }
        for (recipient, row) in state.database.rows.iter().enumerate() {
            if left.resends > 0 && row.status == Status::Unknown {
                actions.push(Action::Resend { recipient });
            }
        }
    }

    /// The same commits, with their replies lost.
    pub(super) fn lost_replies(state: &State, actions: &mut Vec<Action>) {
        if state.left.lost_replies == 0 {
            return;
        }
        let lost: Vec<_> = actions
            .iter()
            .filter_map(|action| action.with_its_reply_lost())
            .collect();
        actions.extend(lost);
    }
}

impl Action {
    fn with_its_reply_lost(self) -> Option<Self> {
        let reply = Reply::Lost;
        match self {
            Self::Claim { worker, .. } => Some(Self::Claim { worker, reply }),
            Self::CommitStart { place, .. } => Some(Self::CommitStart { place, reply }),
            Self::CommitOutcome { place, .. } => Some(Self::CommitOutcome { place, reply }),
            Self::Release { work, .. } => Some(Self::Release { work, reply }),
            _ => None,
        }
    }
}

fn next_step(step: Step, place: Place) -> Option<Action> {
    let reply = Reply::Heard;
    match step {
        Step::Asked { .. } => Some(Action::CommitStart { place, reply }),
        Step::Started(_) => Some(Action::CheckDeadline { place }),
        Step::Cleared { .. } => Some(Action::OfferBody { place }),
        Step::Settling(..) => Some(Action::CommitOutcome { place, reply }),
        Step::Offered(_) | Step::Done => None,
    }
}

/// A dead worker's connection ends with it, at no cost: the server has the whole body or not.
fn serve(state: &State, work: &Work, place: Place, actions: &mut Vec<Action>) {
    let verdicts: &[Verdict] = if state.workers[work.holder.worker] == Worker::Dead {
        &[Verdict::AcceptsUnheard, Verdict::MissesIt]
    } else if state.left.cuts > 0 {
        &[
            Verdict::Accepts,
            Verdict::Refuses,
            Verdict::AcceptsUnheard,
            Verdict::MissesIt,
        ]
    } else {
        &[Verdict::Accepts, Verdict::Refuses]
    };
    for &verdict in verdicts {
        actions.push(Action::Serve { place, verdict });
    }
}
