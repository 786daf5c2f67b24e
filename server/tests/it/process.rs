//! The binary, as an operator starts and stops it.

use std::{path::Path, process::Output};

use testbed::{Process, Settings};

/// The binary.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_palomar-server"))
}

/// These settings, on any free port.
fn settings(more: &[(&str, &str)]) -> Settings {
    [("HTTP_BIND", "127.0.0.1:0")]
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Runs it to its end, in a folder of its own.
fn run(folder: &Path, arguments: &[&str], more: &[(&str, &str)]) -> Output {
    testbed::run(program(), arguments, &settings(more), folder)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_sigterm_ends_it_cleanly_and_the_log_tells_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(program(), &settings(&[]), folder.path());
    server.says("listening on http://127.0.0.1:");
    assert!(server.terminate().success());

    let logs = folder.path().join("data/logs");
    let file = std::fs::read_dir(logs).unwrap().next().unwrap().unwrap();
    let log = std::fs::read_to_string(file.path()).unwrap();
    assert!(
        log.contains("listening on") && log.contains("stopped"),
        "{log}"
    );
}

#[test]
fn a_faulty_configuration_stops_the_start_and_every_fault_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("palomar.toml"), "colour = \"red\"").unwrap();
    let faulty = [("HTTP_BIND", "0.0.0.0:0"), ("WORKER_CONCURRENCY", "many")];
    let output = run(folder.path(), &[], &faulty);
    assert!(!output.status.success());
    let said = said(&output);
    for fault in ["colour", "HTTP_BIND", "WORKER_CONCURRENCY"] {
        assert!(said.contains(fault), "{said}");
    }
    assert!(!folder.path().join("data").exists());
}

#[test]
fn migrate_makes_the_database_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let output = run(folder.path(), &["migrate"], &[]);
        assert!(output.status.success(), "{}", said(&output));
        assert!(folder.path().join("data/palomar.db").exists());
    }
}

#[test]
fn a_healthcheck_of_nothing_fails_and_a_wrong_word_is_answered_with_the_right_ones() {
    let folder = tempfile::tempdir().unwrap();
    // Port 0 is never listened on.
    let output = run(folder.path(), &["healthcheck"], &[]);
    assert!(!output.status.success());
    let output = run(folder.path(), &["serve"], &[]);
    assert!(!output.status.success());
    assert!(said(&output).contains("usage: palomar-server"));
}
