//! What may go wrong, and how often: the bounds of the model.

/// How often each thing may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Storm {
    /// A worker's process ends.
    pub(super) kills: u8,
    /// A worker stops between any two of its steps; it may thaw at any later moment.
    pub(super) freezes: u8,
    /// A worker cannot renew for a whole lease.
    pub(super) outages: u8,
    /// A connection breaks before the dot.
    pub(super) breaks: u8,
    /// A connection is cut after the dot.
    pub(super) cuts: u8,
    /// A transaction is committed and its reply lost, so that it is repeated.
    pub(super) lost_replies: u8,
    /// The user asks for another copy.
    pub(super) resends: u8,
}
