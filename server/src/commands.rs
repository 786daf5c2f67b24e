//! What the binary can be told to do.

use std::process::ExitCode;

use anyhow::Context;
use service::{Config, telemetry};

use crate::{Application, StartError, healthcheck};

const USAGE: &str = "usage: palomar-server               serves, as the configuration says
       palomar-server migrate       brings the database to the present schema
       palomar-server healthcheck   asks the running server whether it is alive";

/// Does what the arguments say. The process's exit code is 0 when that went well.
pub async fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => serve().await,
        ["migrate"] => migrate().await,
        ["healthcheck"] => check().await,
        _ => anyhow::bail!(USAGE),
    }
}

async fn serve() -> anyhow::Result<ExitCode> {
    let config = Config::load()?;
    let _telemetry = telemetry::start(&config.log).context("cannot write logs")?;
    tracing::debug!(?config, "configured");
    let stop = service::signals::stop().context("cannot listen for signals")?;
    match run_until(config, stop).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            // In the file of the log too, for whoever looks why it is gone.
            tracing::error!(error = &error as &dyn std::error::Error, "the server ended");
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn run_until(config: Config, stop: impl Future<Output = ()>) -> Result<(), StartError> {
    Application::build(config)
        .await?
        .run_until_stopped(stop)
        .await
}

async fn migrate() -> anyhow::Result<ExitCode> {
    let config = Config::load()?;
    let _telemetry = telemetry::start(&config.log).context("cannot write logs")?;
    service::start::migrate(&config).await?;
    tracing::info!("the database has the present schema");
    Ok(ExitCode::SUCCESS)
}

async fn check() -> anyhow::Result<ExitCode> {
    let config = Config::load()?;
    healthcheck::ask(config.http.bind).await?;
    Ok(ExitCode::SUCCESS)
}
