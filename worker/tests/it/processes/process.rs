//! A server or a worker, as an operator runs it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

/// What no test takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Settings, as the environment of a process.
pub(crate) type Settings = BTreeMap<String, String>;

/// A process that is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    log: Arc<(Mutex<Vec<String>>, Condvar)>,
}

/// The worker's binary.
pub(crate) fn worker() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_palomar-worker"))
}

/// The server's, which is built beside it.
pub(crate) fn server() -> PathBuf {
    let server = worker().with_file_name("palomar-server");
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
pub(crate) fn run(
    program: &Path,
    arguments: &[&str],
    settings: &Settings,
    folder: &Path,
) -> Output {
    command(program, arguments, settings, folder)
        .output()
        .unwrap()
}

impl Process {
    /// Starts a program in a folder for its logs.
    pub(crate) fn start(program: &Path, settings: &Settings, folder: &Path) -> Self {
        let mut child = command(program, &[], settings, folder)
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let log = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let writer = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                writer.0.lock().unwrap().push(line);
                writer.1.notify_all();
            }
        });
        Self { child, log }
    }

    /// Waits until it has logged these words, and returns the line.
    pub(crate) fn says(&self, words: &str) -> String {
        let (lines, more) = &*self.log;
        let has_said = |lines: &[String]| lines.iter().find(|line| line.contains(words)).cloned();
        let silent = |lines: &mut Vec<String>| has_said(lines).is_none();
        let (lines, _) = more
            .wait_timeout_while(lines.lock().unwrap(), PATIENCE, silent)
            .unwrap();
        has_said(&lines).unwrap_or_else(|| panic!("it never said “{words}”: {lines:#?}"))
    }

    /// How often it has logged these words.
    pub(crate) fn times_said(&self, words: &str) -> usize {
        let lines = self.log.0.lock().unwrap();
        lines.iter().filter(|line| line.contains(words)).count()
    }

    /// SIGTERM, and its end.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }

    /// Waits until it ends by itself.
    pub(crate) fn ends(mut self) {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// SIGSTOP.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    /// SIGCONT.
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
