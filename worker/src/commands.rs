//! What the binary can be told to do.

use std::process::ExitCode;

use anyhow::Context;
use service::{Config, telemetry};

use crate::process;

const USAGE: &str = "usage: palomar-worker               sends, as the configuration says
       palomar-worker healthcheck   asks whether this machine's worker is alive";

/// Does what the arguments say. The process's exit code is 0 when that went well.
pub async fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => send().await,
        ["healthcheck"] => check().await,
        _ => anyhow::bail!(USAGE),
    }
}

async fn send() -> anyhow::Result<ExitCode> {
    let config = Config::load()?.for_worker()?;
    let _telemetry = telemetry::start(&config.log).context("cannot write logs")?;
    tracing::debug!(?config, "configured");
    let stop = service::signals::stop().context("cannot listen for signals")?;
    match process::run_until_stopped(&config, stop).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            // In the file of the log too, for whoever looks why it is gone.
            tracing::error!(error = &error as &dyn std::error::Error, "the worker ended");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn check() -> anyhow::Result<ExitCode> {
    let config = Config::load()?.for_worker()?;
    anyhow::ensure!(
        service::start::worker_is_alive(&config).await?,
        "no worker of this machine has been seen lately"
    );
    Ok(ExitCode::SUCCESS)
}
