//! A Redis of a test's own, which may be flushed, stopped and started again.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// An address of this machine that nobody listens at, for whoever comes and goes there.
pub fn free_address() -> SocketAddr {
    // Below those the system gives out by itself, so that none takes it meanwhile.
    (0..100)
        .map(|_| SocketAddr::from(([127, 0, 0, 1], rand::random_range(20_000..30_000))))
        .find(|address| TcpListener::bind(address).is_ok())
        .expect("a free port")
}

/// A Redis that stops when it is dropped.
#[derive(Debug)]
pub struct Redis {
    address: SocketAddr,
    process: Option<Child>,
}

impl Redis {
    /// One that is not there yet, at an address of its own.
    pub fn away() -> Self {
        Self {
            address: free_address(),
            process: None,
        }
    }

    /// One that is there.
    pub fn started() -> Self {
        let mut redis = Self::away();
        redis.start();
        redis
    }

    /// What `REDIS_URL` is set to.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Starts it, empty, and returns when it answers.
    pub fn start(&mut self) {
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &self.address.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server, which `scripts/setup test` installs");
        self.process = Some(process);
        let began = Instant::now();
        while self.ask("PING").as_deref() != Some("+PONG") {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "Redis does not answer"
            );
            std::thread::yield_now();
        }
    }

    /// Stops it at once, and with it goes all it held.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("a child of ours");
            process.wait().expect("a child of ours");
        }
    }

    /// Forgets all it held.
    pub fn flush(&self) {
        assert_eq!(self.ask("FLUSHALL").as_deref(), Some("+OK"));
    }

    /// The first line of the answer.
    fn ask(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        write!(stream, "{command}\r\n").ok()?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).ok()?;
        Some(answer.trim_end().to_owned())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}
