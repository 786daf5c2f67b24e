//! Transactions whose updates go in one packet: with COMMIT they cost two waits for the database,
//! where one statement at a time costs a wait for each and three besides.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::TryStreamExt;
use sea_orm::{
    DatabaseConnection, DbBackend, DbErr, EntityTrait, QueryTrait, RuntimeErr, UpdateMany,
    sea_query::{MysqlQueryBuilder, SqliteQueryBuilder},
    sqlx::{self, AssertSqlSafe, MySql, MySqlPool, Sqlite, SqlitePool, pool::PoolConnection},
};

/// How long a connection is kept to the one writer of SQLite, for which others wait as well.
const SHARED_FOR: Duration = Duration::from_millis(5);
/// How long one of several is kept: long before a server would find that nobody uses it.
const KEPT_FOR: Duration = Duration::from_millis(500);

/// Updates that happen together, each with the number of rows it must change, or not at all.
#[derive(Debug)]
pub(crate) struct Packet {
    backend: DbBackend,
    statements: String,
    rows: Vec<u64>,
}

impl Packet {
    fn new(backend: DbBackend) -> Self {
        let begin = match backend {
            DbBackend::MySql => "BEGIN",
            _ => "BEGIN IMMEDIATE",
        };
        Self {
            backend,
            statements: begin.to_owned(),
            rows: Vec::new(),
        }
    }

    /// Adds an update that must change exactly so many rows.
    pub(crate) fn add<E: EntityTrait>(&mut self, update: &UpdateMany<E>, rows: usize) {
        let update = update.as_query();
        let text = match self.backend {
            DbBackend::MySql => update.to_string(MysqlQueryBuilder),
            _ => update.to_string(SqliteQueryBuilder),
        };
        self.statements.push(';');
        self.statements.push_str(&text);
        self.rows.push(rows as u64);
    }
}

/// A connection for packets, kept from one to the next as long as they follow each other: a pool
/// asks each that comes back whether it still works, which is one wait more.
#[derive(Debug)]
pub(crate) struct Line {
    pool: Pool,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
enum Pool {
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

#[derive(Debug)]
struct Kept {
    connection: Connection,
    until: Instant,
}

impl Line {
    pub(super) fn of(connections: &DatabaseConnection) -> Self {
        let pool = match connections.get_database_backend() {
            DbBackend::MySql => Pool::MySql(connections.get_mysql_connection_pool().clone()),
            _ => Pool::Sqlite(connections.get_sqlite_connection_pool().clone()),
        };
        Self {
            pool,
            kept: Mutex::new(None),
        }
    }

    /// A packet with nothing in it.
    pub(crate) fn packet(&self) -> Packet {
        Packet::new(match self.pool {
            Pool::MySql(_) => DbBackend::MySql,
            Pool::Sqlite(_) => DbBackend::Sqlite,
        })
    }

    /// Commits a packet; false when an update would have changed other rows than it should, and
    /// nothing happened. After an error it is not known whether anything did.
    pub(crate) async fn commit(&self, packet: Packet) -> Result<bool, DbErr> {
        let kept = match self.take() {
            Some(kept) => kept,
            None => self.acquire().await.map_err(failed)?,
        };
        let mut at_work = AtWork(Some(kept));
        let done = at_work.commit(packet).await;
        // An error of the database's leaves the connection as good as it was, a broken line does not.
        let is_clean = match &done {
            Ok(true) => true,
            Ok(false) | Err(sqlx::Error::Database(_)) => at_work.run("ROLLBACK").await.is_ok(),
            Err(_) => false,
        };
        if is_clean {
            self.keep(at_work.ended());
        }
        done.map_err(failed)
    }

    /// Gives the connection back, since no packet waits.
    pub(crate) fn rest(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take()
    }

    fn keep(&self, connection: Option<Kept>) {
        let still = connection.filter(|kept| Instant::now() < kept.until);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = still;
    }

