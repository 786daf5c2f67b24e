//! A session at the database that is the test's own.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr,
    Statement, TransactionTrait,
};

use crate::Stores;

/// What no answer of a healthy database takes.
const PATIENCE: Duration = Duration::from_secs(2);

/// A look at what the product wrote, past the product.
#[derive(Debug)]
pub struct Session(DatabaseConnection);

/// Rows that nobody else can write until they are let go.
#[derive(Debug)]
pub struct Lock(DatabaseTransaction);

impl Session {
    /// Opens one at a test's database.
    pub async fn open(stores: &Stores) -> Self {
        let opened = Database::connect(stores.database_url()).await;
        Self(opened.expect("a database that answers"))
    }

    /// Opens one at a database that may be away; an error soon tells.
    pub async fn reach(url: &str) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(1)
            .connect_timeout(PATIENCE)
            .acquire_timeout(PATIENCE)
            .sqlx_logging(false);
        Ok(Self(Database::connect(options).await?))
    }

    /// The text that `value` is in each row of the answer, from a database that may be away.
    pub async fn texts(&self, question: &str) -> Result<Vec<String>, DbErr> {
        let rows = self.0.query_all_raw(self.statement(question)).await?;
        rows.iter().map(|row| row.try_get("", "value")).collect()
    }

    /// Changes rows, as something that went wrong may have.
    pub async fn change(&self, statement: &str) {
        let changed = self.0.execute_unprepared(statement).await;
        changed.expect("a statement it understands");
    }

    /// The whole number that `value` of `question` is.
    pub async fn number(&self, question: &str) -> i64 {
        let row = self.0.query_one_raw(self.statement(question)).await;
        let row = row
            .expect("a question it understands")
            .expect("a row of the answer");
        row.try_get("", "value").expect("a whole number")
    }

    /// Locks the rows of a `SELECT … FOR UPDATE`, of which there must be some.
    pub async fn lock(&self, rows: &str) -> Lock {
        let transaction = self.0.begin().await.expect("a transaction");
        let locked = transaction.query_one_raw(self.statement(rows)).await;
        assert!(locked.expect("the lock").is_some(), "no row of {rows}");
        Lock(transaction)
    }

    fn statement(&self, sql: &str) -> Statement {
        Statement::from_string(self.0.get_database_backend(), sql)
    }
}

impl Lock {
    /// Lets the rows go as they were.
    pub async fn let_go(self) {
        self.0.rollback().await.expect("an end");
    }
}
