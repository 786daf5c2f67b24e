//! The connections to the database, and the two ways to use them: reads that never wait, and
//! write transactions that keep what they acknowledged.

mod mysql;
mod packet;
mod repeat;
mod sqlite;

#[cfg(test)]
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::{fs::File, io, path::PathBuf, time::Duration};

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

pub(crate) use self::{
    packet::{Line, Packet},
    repeat::repeated,
};
use crate::clock::Clock;

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
    /// The server is older than what Palomar is written for; says which it is.
    #[error("the database server is {0}; MySQL 8.0 or MariaDB 10.6 is the oldest that will do")]
    TooOld(String),
    /// Other processes bring it to the present schema, and do not come to an end.
    #[error("another process has been changing the schema for minutes; look what it is doing")]
    Migrating,
    /// The database itself failed.
    #[error("the database cannot be opened")]
    Database(#[from] DbErr),
}

/// The database. On SQLite all writes go through one connection, in the order they asked for
/// it, so that nobody starves and nothing is ever `SQLITE_BUSY` inside the process.
#[derive(Debug)]
pub(crate) struct Database {
    readers: DatabaseConnection,
    writers: DatabaseConnection,
    /// Held as long as the process lives: it proves to the next one that this one is gone.
    lock: Option<File>,
    #[cfg(test)]
    questions: Arc<AtomicUsize>,
}

impl Database {
    /// Opens the database and brings it to the present schema; any number of processes may do so
    /// at once. An SQLite file is made when it is missing, together with its folder, and belongs
    /// to this process alone.
    ///
    /// `lease` is how long a process may be silent: on MySQL a transaction of a process that
    /// stands still is rolled back before it is over.
    pub(crate) async fn open(url: &str, lease: Duration) -> Result<Self, OpenError> {
        if url.starts_with("mysql:") {
            let (readers, writers) = mysql::open(url, lease).await?;
            return Ok(Self::new(readers, writers, None));
        }
        let lock = sqlite::file(url)
            .map(|file| sqlite::lock_beside(&file))
            .transpose()?;
        let writers = connect(sqlite::writer(url)).await?;
        Migrator::up(&writers, None).await?;
        let readers = connect(sqlite::readers(url)).await?;
        Ok(Self::new(readers, writers, lock))
    }

    #[cfg(not(test))]
    fn new(readers: DatabaseConnection, writers: DatabaseConnection, lock: Option<File>) -> Self {
        Self {
            readers,
            writers,
            lock,
        }
    }

    #[cfg(test)]
    fn new(
        mut readers: DatabaseConnection,
        writers: DatabaseConnection,
        lock: Option<File>,
    ) -> Self {
        let questions = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&questions);
        readers.set_metric_callback(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        Self {
            readers,
            writers,
            lock,
            questions,
        }
    }

    /// How many statements the readers have been asked.
    #[cfg(test)]
    pub(crate) fn questions(&self) -> usize {
        self.questions.load(Ordering::Relaxed)
    }

    /// Whether no other process can be using it.
    pub(crate) fn is_exclusive(&self) -> bool {
        self.lock.is_some()
    }

    /// Whether transactions that write run side by side rather than one after the other.
    pub(crate) fn writes_side_by_side(&self) -> bool {
        self.writers.get_database_backend() == DbBackend::MySql
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
        self.writers.begin_with_options(options).await
    }

    /// A way for transactions that go in one packet.
    pub(crate) fn line(&self) -> Line {
        Line::of(&self.writers)
    }

    /// Microseconds since 1970 by the clock that everybody who uses the database goes by: the
    /// server's, or that of the one process there is.
    pub(crate) async fn now_micros(
        &self,
        connection: &impl ConnectionTrait,
        clock: &dyn Clock,
    ) -> Result<i64, DbErr> {
        if connection.get_database_backend() != DbBackend::MySql {
            return Ok(clock.now().0 * 1_000);
        }
        let asked = "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED) AS now_micros";
        let statement = Statement::from_string(DbBackend::MySql, asked);
        let row = connection.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?;
        row.try_get("", "now_micros")
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), DbErr> {
        self.readers.execute_unprepared("SELECT 1").await.map(drop)
    }

    /// Closes all connections, so that SQLite folds its log into the file.
    pub(crate) async fn close(&self) {
        for connection in [&self.readers, &self.writers] {
            if let Err(error) = connection.clone().close().await {
                tracing::warn!(%error, "the database was not closed cleanly");
            }
        }
    }
}

/// One connection for a glance that changes nothing, the schema neither.
pub(crate) async fn glance(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    connect(options).await
}

async fn connect(options: ConnectOptions) -> Result<DatabaseConnection, DbErr> {
    sea_orm::Database::connect(options).await
}
