//! Creating a campaign, where the interruptions are.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::time::Duration;

use domain::{
    CampaignId,
    campaign::{Campaign, CampaignCreate, CampaignList, CampaignStatus, RecipientInput},
};
use entity::{email_job, prelude::EmailJob};
use sea_orm::{EntityTrait, sea_query::Expr};
use service::{Actor, Error};
use tokio_util::task::AbortOnDropHandle;

use super::support::bed::Bed;

/// Creates a campaign under a key: its id, and whether it was there before.
async fn create(bed: &Bed, subject: &str) -> Result<(CampaignId, bool), Error> {
    let input = CampaignCreate {
        subject: subject.to_owned(),
        body: "<p>Hola</p>".to_owned(),
        recipients: vec![RecipientInput::to("ana@example.org")],
        ..CampaignCreate::default()
    };
    let key = Some("october".to_owned());
    let created = bed.campaigns().create(&Actor::Local, input, key).await?;
    Ok((created.created.campaign.summary.id, created.replayed))
}

/// As if the process had been killed before the last transaction of a create.
async fn unseal(bed: &Bed) {
    EmailJob::update_many()
        .col_expr(email_job::Column::SealedAt, Expr::value(None::<i64>))
        .exec(&bed.database)
        .await
        .unwrap();
}

async fn shown(bed: &Bed) -> usize {
    let list = CampaignList::default();
    let page = bed.campaigns().list(&Actor::Local, list).await;
    page.unwrap().items.len()
}

#[tokio::test]
async fn the_same_request_under_the_same_key_is_the_same_campaign() {
    let bed = Bed::start().await;
    let (first, replayed) = create(&bed, "Hola").await.unwrap();
    assert!(!replayed);
    assert_eq!(create(&bed, "Hola").await.unwrap(), (first, true));
    assert_eq!(shown(&bed).await, 1);
    let other = create(&bed, "Adiós").await;
    assert!(matches!(other, Err(Error::KeyReused)), "{other:?}");
}

#[tokio::test]
async fn a_key_whose_first_request_is_still_being_stored_is_in_progress() {
    let bed = Bed::start().await;
    create(&bed, "Hola").await.unwrap();
    unseal(&bed).await;
    let again = create(&bed, "Hola").await;
    assert!(matches!(again, Err(Error::InProgress)), "{again:?}");
}

#[tokio::test]
async fn a_create_that_died_is_never_shown_and_goes_away_with_its_key() {
    let bed = Bed::start().await;
    let (first, _) = create(&bed, "Hola").await.unwrap();
    unseal(&bed).await;
    assert_eq!(shown(&bed).await, 0);
    bed.clock.advance(Duration::from_secs(61));
    let (second, replayed) = create(&bed, "Hola").await.unwrap();
    assert!(!replayed);
    assert_ne!(first, second);
    bed.is_left_with(1, 1).await;
    assert_eq!(shown(&bed).await, 1);
}

#[tokio::test]
async fn whoever_paused_sees_it_paused_on_every_server_however_many_read_meanwhile() {
    let bed = Bed::start().await;
    let (id, _) = create(&bed, "Hola").await.unwrap();
    let another = bed.another_server().await;
    let servers: Vec<_> = [bed.services.clone()].into_iter().chain(another).collect();
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
    let campaigns = bed.campaigns();
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
