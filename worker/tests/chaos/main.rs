//! Kills, freezes and restarts everything while it sends, and counts: what delivery promises, at
//! random. `chaos size=embedded` and `chaos size=distributed` run ROUNDS rounds of one size; without a
//! size nothing is run, so that the ordinary tests stay quick. SEED repeats the rounds of an earlier run;
//! WITHOUT names kinds of events to leave out, as in `WITHOUT="disk full,server killed"`.
//!
//! | module | holds |
//! |---|---|
//! | `plan` | what a round is, from its random numbers alone |
//! | `event` | everything that may happen in one |
//! | `world` | the processes, the stores and the catcher |
//! | `stores` | what the size at hand keeps its things in |
//! | `mariadb`, `disk`, `proxy` | parts of its own that can be stopped, filled, cut |
//! | `strike` | makes an event happen to the world |
//! | `exposure` | how many may be UNKNOWN after what happened |
//! | `takeover` | how long a silent worker's slices stay its own |
//! | `round` | one round, from its campaigns to its verdict |
//! | `verdict` | the promises, row by row |
//! | `report` | the lines and the table |
//!
//! To add an event: a variant in `event`, its place in `plan`, an arm in `strike`, and what it costs
//! in `exposure`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a harness that cannot go on fails here, and its report is for whoever runs it"
)]

mod disk;
mod event;
mod exposure;
mod mariadb;
mod plan;
mod proxy;
mod report;
mod round;
mod stores;
mod strike;
mod takeover;
mod verdict;
mod world;

use std::process::ExitCode;

use event::Event;
use plan::{Plan, Size};
use rand::{SeedableRng as _, rngs::StdRng};
use report::Summary;
use tokio::signal::unix::{SignalKind, signal};
use world::World;

/// What campaigns leave behind would fill the small disk for good.
const ROUNDS_IN_A_WORLD: u64 = 20;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(size) = std::env::args()
        .skip(1)
        .find_map(|word| Size::named(word.strip_prefix("size=")?))
    else {
        return ExitCode::SUCCESS;
    };
    // Whatever was started ends with the rounds, also when they are interrupted.
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    tokio::select! {
        code = rounds(size) => code,
        _ = terminate.recv() => ExitCode::FAILURE,
        _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
    }
}

async fn rounds(size: Size) -> ExitCode {
    let rounds = number("ROUNDS").unwrap_or(3);
    let seed = number("SEED").unwrap_or_else(|| u64::from(rand::random::<u32>()));
    println!("chaos {size}: SEED={seed} ROUNDS={rounds}");
    let without = setting("WITHOUT").unwrap_or_default();
    let without: Vec<&str> = without.split(',').map(str::trim).collect();
    let mut world = World::start(size).await;
    let mut summary = Summary::of(size);
    for number in 1..=rounds {
        // Each round has numbers of its own, whatever the rounds before it drew.
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(number << 32));
        let is_possible = |event: &Event| {
            world.can(event) && !event.kinds().iter().any(|kind| without.contains(kind))
        };
        let plan = Plan::draw(&mut random, number, size, is_possible);
        println!("round {number} of {size} begins: {plan}");
        let outcome = round::run(&mut world, plan).await;
        println!("{outcome}");
        summary.add(&outcome);
        if !outcome.is_well() {
            println!(
                "  its logs and its database are in {}",
                world.keep().display()
            );
            world = World::start(size).await;
        } else if number % ROUNDS_IN_A_WORLD == 0 && number < rounds {
            world.clean_up();
            world = World::start(size).await;
        }
    }
    world.clean_up();
    println!("\n{summary}");
    if summary.is_well() {
        return ExitCode::SUCCESS;
    }
    println!("A promise broke. Again with: SEED={seed} ROUNDS={rounds}");
    ExitCode::FAILURE
}

fn number(name: &str) -> Option<u64> {
    let text = setting(name)?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} must be a whole number, not {text}")))
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the rounds says how many, and which"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
