//! MySQL and MariaDB: one database for any number of processes.

use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult,
    Statement,
    sqlx::{AssertSqlSafe, Executor},
};

use super::{OpenError, connect};

/// Connections of one process at most; a server allows 151 in all unless told otherwise.
const READERS: u32 = 5;
const WRITERS: u32 = 5;
/// How long processes wait for the one that changes the schema.
const MIGRATION_PATIENCE: Duration = Duration::from_mins(3);
/// A connection that rested for so long is asked whether it is still there before it is used.
const TRUSTED_FOR: Duration = Duration::from_millis(500);

/// Under the default level the gaps between rows are locked too, and strangers wait for each other.
/// A statement, since the two servers name the variable differently.
const ISOLATION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// Opens the database for a process whose leases are this long: its readers and its writers.
pub(super) async fn open(
    url: &str,
    lease: Duration,
) -> Result<(DatabaseConnection, DatabaseConnection), OpenError> {
    let first = connect(options(url, 1)).await?;
    inspect(&first).await?;
    migrate(&first).await?;
    first.close().await?;
    let readers = connect(options(url, READERS)).await?;
    let writers = connect(writers(url, lease)).await?;
    Ok((readers, writers))
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(30))
        .test_before_acquire_if_idle_for(TRUSTED_FOR)
        .sqlx_logging(false);
    options
}

/// Sessions that write. Whoever stands still in the middle of a transaction holds its locks until
/// the server rolls it back; that must happen before others take its work over, so that they meet
/// no locks of it.
fn writers(url: &str, lease: Duration) -> ConnectOptions {
    let patience = idle_limit(lease);
    let limits = format!(
        // Literals are written with the backslashes that are every server's default.
        "SET SESSION wait_timeout = {idle}, innodb_lock_wait_timeout = {lock}, \
         sql_mode = CONCAT(REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', ''), ',STRICT_TRANS_TABLES')",
        idle = patience.as_secs(),
        // What is locked for longer is repeated, so that nothing waits its whole lease for a row.
        lock = (lease.as_secs() / 8).clamp(1, 3),
    );
    let mut options = options(url, WRITERS);
    options
        // Resting connections are closed here before the server does it.
        .idle_timeout(patience / 3)
        .map_sqlx_mysql_pool_opts(move |pool| {
            let limits = limits.clone();
            pool.after_connect(move |connection, _| {
                let limits = AssertSqlSafe(limits.clone());
                Box::pin(async move {
                    connection.execute(ISOLATION).await?;
                    connection.execute(limits).await?;
                    Ok(())
                })
            })
        });
    options
}

/// After so long without a word the server ends a session, and rolls its transaction back: less
/// than half a lease, in whole seconds, since the server counts in those.
fn idle_limit(lease: Duration) -> Duration {
    let half = lease.as_millis().saturating_sub(1) / 2 / 1000;
    Duration::from_secs(u64::try_from(half).unwrap_or(u64::MAX).max(1))
}

#[derive(Debug, FromQueryResult)]
struct Server {
    version: String,
    flush_log_at_commit: i64,
    log_bin: i64,
    sync_binlog: i64,
}

/// Refuses a server that is too old, and warns where it does not keep what it acknowledges.
async fn inspect(connection: &DatabaseConnection) -> Result<(), OpenError> {
    let question = "SELECT VERSION() AS version, \
                    CAST(@@innodb_flush_log_at_trx_commit AS SIGNED) AS flush_log_at_commit, \
                    CAST(@@log_bin AS SIGNED) AS log_bin, \
                    CAST(@@sync_binlog AS SIGNED) AS sync_binlog";
    let server = Server::find_by_statement(Statement::from_string(DbBackend::MySql, question))
        .one(connection)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the server's settings".to_owned()))?;
    if !is_young_enough(&server.version) {
        return Err(OpenError::TooOld(server.version));
    }
    for (setting, value) in unsafe_settings(&server) {
        tracing::warn!(
            "the database may forget what it acknowledged when its machine fails: {setting} is \
             {value} and should be 1; until then a message may be sent twice after such a failure"
        );
    }
    Ok(())
}

fn unsafe_settings(server: &Server) -> Vec<(&'static str, i64)> {
    let mut found = Vec::new();
    if server.flush_log_at_commit != 1 {
        found.push(("innodb_flush_log_at_trx_commit", server.flush_log_at_commit));
    }
    if server.log_bin != 0 && server.sync_binlog != 1 {
        found.push(("sync_binlog", server.sync_binlog));
    }
    found
}

fn is_young_enough(version: &str) -> bool {
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let oldest = if version.contains("MariaDB") {
        (10, 6)
    } else {
        (8, 0)
    };
    found >= oldest
}

/// Brings the schema to the present, one process at a time: MySQL cannot roll back what changes
/// a schema, so two at once would leave half of each.
async fn migrate(connection: &DatabaseConnection) -> Result<(), OpenError> {
    // A lock's name is the whole server's, and may be 64 characters long.
    let name = "LEFT(CONCAT('palomar.', DATABASE()), 64)";
    let seconds = MIGRATION_PATIENCE.as_secs();
    let question = format!("SELECT CAST(GET_LOCK({name}, {seconds}) AS SIGNED) AS taken");
    let answer = connection
        .query_one_raw(Statement::from_string(DbBackend::MySql, question))
        .await?;
    let taken: Option<i64> = answer.map(|row| row.try_get("", "taken")).transpose()?;
    if taken != Some(1) {
        return Err(OpenError::Migrating);
    }
    // The lock goes with the session, also when this fails.
    Migrator::up(connection, None).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_session_ends_within_half_a_lease() {
        let limit = |seconds| idle_limit(Duration::from_secs(seconds)).as_secs();
        assert_eq!(limit(20), 9);
        assert_eq!(limit(21), 10);
        assert_eq!(limit(3), 1);
        // The server counts in whole seconds.
        assert_eq!(limit(1), 1);
    }

    #[test]
    fn servers_that_are_too_old_are_known_by_their_version() {
        for young in [
            "8.0.36",
            "8.4.3",
            "9.1.0",
            "10.6.18-MariaDB",
            "10.11.19-MariaDB-0+deb12u1",
            "11.4.2-MariaDB",
        ] {
            assert!(is_young_enough(young), "{young}");
        }
        for old in ["5.7.44", "5.5.5", "10.5.26-MariaDB", ""] {
            assert!(!is_young_enough(old), "{old}");
        }
    }

    #[test]
    fn a_setting_that_lets_a_commit_be_forgotten_is_found() {
        let server = |flush_log_at_commit, log_bin, sync_binlog| Server {
            version: String::new(),
            flush_log_at_commit,
            log_bin,
            sync_binlog,
        };
        let found = |server| {
            unsafe_settings(&server)
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        assert!(found(server(1, 1, 1)).is_empty());
        // Without a binary log nothing waits for it.
        assert!(found(server(1, 0, 0)).is_empty());
        assert_eq!(
            found(server(2, 1, 0)),
            ["innodb_flush_log_at_trx_commit", "sync_binlog"]
        );
    }
}
