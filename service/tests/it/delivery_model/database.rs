//! What is durable, and the transactions on it. Each is atomic; that a reply is lost, so that one
//! is repeated, is the caller's affair.

use super::fences::{Fence, Fences};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Status {
    Pending,
    Sending,
    Sent,
    Failed,
    Unknown,
}

impl Status {
    pub(super) fn has_ended(self) -> bool {
        matches!(self, Self::Sent | Self::Failed | Self::Unknown)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SliceState {
    Ready,
    Leased,
    Closed,
}

/// A recipient's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Row {
    pub(super) status: Status,
    pub(super) attempt: u8,
}

/// A slice's own counters. Signed, so that a fence taken out shows as a wrong number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Counters {
    sent: i8,
    failed: i8,
    unknown: i8,
}

impl Counters {
    /// What the rows say.
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut counters = Self::default();
        for row in rows {
            counters.add(row.status, 1);
        }
        counters
    }

    fn add(&mut self, status: Status, by: i8) {
        match status {
            Status::Sent => self.sent += by,
            Status::Failed => self.failed += by,
            Status::Unknown => self.unknown += by,
            Status::Pending | Status::Sending => {}
        }
    }
}

/// What a worker is fenced by: who it is, and under which epoch it claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Holder {
    pub(super) worker: usize,
    pub(super) epoch: u8,
}

/// What a start came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The row is SENDING under this attempt, by this transaction.
    Fresh(u8),
    /// It was already, by an earlier one whose reply was lost.
    Repeated(u8),
    Refused,
}

/// One slice, and its rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Database {
    pub(super) state: SliceState,
    pub(super) owner: Option<usize>,
    pub(super) epoch: u8,
    pub(super) takeovers: u8,
    pub(super) counters: Counters,
    pub(super) rows: Vec<Row>,
}

impl Database {
    pub(super) fn new(recipients: usize) -> Self {
        let row = Row {
            status: Status::Pending,
            attempt: 0,
        };
        Self {
            state: SliceState::Ready,
            owner: None,
            epoch: 0,
            takeovers: 0,
            counters: Counters::default(),
            rows: vec![row; recipients],
        }
    }

    pub(super) fn is_held_by(&self, holder: Holder) -> bool {
        self.state == SliceState::Leased
            && self.owner == Some(holder.worker)
            && self.epoch == holder.epoch
    }

    pub(super) fn is_to_be_had(&self, fences: &Fences) -> bool {
        self.state == SliceState::Ready
            || self.state == SliceState::Leased && !fences.stands(Fence::ClaimChecksState)
    }

    pub(super) fn claim(&mut self, fences: &Fences, worker: usize) -> Holder {
        self.state = SliceState::Leased;
        self.owner = Some(worker);
        self.epoch += fences.raise(Fence::ClaimRaisesEpoch);
        Holder {
            worker,
            epoch: self.epoch,
        }
    }

    pub(super) fn start(
        &mut self,
        fences: &Fences,
        holder: Holder,
        recipient: usize,
        seen: u8,
    ) -> Start {
        if fences.stands(Fence::StartChecksEpoch) && !self.is_held_by(holder) {
            return Start::Refused;
        }
        let attempt = seen + fences.raise(Fence::StartRaisesAttempt);
        let row = &mut self.rows[recipient];
        if row.status == Status::Pending && row.attempt == seen {
            row.status = Status::Sending;
            row.attempt = attempt;
            return Start::Fresh(attempt);
        }
        let own = row.status == Status::Sending && row.attempt == attempt;
        if own && fences.stands(Fence::RepeatedStartCounts) {
            Start::Repeated(attempt)
        } else {
            Start::Refused
        }
    }

    /// Settles a recipient's attempt to a status; PENDING when nothing can have been accepted,
    /// because it was withdrawn. That holds at any time, and so it undoes an UNKNOWN too.
    pub(super) fn settle(&mut self, fences: &Fences, recipient: usize, attempt: u8, to: Status) {
        let row = &mut self.rows[recipient];
        let own = row.attempt == attempt || !fences.stands(Fence::SettleChecksAttempt);
        let unsettled = match (row.status, to) {
            (Status::Sending, _) | (Status::Unknown, Status::Pending) => true,
            (Status::Unknown, Status::Sent | Status::Failed) => {
                fences.stands(Fence::EvidenceSettlesUnknown)
            }
            (Status::Pending, Status::Sent) => fences.stands(Fence::SentSettlesPending),
            _ => false,
        };
        let undone = row.status == Status::Unknown && to == Status::Pending;
        if own && unsettled {
            self.counters.add(row.status, -1);
            self.counters.add(to, 1);
            row.status = to;
            if undone && fences.stands(Fence::WithdrawalReopens) {
                self.reopen();
            }
        } else if own && !fences.stands(Fence::SettleChecksStatus) {
            self.counters.add(to, 1);
            row.status = to;
        } else if !fences.stands(Fence::CountersMoveByChangedRows) {
            self.counters.add(to, 1);
        }
    }

    /// Ends a lease that lapsed.
    pub(super) fn expire(&mut self, fences: &Fences) {
        self.state = SliceState::Ready;
        self.owner = None;
        self.epoch += fences.raise(Fence::ExpiryRaisesEpoch);
        self.takeovers += 1;
        self.leave(if fences.stands(Fence::TakeoverLeavesUnknown) {
            Status::Unknown
        } else {
            Status::Pending
        });
    }

    /// Lets the slice go in the state its rows are in. A holder that lost it changes nothing.
    pub(super) fn release(&mut self, fences: &Fences, holder: Holder) {
        if !self.is_held_by(holder) && fences.stands(Fence::ReleaseChecksEpoch) {
            return;
        }
        if fences.stands(Fence::ReleaseLeavesUnknown) {
            self.leave(Status::Unknown);
        }
        self.counters = Counters::of(&self.rows);
        let pending = self.rows.iter().any(|row| row.status == Status::Pending);
        self.state = if pending && fences.stands(Fence::CloseChecksRows) {
            SliceState::Ready
        } else {
            SliceState::Closed
        };
        self.owner = None;
    }

    /// The user has an UNKNOWN recipient written to once more.
    pub(super) fn resend(&mut self, recipient: usize) {
        self.counters.add(Status::Unknown, -1);
        self.rows[recipient].status = Status::Pending;
        self.reopen();
    }

    /// Somebody is PENDING again. Who holds the slice need not know of it: a release counts rows.
    fn reopen(&mut self) {
        if self.state == SliceState::Closed {
            self.state = SliceState::Ready;
        }
    }

    fn leave(&mut self, to: Status) {
        for row in &mut self.rows {
            if row.status == Status::Sending {
                row.status = to;
                self.counters.add(to, 1);
            }
        }
    }
}
