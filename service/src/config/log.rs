//! Where and how the process logs.

use std::path::PathBuf;

use tracing_subscriber::EnvFilter;

use super::sources::Settings;

/// Where and how the process logs.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// `LOG_DIR`.
    pub directory: PathBuf,
    /// `LOG_FORMAT`.
    pub format: LogFormat,
    /// `RUST_LOG`.
    pub filter: String,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl LogConfig {
    pub(super) fn read(settings: &mut Settings) -> Option<Self> {
        let directory = settings.required("LOG_DIR", |text| Ok(PathBuf::from(text)));
        let format = settings.required("LOG_FORMAT", |text| match text {
            "pretty" => Ok(LogFormat::Pretty),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("“{text}” is not known; pretty and json are")),
        });
        let filter = settings.required("RUST_LOG", |text| {
            EnvFilter::try_new(text)
                .map(|_| text.to_owned())
                .map_err(|error| format!("“{text}” is not understood: {error}"))
        });
        Some(Self {
            directory: directory?,
            format: format?,
            filter: filter?,
        })
    }
}
