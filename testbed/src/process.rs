//! A server or a worker, as an operator runs it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use crate::Client;

/// What no test takes.
const PATIENCE: Duration = Duration::from_mins(1);
const WHOLE: &str = "a log whose writer did not panic";

/// Settings, as the environment of a process.
pub type Settings = BTreeMap<String, String>;

/// A process that is killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: Arc<(Mutex<Vec<String>>, Condvar)>,
}

/// The server's binary, which is built beside the worker's.
pub fn server_beside(worker: &Path) -> PathBuf {
    let server = worker.with_file_name("palomar-server");
    assert!(
        server.exists(),
        "there is no palomar-server beside palomar-worker; run `cargo build --workspace --bins`"
    );
    server
}

fn command(program: &Path, arguments: &[&str], settings: &Settings, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a program to its end.
pub fn run(program: &Path, arguments: &[&str], settings: &Settings, folder: &Path) -> Output {
    command(program, arguments, settings, folder)
        .output()
        .expect("a program that runs")
}

/// Sends a child of ours a signal, by its name without SIG.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(sent.success());
}

impl Process {
    /// Starts a program in a folder for its logs.
    pub fn start(program: &Path, settings: &Settings, folder: &Path) -> Self {
        let mut child = command(program, &[], settings, folder)
            .stderr(Stdio::inherit())
            .spawn()
            .expect("a program that starts");
        let log = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let writer = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                writer.0.lock().expect(WHOLE).push(line);
                writer.1.notify_all();
            }
        });
        Self { child, log }
    }

    /// Waits until it has logged these words, and returns the line.
    pub fn says(&self, words: &str) -> String {
        let (lines, more) = &*self.log;
        let has_said = |lines: &[String]| lines.iter().find(|line| line.contains(words)).cloned();
        let silent = |lines: &mut Vec<String>| has_said(lines).is_none();
        let (lines, _) = more
            .wait_timeout_while(lines.lock().expect(WHOLE), PATIENCE, silent)
            .expect(WHOLE);
        has_said(&lines).unwrap_or_else(|| panic!("it never said “{words}”: {lines:#?}"))
    }

    /// Waits until it listens, as a server, and returns who asks it.
    pub fn client(&self) -> Client {
        let listening = "listening on http://";
        let line = self.says(listening);
        let (_, address) = line.split_once(listening).expect("these words");
        Client::at(address.trim())
    }

    /// How often it has logged these words.
    pub fn times_said(&self, words: &str) -> usize {
        let lines = self.log.0.lock().expect(WHOLE);
        lines.iter().filter(|line| line.contains(words)).count()
    }

    /// SIGTERM, and its end.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }

    /// Waits until it ends by itself.
    pub fn ends(mut self) {
        let began = Instant::now();
        while self.child.try_wait().expect("a child of ours").is_none() {
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }

    /// SIGKILL.
    pub fn kill(self) {
        drop(self);
    }

    /// SIGSTOP.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        signal(&self.child, name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
