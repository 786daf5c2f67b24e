//! `palomar-worker`: sends what servers have stored. `healthcheck` asks whether the worker beside
//! it is alive.

// The jobs' types nest deeper than the compiler looks by default, when it optimises.
#![recursion_limit = "256"]

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    service::failpoints::arm();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match worker::commands::run(&arguments).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("palomar-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}
