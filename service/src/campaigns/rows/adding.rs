//! All batches of a list. Where the database lets several write at once, two are in flight, each on
//! a connection of its own: one connection is one core of the database's.

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture, stream::FuturesOrdered};
use sea_orm::DbErr;

use super::{
    Place, Written,
    written::{Room, Span},
};
use crate::{Services, campaigns::intake::batch::Batch, database::repeated, failpoints::failpoint};

/// How long whoever adds to a campaign is silent at most, while a client is slow.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// Batches that are written at once.
const AT_ONCE: usize = 2;

/// Adds every batch that comes, each in a transaction of its own, and says meanwhile that somebody
/// is still there. Those are left out whose mailbox the campaign has already: the first one in the
/// list wins. When this returns, also with an error, nothing is on its way any more.
pub(in crate::campaigns) async fn add_all(
    services: &Services,
    place: &Place,
    written: &mut Written,
    batches: impl Stream<Item = Batch> + Unpin,
) -> Result<(), DbErr> {
    let is_crowded = AtomicBool::new(!services.database().writes_side_by_side());
    let to = To {
        services,
        place,
        is_crowded: &is_crowded,
    };
    let mut adding = Adding {
        to,
        written,
        begun: VecDeque::new(),
        in_flight: FuturesOrdered::new(),
    };
    let added = adding.run(batches).await;
    while adding.in_flight.next().await.is_some() {}
    added
}

struct Adding<'a> {
    to: To<'a>,
    written: &'a mut Written,
    /// The batches in flight.
    begun: VecDeque<Arc<Batch>>,
    in_flight: FuturesOrdered<BoxFuture<'a, Result<Vec<Span>, DbErr>>>,
}

impl Adding<'_> {
    async fn run(&mut self, mut batches: impl Stream<Item = Batch> + Unpin) -> Result<(), DbErr> {
        loop {
            tokio::select! {
                Some(landed) = self.in_flight.next() => self.note(landed)?,
                batch = tokio::time::timeout(HEARTBEAT, batches.next()), if self.has_room() => {
                    match batch {
                        Ok(Some(batch)) => self.begin(batch).await?,
                        Ok(None) => return self.land().await,
                        Err(_) => self.to.stay().await?,
                    }
                }
            }
        }
    }

    fn has_room(&self) -> bool {
        let is_crowded = self.to.is_crowded.load(Ordering::Relaxed);
        self.begun.len() < if is_crowded { 1 } else { AT_ONCE }
    }

    async fn begin(&mut self, batch: Batch) -> Result<(), DbErr> {
        // The database knows who was first only where one comes after the other.
        if self
            .begun
            .iter()
            .any(|other| share_a_mailbox(other, &batch))
        {
            self.land().await?;
        }
        let database = self.to.services.database();
        self.written.reserve(database, batch.len()).await?;
        let room = self.written.room(batch.len());
        let batch = Arc::new(batch);
        self.begun.push_back(Arc::clone(&batch));
        self.in_flight.push_back(self.to.add(room, batch).boxed());
        Ok(())
    }

    /// Waits for all that are in flight.
    async fn land(&mut self) -> Result<(), DbErr> {
        while let Some(landed) = self.in_flight.next().await {
            self.note(landed)?;
        }
        Ok(())
    }

    fn note(&mut self, landed: Result<Vec<Span>, DbErr>) -> Result<(), DbErr> {
        self.begun.pop_front();
        self.written.note(landed?);
        Ok(())
    }
}

/// Where batches are added to.
#[derive(Clone, Copy)]
struct To<'a> {
    services: &'a Services,
    place: &'a Place,
    /// Whether they go one after the other.
    is_crowded: &'a AtomicBool,
}

impl To<'_> {
    async fn add(self, room: Room, batch: Arc<Batch>) -> Result<Vec<Span>, DbErr> {
        let spans = repeated(async || {
            let spans = self.add_once(room, &batch).await;
            if spans.is_err() {
                // Two of them may have waited for each other: where a mailbox was there before, MySQL
                // locks the gap beside it. With the next ones it could happen again, and again.
                self.is_crowded.store(true, Ordering::Relaxed);
            }
            spans
        })
        .await?;
        failpoint!("store::batch");
        Ok(spans)
    }

    async fn add_once(self, room: Room, batch: &Batch) -> Result<Vec<Span>, DbErr> {
        let (database, clock) = (self.services.database(), self.services.clock());
        let transaction = database.begin().await?;
        let spans = room.write(&transaction, self.place.campaign, batch).await?;
        // Last: whoever comes first holds the campaign's row against the others.
        self.place.touch(&transaction, clock.now()).await?;
        transaction.commit().await?;
        Ok(spans)
    }

    async fn stay(self) -> Result<(), DbErr> {
        let (database, clock) = (self.services.database(), self.services.clock());
        self.place.stay(database, clock.now()).await
    }
}

/// Whether any recipient is in both.
fn share_a_mailbox(one: &Batch, other: &Batch) -> bool {
    let keys: HashSet<_> = one.iter().map(|recipient| &recipient.email_key).collect();
    other
        .iter()
        .any(|recipient| keys.contains(&recipient.email_key))
}
