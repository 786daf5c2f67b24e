//! How many may be UNKNOWN after what happened: (kills + lapsed leases) × window + connections cut
//! after the dot.

use std::time::Duration;

/// Connections of each process that sends.
pub(crate) const CONNECTIONS: u64 = 5;
/// As many of its recipients may be on their way.
pub(crate) const WINDOW: u64 = 2 * CONNECTIONS;
pub(crate) const LEASE: Duration = Duration::from_secs(3);

/// What happened that may leave somebody UNKNOWN.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Exposure {
    /// Processes that were killed while they could send.
    pub(crate) kills: u64,
    /// Leases that may have lapsed, one for each process however many slices it held.
    pub(crate) lapses: u64,
    /// Connections broken off while a reply may have been due.
    pub(crate) cuts: u64,
}

impl Exposure {
    pub(crate) fn bound(&self) -> u64 {
        (self.kills + self.lapses) * WINDOW + self.cuts
    }

    /// `processes` could not renew their leases for so long.
    pub(crate) fn silent(&mut self, processes: usize, length: Duration) {
        // The last renewal may have been a quarter of a lease before.
        if length >= LEASE * 3 / 4 {
            self.lapses += processes as u64;
        }
    }
}
