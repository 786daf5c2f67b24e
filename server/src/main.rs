//! `palomar-server`: serves Palomar. `migrate` brings the database to the present schema, and
//! `healthcheck` asks a running server whether it is alive.

// The router's and the pages' types nest deeper than the compiler looks by default.
#![recursion_limit = "256"]

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    service::failpoints::arm();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match server::commands::run(&arguments).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("palomar-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}