    async fn acquire(&self) -> Result<Kept, sqlx::Error> {
        let (connection, kept_for) = match &self.pool {
            Pool::MySql(pool) => (Connection::MySql(pool.acquire().await?), KEPT_FOR),
            Pool::Sqlite(pool) => (Connection::Sqlite(pool.acquire().await?), SHARED_FOR),
        };
        Ok(Kept {
            connection,
            until: Instant::now() + kept_for,
        })
    }
}

#[derive(Debug)]
enum Connection {
    MySql(PoolConnection<MySql>),
    Sqlite(PoolConnection<Sqlite>),
}

/// A connection in the middle of a packet. Whoever gives it up there closes it, and with it the
/// transaction it may be in: the pool would hand that on to somebody else.
struct AtWork(Option<Kept>);

impl AtWork {
    /// False when an update changed other rows than it should: the transaction is still open then.
    async fn commit(&mut self, packet: Packet) -> Result<bool, sqlx::Error> {
        let changed = self.run(packet.statements).await?;
        // The first answer is that to BEGIN.
        if changed.get(1..) != Some(&packet.rows) {
            return Ok(false);
        }
        self.run("COMMIT").await.map(|_| true)
    }

    /// Runs statements, and returns how many rows each of them changed.
    async fn run(&mut self, statements: impl Into<String>) -> Result<Vec<u64>, sqlx::Error> {
        let statements = sqlx::raw_sql(AssertSqlSafe(statements.into()));
        match self.0.as_mut().map(|kept| &mut kept.connection) {
            Some(Connection::MySql(connection)) => {
                let answers = statements.execute_many(&mut **connection);
                let rows = answers.map_ok(|done| done.rows_affected());
                rows.try_collect().await
            }
            Some(Connection::Sqlite(connection)) => {
                let answers = statements.execute_many(&mut **connection);
                let rows = answers.map_ok(|done| done.rows_affected());
                rows.try_collect().await
            }
            None => Ok(Vec::new()),
        }
    }

    /// The connection, which is in no transaction any more.
    fn ended(mut self) -> Option<Kept> {
        self.0.take()
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        match self.0.as_mut().map(|kept| &mut kept.connection) {
            Some(Connection::MySql(connection)) => connection.close_on_drop(),
            Some(Connection::Sqlite(connection)) => connection.close_on_drop(),
            None => {}
        }
    }
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

#[cfg(test)]
mod tests {
    use domain::CampaignId;
    use entity::{email_job, prelude::EmailJob};
    use sea_orm::{ColumnTrait, QueryFilter, sea_query::Expr};

    use super::*;
    use crate::{database::Database, unattended::unattended};

    fn rename(campaign: CampaignId, name: &str) -> UpdateMany<EmailJob> {
        EmailJob::update_many()
            .col_expr(email_job::Column::Name, Expr::value(name))
            .filter(email_job::Column::Id.eq(campaign))
    }

    async fn name_of(database: &Database, campaign: CampaignId) -> String {
        let row = EmailJob::find_by_id(campaign).one(database.reader()).await;
        row.unwrap().unwrap().name
    }

    #[tokio::test]
    async fn a_packet_happens_as_a_whole_or_not_at_all() {
        let (services, _stores) = unattended().await;
        let database = services.database();
        let one = services.campaign_to(1).await;
        let other = services.campaign_to(1).await;
        let line = database.line();

        for (of_the_second, happens) in [(2, false), (1, true)] {
            let mut packet = line.packet();
            packet.add(&rename(one, "Uno"), 1);
            packet.add(&rename(other, "Otro"), of_the_second);
            assert_eq!(line.commit(packet).await.unwrap(), happens);
            assert_eq!(name_of(database, one).await == "Uno", happens);
            assert_eq!(name_of(database, other).await == "Otro", happens);
        }
    }

    #[tokio::test]
    async fn a_packet_given_up_in_the_middle_leaves_no_transaction_to_whoever_comes_next() {
        let (services, _stores) = unattended().await;
        let database = services.database();
        let campaign = services.campaign_to(1).await;
        let line = database.line();

        let mut packet = line.packet();
        packet.add(&rename(campaign, "half"), 1);
        let mut at_work = AtWork(Some(line.acquire().await.unwrap()));
        at_work.run(packet.statements).await.unwrap();
        drop(at_work);

        let transaction = database.begin().await.unwrap();
        let seen = EmailJob::find_by_id(campaign).one(&transaction).await;
        assert_ne!(seen.unwrap().unwrap().name, "half");
        let update = rename(campaign, "whole").exec(&transaction).await;
        assert_eq!(update.unwrap().rows_affected, 1);
        transaction.commit().await.unwrap();
        assert_eq!(name_of(database, campaign).await, "whole");
    }
}
