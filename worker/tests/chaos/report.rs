//! What is printed: a line for each round, and a table of all.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{plan::Size, round::Outcome};

/// As many faults are named one by one.
const NAMED: usize = 10;

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, verdict, .. } = self;
        let events: Vec<_> = plan
            .steps
            .iter()
            .map(|step| step.event.to_string())
            .collect();
        write!(
            formatter,
            "round {} | {} | {} | {} recipients, {} workers | sent {} failed {} unknown {} (bound {}) \
             | lost {} | silent copies {} | sum {} | takeover {} | resumed {} | {}",
            plan.number,
            plan.size,
            events.join(", "),
            plan.recipients().count(),
            plan.workers,
            verdict.sent,
            verdict.failed,
            verdict.unknown,
            verdict.bound,
            verdict.lost.len(),
            verdict.copies.len(),
            if verdict.wrong_sums.is_empty() {
                "ok"
            } else {
                "WRONG"
            },
            self.takeover.map_or_else(|| "–".to_owned(), seconds),
            seconds(self.resumed),
            seconds(self.took),
        )?;
        if self.idle > 0 {
            write!(formatter, " | {} events met no mail", self.idle)?;
        }
        if self.is_well() {
            return Ok(());
        }
        write!(formatter, "\n  BROKEN: {:?}", self.exposure)?;
        for (name, one) in verdict.faults().take(NAMED) {
            write!(formatter, "\n  {name}: {one}")?;
        }
        Ok(())
    }
}

/// All rounds of a size.
pub(crate) struct Summary {
    size: Size,
    rounds: usize,
    broken: usize,
    recipients: usize,
    events: BTreeMap<&'static str, usize>,
    lost: usize,
    copies: usize,
    unknown: u64,
    bound: u64,
    takeover: Duration,
    resumed: Duration,
}

impl Summary {
    pub(crate) fn of(size: Size) -> Self {
        Self {
            size,
            rounds: 0,
            broken: 0,
            recipients: 0,
            events: BTreeMap::new(),
            lost: 0,
            copies: 0,
            unknown: 0,
            bound: 0,
            takeover: Duration::ZERO,
            resumed: Duration::ZERO,
        }
    }

    pub(crate) fn is_well(&self) -> bool {
        self.broken == 0
    }

    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.rounds += 1;
        self.broken += usize::from(!outcome.is_well());
        self.recipients += outcome.plan.recipients().count();
        for step in &outcome.plan.steps {
            for kind in step.event.kinds() {
                *self.events.entry(kind).or_default() += 1;
            }
        }
        self.lost += outcome.verdict.lost.len();
        self.copies += outcome.verdict.copies.len();
        self.unknown += outcome.verdict.unknown;
        self.bound += outcome.verdict.bound;
        self.takeover = self.takeover.max(outcome.takeover.unwrap_or_default());
        self.resumed = self.resumed.max(outcome.resumed);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events: Vec<_> = self
            .events
            .iter()
            .map(|(kind, times)| format!("{kind} {times}"))
            .collect();
        writeln!(
            formatter,
            "| size | rounds | broken | recipients | events | lost | silent copies | UNKNOWN / bound \
             | longest takeover | longest until resumed |\n|---|---|---|---|---|---|---|---|---|---|"
        )?;
        writeln!(
            formatter,
            "| {} | {} | {} | {} | {} | {} | {} | {} / {} | {} | {} |",
            self.size,
            self.rounds,
            self.broken,
            self.recipients,
            events.join(", "),
            self.lost,
            self.copies,
            self.unknown,
            self.bound,
            seconds(self.takeover),
            seconds(self.resumed),
        )
    }
}

fn seconds(length: Duration) -> String {
    format!("{:.1} s", length.as_secs_f64())
}
