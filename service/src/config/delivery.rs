//! How messages are delivered.

use std::time::Duration;

use super::{SmtpConfig, sources::Settings, values};

/// The shortest lease, and the shortest pause before a further attempt.
const SECOND: Duration = Duration::from_secs(1);

/// How messages are delivered.
#[derive(Clone, Debug)]
pub struct DeliveryConfig {
    /// `WORKER_CONCURRENCY`: connections to each SMTP server that asks for no other number, so
    /// messages in flight at once.
    pub concurrency: u32,
    /// `DELIVERY_WINDOW`: recipients in SENDING at once; 2 × connections when not set.
    pub window: u32,
    /// `DELIVERY_LEASE`.
    pub lease: Duration,
    /// `RETRY_SCHEDULE`: how long to wait before each further attempt.
    pub retry_schedule: Vec<Duration>,
    /// `DRAIN_DEADLINE`: how long a stop waits for dialogues to end.
    pub drain_deadline: Duration,
    /// `DELIVERY_UNCERTAIN`: what becomes of a message that may have been taken.
    pub uncertain: Uncertain,
}

/// What becomes of a message of which nobody can know whether it was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Uncertain {
    /// It is UNKNOWN until a person decides.
    #[default]
    Hold,
    /// It is sent again: at least once, and perhaps twice.
    Resend,
}

impl DeliveryConfig {
    pub(super) fn read(settings: &mut Settings, servers: &[SmtpConfig]) -> Option<Self> {
        let concurrency = settings.required("WORKER_CONCURRENCY", |text| {
            values::number(text, &(1..=1000))
        });
        let window = settings.optional("DELIVERY_WINDOW", |text| {
            values::number(text, &(1..=100_000))
        });
        let lease = settings.required("DELIVERY_LEASE", at_least_a_second);
        let retry_schedule = settings.required("RETRY_SCHEDULE", |text| {
            text.split_whitespace().map(at_least_a_second).collect()
        });
        let drain_deadline = settings.required("DRAIN_DEADLINE", values::duration);

        let uncertain = settings.required("DELIVERY_UNCERTAIN", |text| match text {
            "hold" => Ok(Uncertain::Hold),
            "resend" => Ok(Uncertain::Resend),
            _ => Err(format!("“{text}” is not known; hold and resend are")),
        });

        let concurrency = concurrency?;
        let connections = match servers {
            [] => concurrency,
            servers => servers
                .iter()
                .map(|server| server.connections.unwrap_or(concurrency))
                .sum(),
        };
        Some(Self {
            concurrency,
            window: window.unwrap_or(2 * connections),
            lease: lease?,
            retry_schedule: retry_schedule?,
            drain_deadline: drain_deadline?,
            uncertain: uncertain?,
        })
    }
}

fn at_least_a_second(text: &str) -> Result<Duration, String> {
    match values::duration(text)? {
        duration if duration < SECOND => Err(format!("“{text}” is shorter than 1s")),
        duration => Ok(duration),
    }
}
