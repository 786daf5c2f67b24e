//! What listeners cost the database.

use entity::{prelude::Slice, slice};
use futures::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};

use super::*;
use crate::unattended::unattended;

type Known = HashMap<CampaignId, (i64, CampaignSummary)>;

/// As if somebody of the campaign had got the message.
async fn send_one(services: &Services, campaign: CampaignId) {
    let transaction = services.database().begin().await.unwrap();
    Slice::update_many()
        .col_expr(slice::Column::Sent, Expr::col(slice::Column::Sent).add(1))
        .filter(slice::Column::EmailJobId.eq(campaign))
        .exec(&transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

/// What three looks ask of the database, of each of which so many listeners hear.
async fn asked_with(
    listeners: usize,
    services: &Services,
    known: &mut Known,
    campaign: CampaignId,
) -> usize {
    let watched = (0..listeners).map(|_| services.watch(&Actor::Local, campaign));
    let mut streams: Vec<_> = join_all(watched).await.into_iter().flatten().collect();
    assert_eq!(streams.len(), listeners);
    for stream in &mut streams {
        stream.next().await.unwrap();
    }
    let looks = async {
        for _ in 0..3 {
            send_one(services, campaign).await;
            look(services, known).await.unwrap();
            for stream in &mut streams {
                stream.next().await.unwrap();
            }
        }
    };
    services.questions_of(looks).await.1
}

#[tokio::test]
async fn five_hundred_listeners_ask_no_more_of_the_database_than_one() {
    let (services, _stores) = unattended().await;
    let campaign = services.campaign_to(100).await;
    let mut known = Known::new();
    look(&services, &mut known).await.unwrap();
    let with_one = asked_with(1, &services, &mut known, campaign).await;
    assert!(with_one > 0);
    let with_many = asked_with(500, &services, &mut known, campaign).await;
    assert_eq!(with_many, with_one);
}

#[tokio::test]
async fn five_hundred_listeners_that_come_at_once_share_their_first_look() {
    let (services, _stores) = unattended().await;
    let campaign = services.campaign_to(1).await;
    let alone = services.watch(&Actor::Local, campaign);
    let (_, with_one) = services.questions_of(alone).await;
    let together = (0..500).map(|_| services.watch(&Actor::Local, campaign));
    let (opened, with_many) = services.questions_of(join_all(together)).await;
    assert!(opened.iter().all(Result::is_ok));
    // One look for the first, and one for whoever came while it was under way.
    assert!(with_many <= 2 * with_one, "{with_many} against {with_one}");
}

#[tokio::test]
async fn dashboards_that_ask_again_at_the_same_event_share_their_look() {
    let (services, _stores) = unattended().await;
    services.campaign_to(1).await;
    let campaigns = services.campaigns();
    let dashboard = async || {
        let list = campaigns.list(&Actor::Local, domain::campaign::CampaignList::default());
        let overview = campaigns.overview(&Actor::Local);
        tokio::join!(list, overview)
    };
    let (_, with_one) = services.questions_of(dashboard()).await;
    let dashboards = (0..500).map(|_| dashboard());
    let (shown, with_many) = services.questions_of(join_all(dashboards)).await;
    assert!(
        shown
            .iter()
            .all(|(list, overview)| list.is_ok() && overview.is_ok())
    );
    assert!(with_many <= 2 * with_one, "{with_many} against {with_one}");
}

#[tokio::test]
async fn where_nothing_is_under_way_a_look_asks_no_more_than_whether_something_is() {
    let (services, _stores) = unattended().await;
    let mut known = Known::new();
    let idle = look(&services, &mut known);
    assert_eq!(services.questions_of(idle).await.1, 2);
    let reconcile = services.reconciler().look();
    // And who sends.
    assert_eq!(services.questions_of(reconcile).await.1, 2);
}
