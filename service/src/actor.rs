//! Who asks.

/// Who asks: the first argument of every use-case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody at this machine, while the installation is open to it without an account.
    Local,
}
