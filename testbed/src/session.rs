//! A session at the database that is the test's own.

use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, Statement,
    TransactionTrait,
};

use crate::Stores;

/// A look at what the product wrote, past the product. On MySQL.
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

    /// The whole number that `value` of `question` is.
    pub async fn number(&self, question: &str) -> i64 {
        let row = self.0.query_one_raw(statement(question)).await;
        let row = row
            .expect("a question it understands")
            .expect("a row of the answer");
        row.try_get("", "value").expect("a whole number")
    }

    /// Locks the rows of a `SELECT … FOR UPDATE`, of which there must be some.
    pub async fn lock(&self, rows: &str) -> Lock {
        let transaction = self.0.begin().await.expect("a transaction");
        let locked = transaction.query_one_raw(statement(rows)).await;
        assert!(locked.expect("the lock").is_some(), "no row of {rows}");
        Lock(transaction)
    }
}

impl Lock {
    /// Lets the rows go as they were.
    pub async fn let_go(self) {
        self.0.rollback().await.expect("an end");
    }
}

fn statement(sql: &str) -> Statement {
    Statement::from_string(DbBackend::MySql, sql)
}
