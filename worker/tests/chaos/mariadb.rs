//! A MariaDB of the rounds' own, that keeps what it acknowledged and may end at any moment.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use testbed::Session;

use super::{event::Ending, world::LOOK};

const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct MariaDb {
    data: PathBuf,
    log: PathBuf,
    /// A socket's path may not be long.
    sockets: TempDir,
    address: SocketAddr,
    password: String,
    process: Option<Child>,
}

impl MariaDb {
    /// Makes one with its data in `data`, and returns when it answers.
    pub(crate) async fn start(data: PathBuf, log: PathBuf) -> Self {
        let mut database = Self {
            data,
            log,
            sockets: tempfile::tempdir().unwrap(),
            address: testbed::free_address(),
            password: format!("{:032x}", rand::random::<u128>()),
            process: None,
        };
        database.install();
        database.begin().await;
        database
    }

    fn install(&self) {
        let installed = Command::new("mariadb-install-db")
            .args(["--no-defaults", "--skip-test-db"])
            .arg("--auth-root-authentication-method=normal")
            .arg(format!("--datadir={}", self.data.display()))
            .arg(format!("--user={}", user()))
            .output()
            .expect("MariaDB, which `scripts/setup test` installs");
        assert!(installed.status.success(), "{installed:?}");
        let statements = format!(
            "CREATE USER IF NOT EXISTS 'palomar'@'127.0.0.1' IDENTIFIED BY '{}';\n\
             CREATE DATABASE IF NOT EXISTS palomar CHARACTER SET utf8mb4;\n\
             GRANT ALL ON palomar.* TO 'palomar'@'127.0.0.1';\n",
            self.password
        );
        fs::write(self.users(), statements).unwrap();
    }

    fn users(&self) -> PathBuf {
        self.sockets.path().join("users.sql")
    }

    pub(crate) fn url(&self) -> String {
        let Self {
            password, address, ..
        } = self;
        format!("mysql://palomar:{password}@{address}/palomar?ssl-mode=disabled")
    }

    /// Starts it on the data it has, and returns when it answers.
    pub(crate) async fn begin(&mut self) {
        let log = File::options().create(true).append(true).open(&self.log);
        let process = Command::new("mariadbd")
            .args(["--no-defaults", "--bind-address=127.0.0.1"])
            .args(["--skip-name-resolve", "--max-connections=1000"])
            .args(["--innodb-flush-log-at-trx-commit=1"])
            .arg(format!("--user={}", user()))
            .arg(format!("--datadir={}", self.data.display()))
            .arg(format!("--init-file={}", self.users().display()))
            .arg(format!("--port={}", self.address.port()))
            .arg(format!("--socket={}/socket", self.sockets.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.unwrap())
            .spawn()
            .unwrap();
        self.process = Some(process);
        self.answers().await;
    }

    /// Returns when it answers.
    pub(crate) async fn answers(&self) {
        let began = Instant::now();
        let mut looks = tokio::time::interval(LOOK);
        while !self.is_there().await {
            assert!(began.elapsed() < PATIENCE, "MariaDB does not answer");
            looks.tick().await;
        }
    }

    async fn is_there(&self) -> bool {
        let asked = async {
            Session::reach(&self.url())
                .await?
                .texts("SELECT 'x' AS value")
                .await
        };
        matches!(
            tokio::time::timeout(Duration::from_secs(2), asked).await,
            Ok(Ok(_))
        )
    }

    pub(crate) fn end(&mut self, ending: Ending) {
        let mut process = self.process.take().unwrap();
        match ending {
            Ending::Asked => testbed::signal(&process, "TERM"),
            Ending::Killed => process.kill().unwrap(),
        }
        process.wait().unwrap();
    }

    pub(crate) fn freeze(&self) {
        testbed::signal(self.process.as_ref().unwrap(), "STOP");
    }

    pub(crate) fn thaw(&self) {
        testbed::signal(self.process.as_ref().unwrap(), "CONT");
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Who runs this; MariaDB wants root to be told by name.
fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
