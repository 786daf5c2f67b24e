//! The binary, as an operator starts and stops it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

/// The binary in a folder of its own, with nothing of whoever runs the tests in its environment.
fn palomar(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palomar-server"));
    command
        .current_dir(folder)
        .args(arguments)
        .env_clear()
        .env("HTTP_BIND", "127.0.0.1:0")
        .envs(settings.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_sigterm_ends_it_cleanly_and_the_log_tells_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = palomar(folder.path(), &[], &[]).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut wait_for = |words: &str| {
        lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.contains(words))
            .unwrap_or_else(|| panic!("it never said {words}"))
    };
    wait_for("listening on http://127.0.0.1:");
    let killed = Command::new("kill")
        .args(["-TERM", &server.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    wait_for("stopped");
    assert!(server.wait().unwrap().success());

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
    let output = palomar(folder.path(), &[], &faulty).output().unwrap();
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
        let output = palomar(folder.path(), &["migrate"], &[]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        assert!(folder.path().join("data/palomar.db").exists());
    }
}

#[test]
fn a_healthcheck_of_nothing_fails_and_a_wrong_word_is_answered_with_the_right_ones() {
    let folder = tempfile::tempdir().unwrap();
    // Port 0 is never listened on.
    let output = palomar(folder.path(), &["healthcheck"], &[])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let output = palomar(folder.path(), &["serve"], &[]).output().unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("usage: palomar-server"));
}
