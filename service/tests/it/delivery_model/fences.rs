//! The fences, each of which can be taken out.

/// A rule that keeps a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fence {
    /// No byte of a body goes before its start is durable. Without it, start and outcome are
    /// written together, after the reply.
    BodyWaitsForStart,
    /// A start is for the slice's present owner, under its present epoch.
    StartChecksEpoch,
    /// Every start raises the recipient's attempt.
    StartRaisesAttempt,
    /// A repeated start that finds its own attempt in SENDING counts as started.
    RepeatedStartCounts,
    /// An outcome is for the attempt it belongs to.
    SettleChecksAttempt,
    /// An outcome is for a row that nothing has settled yet.
    SettleChecksStatus,
    /// A withdrawal that comes late reopens the slice, should it be closed, in the transaction that
    /// takes the row from UNKNOWN back to PENDING.
    WithdrawalReopens,
    /// A reply that comes late still settles its own attempt.
    EvidenceSettlesUnknown,
    /// A message that was sent after all settles its own attempt even where the user has asked for
    /// a copy, as long as none was started.
    SentSettlesPending,
    /// A slot asks its lease's local deadline before each body.
    BodyChecksDeadline,
    /// A lease is ended only after its owner was silent for all of it.
    ExpiryWaitsForSilence,
    /// Whoever is SENDING at a takeover becomes UNKNOWN. Without it, PENDING, as job queues do.
    TakeoverLeavesUnknown,
    /// The end of a lapsed lease raises the epoch.
    ExpiryRaisesEpoch,
    /// A claim raises the epoch.
    ClaimRaisesEpoch,
    /// Only a slice that nobody holds can be claimed.
    ClaimChecksState,
    /// A slice is let go by its present owner, under its present epoch.
    ReleaseChecksEpoch,
    /// A slice is let go once nobody of it is in a slot.
    ReleaseWaitsForSlots,
    /// Whoever is still SENDING when a slice is let go becomes UNKNOWN.
    ReleaseLeavesUnknown,
    /// A slice is closed only when nobody in it is PENDING.
    CloseChecksRows,
    /// Counters move by the rows that really changed, not by what was asked for.
    CountersMoveByChangedRows,
}

/// Which fences stand.
#[derive(Clone, Debug)]
pub(super) struct Fences {
    taken_out: Vec<Fence>,
}

impl Fences {
    pub(super) fn all() -> Self {
        Self::without(&[])
    }

    pub(super) fn without(taken_out: &[Fence]) -> Self {
        Self {
            taken_out: taken_out.to_vec(),
        }
    }

    pub(super) fn stands(&self, fence: Fence) -> bool {
        !self.taken_out.contains(&fence)
    }

    /// By how much a counter rises that this fence is to raise.
    pub(super) fn raise(&self, fence: Fence) -> u8 {
        u8::from(self.stands(fence))
    }
}
