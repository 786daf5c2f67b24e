//! Logs: lines for the console, and a file for each day.
//!
//! A level says who should care: `error` is a fault of ours, `warn` something a person should
//! look at, `info` one line per request and per job, `debug` the rest.

use std::io::{self, IsTerminal};

use tracing_appender::{
    non_blocking::WorkerGuard,
    rolling::{InitError, RollingFileAppender, Rotation},
};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::{LogConfig, LogFormat};

/// Crates that say what only their authors want to know, or what is said here anyhow: every failed
/// statement, job and worker is logged where it is handled. `RUST_LOG` can still name them.
const QUIET: &str = "sqlx=error,sea_orm=warn,sea_orm_migration=warn,hyper=warn,h2=warn,\
                     rustls=warn,tower_http=warn,mio=warn,apalis=off,html5ever=error";

/// How many days of files are kept.
const KEPT_FILES: usize = 30;

/// Lines still on their way to the file are written when this is dropped: keep it until the
/// end of `main`.
#[must_use = "dropping it ends the log file"]
pub struct Telemetry {
    _file: WorkerGuard,
}

/// Starts logging for the whole process. Where it was started before, as in tests, the first
/// start stays in force. Fails when `LOG_DIR` cannot be written to.
pub fn start(config: &LogConfig) -> Result<Telemetry, InitError> {
    // Otherwise the appender complains of the missing folder before it makes it. Where it cannot be
    // made, building the appender says so.
    let _ = std::fs::create_dir_all(&config.directory);
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("palomar")
        .filename_suffix("log")
        .max_log_files(KEPT_FILES)
        .build(&config.directory)?;
    let (file, guard) = tracing_appender::non_blocking(appender);

    let file_lines: Box<dyn Layer<Registry> + Send + Sync> = match config.format {
        LogFormat::Json => json(file),
        LogFormat::Pretty => fmt::layer().with_ansi(false).with_writer(file).boxed(),
    };
    let console: Box<dyn Layer<Registry> + Send + Sync> = match config.format {
        LogFormat::Json => json(io::stdout),
        LogFormat::Pretty => fmt::layer()
            .with_target(false)
            .with_ansi(io::stdout().is_terminal())
            .boxed(),
    };
    // The file first: spans keep their fields as the first layer wrote them, and colours belong
    // on the console only.
    let earlier = tracing_subscriber::registry()
        .with(vec![file_lines, console])
        .with(filter(&config.filter))
        .try_init()
        .is_err();
    if earlier {
        tracing::debug!("logging had been started before");
    }
    Ok(Telemetry { _file: guard })
}

/// One JSON object a line.
fn json<W>(writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'a> fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(writer)
        .boxed()
}

/// What `RUST_LOG` asks for, with noisy crates quiet unless it names them.
fn filter(directives: &str) -> EnvFilter {
    EnvFilter::new(format!("{QUIET},{directives}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(directory: &std::path::Path) -> LogConfig {
        LogConfig {
            directory: directory.to_owned(),
            format: LogFormat::Json,
            filter: "info".to_owned(),
        }
    }

    #[test]
    fn a_second_start_leaves_the_first_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let _first = start(&config(folder.path())).unwrap();
        let _second = start(&config(folder.path())).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("taken");
        std::fs::write(&file, "").unwrap();
        assert!(start(&config(&file.join("logs"))).is_err());
    }

    #[test]
    fn noisy_crates_are_quiet_unless_they_are_named() {
        assert!(filter("info").to_string().contains("sqlx=error"));
        let named = filter("info,sqlx=debug").to_string();
        assert!(named.contains("sqlx=debug"), "{named}");
        assert!(!named.contains("sqlx=error"), "{named}");
    }
}
