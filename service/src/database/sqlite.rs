//! SQLite: a file that belongs to one process at a time.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{ConnectOptions, sqlx::Connection};

use super::OpenError;

/// Connections for reading; in WAL mode they run beside the writer.
const READERS: u32 = 8;
/// How long a statement waits for another process's lock before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn readers(url: &str) -> ConnectOptions {
    options(url, READERS)
}

pub(super) fn writer(url: &str) -> ConnectOptions {
    options(url, 1)
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let url = match file(url) {
        Some(_) if !url.contains('?') => format!("{url}?mode=rwc"),
        _ => url.to_owned(),
    };
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        // A file does not go away like a server; asking for it would double the waits of a transaction.
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_pool_opts(|pool| {
            // SQLite rolls a transaction back by itself where the disk is full or fails; sqlx, whose own
            // ROLLBACK fails then, goes on to count it as open. On such a connection every later
            // transaction would be a savepoint inside one that never commits.
            pool.before_acquire(|connection, _| {
                let is_clean = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_clean) })
            })
        })
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

/// The file of an SQLite URL; none for one in memory.
pub(super) fn file(url: &str) -> Option<PathBuf> {
    let path = url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))?;
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// Takes the lock file beside the database, and makes its folder.
pub(super) fn lock_beside(file: &Path) -> Result<File, OpenError> {
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

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DbErr};
    use testbed::Stores;

    use super::super::Database;
    use super::*;

    /// Writes a row of this size into a database that may hold no more pages than it has.
    async fn write(database: &Database, is_full: bool, size: usize) -> Result<(), DbErr> {
        let transaction = database.begin().await?;
        if is_full {
            let pages = "PRAGMA max_page_count = 1";
            transaction.execute_unprepared(pages).await?;
        }
        let text = "x".repeat(size);
        let insert = format!("INSERT INTO note (words) VALUES ('{text}')");
        transaction.execute_unprepared(&insert).await?;
        transaction.commit().await
    }

    #[tokio::test]
    async fn what_is_committed_after_the_disk_was_full_is_durable() {
        let stores = Stores::embedded();
        let database = Database::open(stores.database_url(), Duration::from_secs(20))
            .await
            .unwrap();
        let table = "CREATE TABLE note (words TEXT)";
        database.reader().execute_unprepared(table).await.unwrap();
        let full = write(&database, true, 1 << 20).await;
        assert!(full.is_err(), "the disk was not full");
        // This leaves a transaction that only sqlx takes for open; to take back another one inside
        // it would leave one that is.
        drop(database.begin().await.unwrap());
        write(&database, false, 10).await.unwrap();
        // A connection of its own sees only what was committed.
        let seen = database
            .reader()
            .query_one_raw(sea_orm::Statement::from_string(
                sea_orm::DbBackend::Sqlite,
                "SELECT COUNT(*) AS n FROM note",
            ))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(seen.try_get::<i64>("", "n").unwrap(), 1);
    }
}
