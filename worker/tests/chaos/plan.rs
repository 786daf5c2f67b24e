//! What a round is: its campaigns, its workers and what happens, all from random numbers.

use std::{fmt, time::Duration};

use rand::{Rng as _, rngs::StdRng};

use super::event::{Ending, Event};

/// Which of the two sizes Palomar is run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Embedded,
    Distributed,
}

impl Size {
    pub(crate) fn named(word: &str) -> Option<Self> {
        match word {
            "embedded" => Some(Self::Embedded),
            "distributed" => Some(Self::Distributed),
            _ => None,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Embedded => "embedded",
            Self::Distributed => "distributed",
        })
    }
}

/// One thing that happens, so long after the one before is over.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) after: Duration,
    pub(crate) event: Event,
}

/// One round.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) number: u64,
    pub(crate) size: Size,
    /// Beside the server; in the embedded size it sends itself.
    pub(crate) workers: usize,
    /// The recipients of each campaign; nobody is in two of them.
    pub(crate) campaigns: Vec<Vec<String>>,
    pub(crate) steps: Vec<Step>,
}

impl Plan {
    pub(crate) fn draw(
        random: &mut StdRng,
        number: u64,
        size: Size,
        is_possible: impl Fn(&Event) -> bool,
    ) -> Self {
        let workers = match size {
            Size::Embedded => 0,
            Size::Distributed => random.random_range(1..=3),
        };
        let campaigns = random.random_range(1..=3);
        let campaigns = (1..=campaigns)
            .map(|campaign| {
                let count = random.random_range(300..=1_500 / campaigns);
                let prefix = format!("{size}{number}-{campaign}-");
                (0..count)
                    .map(|n| format!("{prefix}{n}{}@example.org", fault(random)))
                    .collect()
            })
            .collect();
        let steps = (0..random.random_range(1..=4))
            .map(|_| Step {
                after: milliseconds(random, 300, 1_800),
                event: std::iter::repeat_with(|| event(random, size))
                    .find(|event| is_possible(event))
                    .unwrap(),
            })
            .collect();
        Self {
            number,
            size,
            workers,
            campaigns,
            steps,
        }
    }

    pub(crate) fn recipients(&self) -> impl Iterator<Item = &String> {
        self.campaigns.iter().flatten()
    }
}

/// Whether this address asks for its connection to be cut once the dot is on its way. A message as
/// small as ours is handed over in one piece, so that also the one that is cut in its body is.
pub(crate) fn is_cut_after_the_dot(email: &str) -> bool {
    email.contains("+drop-")
}

/// What an address asks the SMTP server for; mostly nothing.
///
/// Nobody asks for 421: who does ends twenty dialogues until it has failed, and once nobody else is
/// served each opens the circuit breaker, for longer than a round lasts. What is cut before the dot
/// comes from the events.
fn fault(random: &mut StdRng) -> &'static str {
    match random.random_range(0..200) {
        0..4 => "+550",
        4 => "+dot550",
        5..9 => "+451x2",
        9 => "+450",
        10..12 => "+drop-after-dot",
        12 => "+drop-in-data",
        13 => "+slow1500ms",
        _ => "",
    }
}

fn milliseconds(random: &mut StdRng, least: u64, most: u64) -> Duration {
    Duration::from_millis(random.random_range(least..=most))
}

fn event(random: &mut StdRng, size: Size) -> Event {
    match size {
        Size::Embedded => embedded_event(random),
        Size::Distributed => distributed_event(random),
    }
}

fn embedded_event(random: &mut StdRng) -> Event {
    match random.random_range(0..100) {
        0..35 => Event::KillServer,
        35..60 => Event::Freeze(milliseconds(random, 1_000, 6_000), None),
        60..80 => Event::FullDisk(milliseconds(random, 1_000, 5_000)),
        _ => smtp_event(random),
    }
}

fn distributed_event(random: &mut StdRng) -> Event {
    match random.random_range(0..100) {
        0..20 => Event::KillWorker,
        20..27 => Event::KillServer,
        27..37 => Event::KillEverything,
        37..55 => {
            let length = milliseconds(random, 1_000, 6_000);
            let meanwhile = random.random_bool(0.5).then(|| Box::new(outside(random)));
            Event::Freeze(length, meanwhile)
        }
        _ => outside(random),
    }
}

/// What happens to the parts Palomar only uses.
fn outside(random: &mut StdRng) -> Event {
    match random.random_range(0..100) {
        0..12 => Event::FlushRedis,
        12..24 => Event::RestartRedis,
        24..36 => Event::StopRedis(milliseconds(random, 1_000, 5_000)),
        36..48 => Event::RestartDatabase(Ending::Asked),
        48..60 => Event::RestartDatabase(Ending::Killed),
        60..68 => Event::StopDatabase(Duration::from_secs(5)),
        68..80 => Event::FreezeDatabase(milliseconds(random, 1_000, 6_000)),
        _ => smtp_event(random),
    }
}

fn smtp_event(random: &mut StdRng) -> Event {
    if random.random_bool(0.5) {
        Event::CutConnections
    } else {
        Event::CatcherAway(milliseconds(random, 500, 5_000))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (campaigns, recipients) = (self.campaigns.len(), self.recipients().count());
        write!(
            formatter,
            "{} workers, {recipients} recipients in {campaigns} campaigns;",
            self.workers
        )?;
        for step in &self.steps {
            write!(
                formatter,
                " +{:.1}s {},",
                step.after.as_secs_f64(),
                step.event
            )?;
        }
        Ok(())
    }
}
