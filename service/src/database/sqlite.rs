//! SQLite: a file that belongs to one process at a time.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::ConnectOptions;

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
