//! Places where tests end the process: one between every two durable facts. Without the feature
//! `failpoints` there are none.
//!
//! `FAILPOINTS=journal::committed=20*off->return` ends the process as SIGKILL would, the 21st time
//! it comes there.

/// Reads `FAILPOINTS`, in a process that tests may end.
pub fn arm() {
    #[cfg(feature = "failpoints")]
    {
        let scenario = fail::FailScenario::setup();
        // It disarms them when it is dropped: they stay until the process ends.
        std::mem::forget(scenario);
    }
}

/// A place to end.
macro_rules! failpoint {
    ($name:literal) => {
        fail::fail_point!($name, |_| std::process::abort())
    };
}

pub(crate) use failpoint;
