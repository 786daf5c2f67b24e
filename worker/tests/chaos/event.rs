//! What may happen while campaigns are sent.

use std::{fmt, time::Duration};

/// How the database ends before it is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// SIGTERM.
    Asked,
    /// SIGKILL.
    Killed,
}

/// One thing that happens; when it is over, everything is there again.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A worker is killed and another one started.
    KillWorker,
    /// The server is killed and started again; in the embedded size that is everything.
    KillServer,
    /// Every process of Palomar is killed and started again.
    KillEverything,
    /// A process that sends stands still for so long, and something may happen meanwhile.
    Freeze(Duration, Option<Box<Event>>),
    FlushRedis,
    RestartRedis,
    StopRedis(Duration),
    RestartDatabase(Ending),
    StopDatabase(Duration),
    FreezeDatabase(Duration),
    /// The SMTP server breaks every connection off.
    CutConnections,
    /// The same, and for so long it takes none.
    CatcherAway(Duration),
    /// Nothing more can be written to the database's disk for so long.
    FullDisk(Duration),
}

impl Event {
    /// What the table counts it as.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::KillWorker => "worker killed",
            Self::KillServer => "server killed",
            Self::KillEverything => "everything killed",
            Self::Freeze(..) => "sender frozen",
            Self::FlushRedis => "Redis flushed",
            Self::RestartRedis => "Redis restarted",
            Self::StopRedis(_) => "Redis away",
            Self::RestartDatabase(Ending::Asked) => "database restarted",
            Self::RestartDatabase(Ending::Killed) => "database killed",
            Self::StopDatabase(_) => "database away",
            Self::FreezeDatabase(_) => "database frozen",
            Self::CutConnections => "connections cut",
            Self::CatcherAway(_) => "SMTP server away",
            Self::FullDisk(_) => "disk full",
        }
    }

    /// Its kind, and those of what happens meanwhile.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        let mut kinds = vec![self.kind()];
        if let Self::Freeze(_, Some(meanwhile)) = self {
            kinds.extend(meanwhile.kinds());
        }
        kinds
    }
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind())?;
        match self {
            Self::StopRedis(length)
            | Self::StopDatabase(length)
            | Self::FreezeDatabase(length)
            | Self::CatcherAway(length)
            | Self::FullDisk(length)
            | Self::Freeze(length, None) => write!(formatter, " {:.1}s", length.as_secs_f64()),
            Self::Freeze(length, Some(meanwhile)) => {
                let seconds = length.as_secs_f64();
                write!(formatter, " {seconds:.1}s [meanwhile {meanwhile}]")
            }
            _ => Ok(()),
        }
    }
}
