//! Creating a campaign, where the interruptions are.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::{sync::Arc, time::Duration};

use domain::{
    CampaignId, Timestamp,
    campaign::{Campaign, CampaignCreate, CampaignList, CampaignStatus, RecipientInput},
};
use entity::{email_job, prelude::EmailJob, prelude::Recipient};
use sea_orm::{Database, DatabaseConnection, EntityTrait, PaginatorTrait, sea_query::Expr};
use service::{Actor, Config, Error, Services, clock::ManualClock, start::Surroundings};
use testbed::Stores;
use tokio_util::task::AbortOnDropHandle;

/// Services that nobody works for, their clock, and a look into their database.
struct Bed {
    services: Services,
    clock: ManualClock,
    database: DatabaseConnection,
    stores: Stores,
}

impl Bed {
    async fn start() -> Self {
        let stores = Stores::new().await;
        // Nobody rings for anybody here.
        let database = ("DATABASE_URL".to_owned(), stores.database_url().to_owned());
        let config = Config::from_sources([database].into_iter(), None).unwrap();
        let clock = ManualClock::at(Timestamp(1_795_503_451_000));
        let surroundings = Surroundings {
            clock: Arc::new(clock.clone()),
            ..Surroundings::default()
        };
        let services = Services::start(&config, surroundings).await.unwrap();
        let database = Database::connect(stores.database_url()).await.unwrap();
        Self {
            services,
            clock,
            database,
            stores,
        }
    }

    async fn create(&self, subject: &str) -> Result<(i64, bool), Error> {
        let input = CampaignCreate {
            subject: subject.to_owned(),
            body: "<p>Hola</p>".to_owned(),
            recipients: vec![RecipientInput {
                email: "ana@example.org".to_owned(),
                vars: [].into(),
            }],
            ..CampaignCreate::default()
        };
        let key = Some("october".to_owned());
        let campaigns = self.services.campaigns();
        let created = campaigns.create(&Actor::Local, input, key).await?;
        Ok((created.created.campaign.summary.id.0, created.replayed))
    }

    /// As if the process had been killed before the last transaction of a create.
    async fn unseal(&self) {
        EmailJob::update_many()
            .col_expr(email_job::Column::SealedAt, Expr::value(None::<i64>))
            .exec(&self.database)
            .await
            .unwrap();
    }

    async fn shown(&self) -> usize {
        let list = CampaignList::default();
        let page = self.services.campaigns().list(&Actor::Local, list).await;
        page.unwrap().items.len()
    }
}

#[tokio::test]
async fn the_same_request_under_the_same_key_is_the_same_campaign() {
    let bed = Bed::start().await;
    let (first, replayed) = bed.create("Hola").await.unwrap();
    assert!(!replayed);
    assert_eq!(bed.create("Hola").await.unwrap(), (first, true));
    assert_eq!(bed.shown().await, 1);
    let other = bed.create("Adiós").await;
    assert!(matches!(other, Err(Error::KeyReused)), "{other:?}");
}

#[tokio::test]
async fn a_key_whose_first_request_is_still_being_stored_is_in_progress() {
    let bed = Bed::start().await;
    bed.create("Hola").await.unwrap();
    bed.unseal().await;
    let again = bed.create("Hola").await;
    assert!(matches!(again, Err(Error::InProgress)), "{again:?}");
}

#[tokio::test]
async fn a_create_that_died_is_never_shown_and_goes_away_with_its_key() {
    let bed = Bed::start().await;
    let (first, _) = bed.create("Hola").await.unwrap();
    bed.unseal().await;
    assert_eq!(bed.shown().await, 0);
    bed.clock.advance(Duration::from_secs(61));
    let (second, replayed) = bed.create("Hola").await.unwrap();
    assert!(!replayed);
    assert_ne!(first, second);
    let gone = async {
        while EmailJob::find().count(&bed.database).await.unwrap() > 1
            || Recipient::find().count(&bed.database).await.unwrap() > 1
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), gone)
        .await
        .expect("what was left behind must go");
    assert_eq!(bed.shown().await, 1);
}

/// Another server at the same database; none on SQLite, which belongs to one.
async fn another_server(bed: &Bed) -> Option<Services> {
    if !testbed::is_distributed() {
        return None;
    }
    let url = bed.stores.database_url().to_owned();
    let database = ("DATABASE_URL".to_owned(), url);
    let config = Config::from_sources([database].into_iter(), None).unwrap();
    let services = Services::start(&config, Surroundings::default()).await;
    Some(services.unwrap())
}

#[tokio::test]
async fn whoever_paused_sees_it_paused_on_every_server_however_many_read_meanwhile() {
    let bed = Bed::start().await;
    let (id, _) = bed.create("Hola").await.unwrap();
    let id = CampaignId(id);
    let another = another_server(&bed).await;
    let servers: Vec<_> = [Some(bed.services.clone()), another]
        .into_iter()
        .flatten()
        .collect();
    let readers: Vec<_> = servers
        .iter()
        .flat_map(|server| (0..10).map(|_| server.campaigns()))
        .map(|campaigns| {
            AbortOnDropHandle::new(tokio::spawn(async move {
                loop {
                    campaigns.get(&Actor::Local, id).await.unwrap();
                }
            }))
        })
        .collect();
    let campaigns = bed.services.campaigns();
    let status = |campaign: Result<Campaign, Error>| campaign.unwrap().summary.status;
    for _ in 0..10 {
        let paused = campaigns.pause(&Actor::Local, id).await;
        assert_eq!(status(paused), CampaignStatus::Paused);
        for server in &servers {
            let seen = server.campaigns().get(&Actor::Local, id).await;
            assert_eq!(status(seen), CampaignStatus::Paused);
        }
        let resumed = campaigns.resume(&Actor::Local, id).await;
        assert_ne!(status(resumed), CampaignStatus::Paused);
        for server in &servers {
            let seen = server.campaigns().get(&Actor::Local, id).await;
            assert_ne!(status(seen), CampaignStatus::Paused);
        }
    }
    assert!(readers.iter().all(|reader| !reader.is_finished()));
}
