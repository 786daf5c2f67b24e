//! The connections to the database, and the two ways to use them: reads that never wait, and
//! write transactions that keep what they acknowledged.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

/// Connections for reading; SQLite in WAL mode lets them run beside a writer.
const READERS: u32 = 8;
/// How long a statement waits for another process's lock before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "another Palomar is using {}; one process at a time may, so stop that one first",
        .0.display()
    )]
    InUse(PathBuf),
    /// Its folder or its lock file cannot be made.
    #[error("{} cannot be opened", path.display())]
    Folder {
        /// The file in question.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database itself failed.
    #[error("the database cannot be opened")]
    Database(#[from] DbErr),
}

/// The database. On SQLite all writes go through one connection, in the order they asked for
/// it, so that nobody starves and nothing is ever `SQLITE_BUSY` inside the process.
#[derive(Debug)]
pub(crate) struct Database {
    readers: DatabaseConnection,
    writer: DatabaseConnection,
    /// Held as long as the process lives: it proves to the next one that this one is gone.
    _lock: Option<File>,
}

impl Database {
    /// Opens the database and brings it to the present schema. An SQLite file is made when it
    /// is missing, together with its folder, and belongs to this process alone.
    pub(crate) async fn open(url: &str, _lease: Duration) -> Result<Self, OpenError> {
        let lock = match sqlite_file(url) {
            Some(file) => Some(lock_beside(&file)?),
            None => None,
        };
        let writer = sea_orm::Database::connect(options(url, 1)).await?;
        Migrator::up(&writer, None).await?;
        let readers = sea_orm::Database::connect(options(url, READERS)).await?;
        Ok(Self {
            readers,
            writer,
            _lock: lock,
        })
    }

    /// Whether no other process can be using it.
    pub(crate) fn is_exclusive(&self) -> bool {
        self._lock.is_some()
    }

    /// For reading, outside any transaction.
    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.readers
    }

    /// Begins a transaction that may write. Dropping it undoes what it did.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        // A deferred transaction that reads first would fail at its first write.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer.begin_with_options(options).await
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), DbErr> {
        self.readers.execute_unprepared("SELECT 1").await.map(drop)
    }

    /// Closes all connections, so that SQLite folds its log into the file.
    pub(crate) async fn close(&self) {
        for connection in [&self.readers, &self.writer] {
            if let Err(error) = connection.clone().close().await {
                tracing::warn!(%error, "the database was not closed cleanly");
            }
        }
    }
}

/// Repeats a whole transaction that the database asked to repeat.
pub(crate) async fn repeated<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, DbErr>
where
    F: Future<Output = Result<T, DbErr>>,
{
    attempt().await
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let url = match sqlite_file(url) {
        Some(_) if !url.contains('?') => format!("{url}?mode=rwc"),
        _ => url.to_owned(),
    };
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .busy_timeout(BUSY_TIMEOUT)
                .pragma("journal_mode", "WAL")
                // A start or an outcome that was acknowledged survives the machine's power too.
                .pragma("synchronous", "FULL")
                .pragma("temp_store", "MEMORY")
                .pragma("cache_size", "-32768")
        });
    options
}

/// The file of an SQLite URL; none for another database or one in memory.
fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))?;
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

fn lock_beside(file: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::Folder {
        path: file.to_owned(),
        source,
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    let lock = File::create(PathBuf::from(name)).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(file.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
