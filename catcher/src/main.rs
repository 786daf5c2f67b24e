//! `palomar-catcher`: the catcher as a process of its own, for a terminal and for load and chaos tests.

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::{Context as _, bail};
use catcher::{Catcher, Options, Store};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
palomar-catcher: a development SMTP server that takes mail for any address and sends none on

  --bind ADDRESS:PORT      where to listen [127.0.0.1:1025]; port 0 takes a free one
  --keep N                 how many messages are kept whole [1000]
  --max-size BYTES         the largest message taken [33554432]
  --max-messages N         closes a connection that begins another message after N
  --delay-ms N             waits before the reply to every message [0]
  --no-pipelining          does not offer PIPELINING
  --report                 on stop, writes `recipient TAB address TAB times` for every recipient and
                           `duplicate TAB message-id TAB copies` for what came twice to standard output
  --verbose                logs every connection
  --help

It logs to standard error: first its address, at the end its counts. SIGTERM and ctrl-c stop it.
What can be asked for by address is in catcher/README.md.
";

/// What the command line says.
struct Arguments {
    options: Options,
    reports: bool,
    is_verbose: bool,
}

// One thread: connections are many and short, and handing them between cores costs more than it gains.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Some(arguments) = parse(std::env::args().skip(1))? else {
        io::stdout().write_all(USAGE.as_bytes())?;
        return Ok(());
    };
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_max_level(if arguments.is_verbose {
            tracing::Level::DEBUG
        } else {
            tracing::Level::INFO
        })
        .init();

    let mut terminate = signal(SignalKind::terminate())?;
    let catcher = Catcher::start(arguments.options)
        .await
        .context("the address cannot be bound")?;
    let store = catcher.store();
    tracing::info!(address = %catcher.address(), "catching mail");
    tokio::select! {
        _ = terminate.recv() => {}
        interrupt = tokio::signal::ctrl_c() => interrupt?,
    }
    catcher.stop().await;

    let duplicates = store.duplicates();
    tracing::info!(
        accepted = store.accepted(),
        recipients = store.recipients(),
        duplicates = duplicates.len(),
        "stopped"
    );
    if arguments.reports {
        report(&store, &duplicates)?;
    }
    Ok(())
}

/// Reads the command line; `None` asks for the usage.
fn parse(mut words: impl Iterator<Item = String>) -> anyhow::Result<Option<Arguments>> {
    let mut options = Options::default().bind(([127, 0, 0, 1], 1025).into());
    let (mut reports, mut is_verbose) = (false, false);
    while let Some(flag) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{flag} needs a value"))
        };
        match flag.as_str() {
            "--bind" => {
                let address = value()?.parse().context("--bind takes ADDRESS:PORT")?;
                options = options.bind(address);
            }
            "--keep" => options = options.keep(number(&flag, &value()?)?),
            "--max-size" => options = options.max_size(number(&flag, &value()?)?),
            "--max-messages" => options = options.max_messages(number(&flag, &value()?)?),
            "--delay-ms" => {
                let delay = Duration::from_millis(number(&flag, &value()?)?);
                options = options.delay(delay);
            }
            "--no-pipelining" => options = options.without_pipelining(),
            "--report" => reports = true,
            "--verbose" => is_verbose = true,
            "--help" | "-h" => return Ok(None),
            _ => bail!("{flag} is unknown; --help lists what there is"),
        }
    }
    Ok(Some(Arguments {
        options,
        reports,
        is_verbose,
    }))
}

fn number<T: std::str::FromStr>(flag: &str, text: &str) -> anyhow::Result<T> {
    text.parse()
        .ok()
        .with_context(|| format!("{flag} takes a number, not {text}"))
}

fn report(store: &Store, duplicates: &[(String, u32)]) -> io::Result<()> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    for (address, times) in store.deliveries() {
        writeln!(output, "recipient\t{address}\t{times}")?;
    }
    for (message_id, copies) in duplicates {
        writeln!(output, "duplicate\t{message_id}\t{copies}")?;
    }
    output.flush()
}
