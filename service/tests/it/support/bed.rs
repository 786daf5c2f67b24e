//! Services that nobody works for, on stores of their own.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in what it calls"
)]

use std::{sync::Arc, time::Duration};

use domain::Timestamp;
use entity::prelude::{EmailJob, Recipient};
use sea_orm::{Database, DatabaseConnection, EntityTrait, PaginatorTrait};
use service::{Config, Services, campaigns::Campaigns, clock::ManualClock, start::Surroundings};
use testbed::Stores;

/// The services, their clock, and a look into their database.
pub(crate) struct Bed {
    pub(crate) services: Services,
    pub(crate) clock: ManualClock,
    pub(crate) database: DatabaseConnection,
    stores: Stores,
}

impl Bed {
    pub(crate) async fn start() -> Self {
        let stores = Stores::new().await;
        let clock = ManualClock::at(Timestamp(1_795_503_451_000));
        let surroundings = Surroundings {
            clock: Arc::new(clock.clone()),
            ..Surroundings::default()
        };
        Self {
            services: serve(&stores, surroundings).await,
            clock,
            database: Database::connect(stores.database_url()).await.unwrap(),
            stores,
        }
    }

    /// Another server at the same database; none on SQLite, which belongs to one.
    pub(crate) async fn another_server(&self) -> Option<Services> {
        if !testbed::is_distributed() {
            return None;
        }
        Some(serve(&self.stores, Surroundings::default()).await)
    }

    pub(crate) fn campaigns(&self) -> Campaigns {
        self.services.campaigns()
    }

    /// How many campaigns and how many recipients are in the database, shown or not.
    pub(crate) async fn rows(&self) -> (u64, u64) {
        let campaigns = EmailJob::find().count(&self.database).await.unwrap();
        let recipients = Recipient::find().count(&self.database).await.unwrap();
        (campaigns, recipients)
    }

    /// Waits until what was left behind has gone, and so many campaigns and recipients stay.
    pub(crate) async fn is_left_with(&self, campaigns: u64, recipients: u64) {
        let gone = async {
            while self.rows().await != (campaigns, recipients) {
                tokio::task::yield_now().await;
            }
        };
        let gone = tokio::time::timeout(Duration::from_mins(1), gone).await;
        gone.expect("what was left behind must go");
    }
}

/// Services at this database. Without a queue, nobody rings for anybody.
async fn serve(stores: &Stores, surroundings: Surroundings) -> Services {
    let database = ("DATABASE_URL".to_owned(), stores.database_url().to_owned());
    let config = Config::from_sources([database].into_iter(), None).unwrap();
    Services::start(&config, surroundings).await.unwrap()
}
