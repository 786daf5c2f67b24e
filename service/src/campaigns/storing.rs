//! Storing a campaign whose list is too long for one transaction: first its row, then the list while
//! it is read, at the end the seal.

use domain::CampaignId;
use entity::{email_job, prelude::EmailJob};
use futures::Stream;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    EntityTrait, QueryFilter,
};
use tokio::task::JoinHandle;

use super::{
    intake::{Fault, batch::Batch},
    plan::Plan,
    prepare::{self, Read},
    rows::{Place, Written, add_all},
    store::{Stored, is_known, read_to_its_end, row_of, seal},
    unsealed,
};
use crate::{
    Error, Result, Services,
    database::repeated,
    failpoints::failpoint,
    ids::{self, Kind},
};

/// A campaign whose list is still being read while it is stored.
pub(super) struct Storing<'a> {
    services: &'a Services,
    place: Place,
}

impl<'a> Storing<'a> {
    /// Its row holds its place and its key. What its message says may not have been read yet.
    pub(super) async fn begin(services: &'a Services, key: Option<&str>) -> Result<Self> {
        let database = services.database();
        let id = CampaignId(ids::reserve(database, Kind::Campaign, 1).await?);
        let inserted = repeated(async || {
            let now = services.clock().now();
            let transaction = database.begin().await?;
            let row = row_of(services, id, &Read::default(), Plan::Draft, now);
            let row = email_job::ActiveModel {
                idempotency_key: Set(key.map(ToOwned::to_owned)),
                ..row
            };
            EmailJob::insert(row)
                .exec_without_returning(&transaction)
                .await?;
            transaction.commit().await
        })
        .await;
        match inserted {
            Ok(()) => {}
            // Another request with this key was faster.
            Err(error) if key.is_some() && is_known(&error) => return Err(Error::InProgress),
            Err(error) => return Err(error.into()),
        }
        failpoint!("store::unsealed");
        let place = Place {
            campaign: id,
            token: None,
        };
        Ok(Self { services, place })
    }

    pub(super) async fn run(
        &self,
        reading: JoinHandle<Result<Read, Fault>>,
        batches: impl Stream<Item = Batch> + Unpin,
        key: Option<String>,
    ) -> Result<Stored> {
        let mut written = Written::after(0);
        add_all(self.services, &self.place, &mut written, batches).await?;
        let read = read_to_its_end(reading).await?;
        let plan = prepare::judge(&read, &self.services.circumstances())?;
        let (database, id) = (self.services.database(), self.place.campaign);
        repeated(async || {
            let now = self.services.clock().now();
            let transaction = database.begin().await?;
            self.place.touch(&transaction, now).await?;
            let row = email_job::ActiveModel {
                id: NotSet,
                request_hash: Set(key.as_ref().map(|_| read.request_hash.clone())),
                ..row_of(self.services, id, &read, plan, now)
            };
            EmailJob::update_many()
                .set(row)
                .filter(self.place.condition())
                .exec(&transaction)
                .await?;
            seal(&transaction, id, &written, plan, now).await?;
            transaction.commit().await
        })
        .await?;
        failpoint!("store::sealed");
        Ok(Stored {
            id,
            left_out: read.left_out(written.count()),
            replayed: false,
        })
    }

    /// Takes away what was stored: its key at once, its rows in the time they take. Where that fails,
    /// the reconciler does it.
    pub(super) async fn give_up(&self) {
        let (services, id) = (self.services.clone(), self.place.campaign);
        let given_up = repeated(|| unsealed::give_up(services.database(), id)).await;
        self.services.see_through(async move {
            let gone = async {
                given_up?;
                unsealed::delete_unsealed(services.database(), id).await
            };
            if let Err(error) = gone.await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "what is left of a campaign goes away later"
                );
            }
        });
    }
}
