//! Importing recipients into a campaign that was not started yet.
//!
//! Their rows stand beyond what the campaign's slices cover, so nobody sees them, until one last
//! transaction writes the slices. An import claims its campaign by a token on the campaign's row;
//! every transaction of it touches the row under that token, so that an import that was given up
//! can add nothing more. While there is no token, there is nothing beyond the slices.

use domain::{
    CampaignId, Timestamp,
    campaign::{CampaignStatus, EventKind, ImportCounts, ImportRequest, InvalidRecipients},
};
use entity::{email_job, prelude::EmailJob};
use futures::stream;
use sea_orm::{
    ColumnTrait, DbErr, DerivePartialModel, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::Expr,
};

use super::{
    Campaigns, LEFT_BEHIND_AFTER,
    intake::{
        Fault, ListFormat, RejectedRows, Upload, batch, body, lists::List, rejected::Rejections,
    },
    rows::{self, Place, Written},
    store,
    timeline::Event,
};
use crate::{
    Actor, Error, Result, Services,
    clock::Clock,
    database::{Database, repeated},
    failpoints::failpoint,
};

const NOT_STARTED: [CampaignStatus; 2] = [CampaignStatus::Draft, CampaignStatus::Scheduled];

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// How many rows went where.
    pub counts: ImportCounts,
    /// The rows that were left out.
    pub rejected: RejectedRows,
}

/// Whether somebody is importing into a campaign.
#[derive(Clone, Debug, DerivePartialModel)]
#[sea_orm(entity = "EmailJob")]
struct Standing {
    status: CampaignStatus,
    import_token: Option<String>,
    touched_at: Timestamp,
}

impl Standing {
    fn is_live(&self, now: Timestamp) -> bool {
        self.import_token.is_some() && now.since(self.touched_at) < LEFT_BEHIND_AFTER
    }
}

impl Campaigns {
    /// Adds a list to a campaign that was not started yet, in memory for a few thousand rows of it.
    /// A row whose mailbox the campaign has already is counted and left out: the first one
    /// written is sent to.
    ///
    /// All of the list is taken in, or nothing: on any error, and where the client or the process
    /// goes away, the campaign keeps the list it had. [`Error::Importing`] while another import
    /// into it is under way, [`Error::Conflict`] once it was started, [`Error::Malformed`] where
    /// the list cannot be read, [`Error::TooLarge`] where it is longer than the upload may be;
    /// with [`InvalidRecipients::Reject`], [`Error::InvalidMany`] where any row is no recipient.
    pub async fn import(
        &self,
        _actor: &Actor,
        id: CampaignId,
        format: ListFormat,
        request: ImportRequest,
        upload: Upload,
    ) -> Result<Imported> {
        let (pump, source) = body::channel(upload);
        let services = self.0.clone();
        // Whoever asked may go away at any moment; what was begun is ended all the same.
        let import = self.0.see_through(async move {
            let import = Import::claim(&services, id).await?;
            let result = import.run(format, request, source).await;
            if result.is_err() {
                import.give_up().await;
            }
            result
        });
        store::fed_by(pump, import).await
    }
}

struct Import<'a> {
    services: &'a Services,
    place: Place,
}

impl<'a> Import<'a> {
    /// Claims the campaign, and takes away what a dead import left in it.
    async fn claim(services: &'a Services, id: CampaignId) -> Result<Self> {
        let (database, clock) = (services.database(), services.clock());
        settle(database, clock, id).await?;
        let now = clock.now();
        let standing = find(database, id)
            .await?
            .ok_or(Error::NotFound("campaign"))?;
        if !standing.status.is_editable() {
            return Err(Error::Conflict(format!(
                "a campaign that is {} takes no more recipients; duplicate it instead",
                standing.status.as_str()
            )));
        }
        let place = take(database, id, &standing, now).await?;
        let place = place.ok_or(Error::Importing)?;
        failpoint!("import::claimed");
        Ok(Self { services, place })
    }

    async fn run(
        &self,
        format: ListFormat,
        request: ImportRequest,
        source: body::Source,
    ) -> Result<Imported> {
        let (batches, mut receiver) = batch::channel();
        let mut list = List {
            batches,
            rejections: Rejections::new(),
            invalid: request.invalid_recipients,
        };
        let reading = tokio::task::spawn_blocking(move || {
            list.read(format, source)?;
            let taken = list.batches.finish()?;
            Ok((taken, list.rejections))
        });
        let (slice, no) =
            rows::next_numbers(self.services.database().reader(), self.place.campaign).await?;
        let mut written = Written::after(no);
        // An error here lets go of the receiver, which ends the reader.
        let batches = stream::poll_fn(move |context| receiver.poll_recv(context));
        let added = rows::add_all(self.services, &self.place, &mut written, batches).await;
        added.map_err(given_up)?;
        let read: Result<_, Fault> = reading
            .await
            .map_err(|_| Error::Unavailable("the reader of lists"))?;
        let (taken, rejections) = match read {
            Ok(read) => read,
            Err(Fault::Refused(error)) => return Err(error),
            Err(Fault::Unwanted) => return Err(Error::Unavailable("the writer of lists")),
        };
        if request.invalid_recipients == InvalidRecipients::Reject && rejections.count() > 0 {
            return Err(rejections.into_error());
        }
        let mut counts = ImportCounts {
            accepted: written.count(),
            duplicates: taken - written.count(),
            rejected: rejections.count(),
            total_emails: 0,
        };
        let rejected = match rejections.finish() {
            Ok(rejected) => rejected,
            Err(Fault::Refused(error)) => return Err(error),
            Err(Fault::Unwanted) => return Err(Error::Unavailable("the writer of lists")),
        };
        failpoint!("import::written");
        counts.total_emails = self.seal(&written, slice, counts).await?;
        failpoint!("import::sealed");
        Ok(Imported { counts, rejected })
    }

    /// From here on the recipients are the campaign's. Returns how many it has.
    async fn seal(&self, written: &Written, slice: i64, counts: ImportCounts) -> Result<u64> {
        let id = self.place.campaign;
        let now = self.services.clock().now();
        let total = repeated(async || {
            let transaction = self.services.database().begin().await?;
            let slices = written.write_slices(&transaction, id, slice).await?;
            let added = i64::try_from(written.count()).unwrap_or(i64::MAX);
            let more = |column: email_job::Column, by: i64| (column, Expr::col(column).add(by));
            let mut update = EmailJob::update_many()
                .col_expr(email_job::Column::ImportToken, Expr::value(None::<String>));
            for (column, value) in [
                more(email_job::Column::TotalEmails, added),
                more(email_job::Column::OpenSlices, slices),
                more(email_job::Column::Version, i64::from(added > 0)),
            ] {
                update = update.col_expr(column, value);
            }
            let sealed = update
                .filter(self.place.condition())
                .filter(email_job::Column::SealedAt.is_not_null())
                .filter(email_job::Column::Status.is_in(NOT_STARTED))
                .exec(&transaction)
                .await?;
            if sealed.rows_affected == 0 {
                return Ok(None);
            }
            if added > 0 {
                let event = Event::of(id, EventKind::Imported).amount(written.count());
                event
                    .detail(left_out(counts))
                    .write(&transaction, now)
                    .await?;
            }
            let total: Option<i64> = EmailJob::find_by_id(id)
                .select_only()
                .column(email_job::Column::TotalEmails)
                .into_tuple()
                .one(&transaction)
                .await?;
            transaction.commit().await?;
            Ok(total)
        })
        .await?;
        let total = total.ok_or_else(taken_away)?;
        Ok(u64::try_from(total).unwrap_or(0))
    }

    /// Takes away what was added. Where that fails, the reconciler does it.
    async fn give_up(&self) {
        if let Err(error) = undo(self.services.database(), self.services.clock(), &self.place).await
        {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "what is left of an import goes away later"
            );
        }
    }
}

/// What of the list did not come in, in words; empty when all of it did.
fn left_out(counts: ImportCounts) -> String {
    [
        (counts.duplicates, "already there"),
        (counts.rejected, "left out"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, words)| format!("{n} {words}"))
    .collect::<Vec<_>>()
    .join(", ")
}

/// Somebody cancelled or deleted the campaign, or gave the import up for dead.
fn taken_away() -> Error {
    Error::Conflict("the campaign was cancelled, deleted or given up meanwhile".to_owned())
}

fn given_up(error: DbErr) -> Error {
    match error {
        DbErr::RecordNotFound(_) => taken_away(),
        error => error.into(),
    }
}

async fn find(database: &Database, id: CampaignId) -> Result<Option<Standing>, DbErr> {
    EmailJob::find()
        .filter(email_job::Column::Id.eq(id))
        .filter(email_job::Column::SealedAt.is_not_null())
        .into_partial_model::<Standing>()
        .one(database.reader())
        .await
}

/// Puts a token of one's own in the place of the one that was seen; none when somebody else was
/// faster.
async fn take(
    database: &Database,
    id: CampaignId,
    seen: &Standing,
    now: Timestamp,
) -> Result<Option<Place>, DbErr> {
    let token = format!("{:016x}", rand::random::<u64>());
    let same_token = match &seen.import_token {
        Some(token) => email_job::Column::ImportToken.eq(token.as_str()),
        None => email_job::Column::ImportToken.is_null(),
    };
    let is_ours = repeated(async || {
        let transaction = database.begin().await?;
        let changed = EmailJob::update_many()
            .col_expr(email_job::Column::ImportToken, Expr::value(token.as_str()))
            .col_expr(email_job::Column::TouchedAt, Expr::value(now))
            .filter(email_job::Column::Id.eq(id))
            .filter(email_job::Column::SealedAt.is_not_null())
            .filter(email_job::Column::Status.eq(seen.status))
            .filter(email_job::Column::TouchedAt.eq(seen.touched_at))
            .filter(same_token.clone())
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(changed.rows_affected > 0)
    })
    .await?;
    Ok(is_ours.then_some(Place {
        campaign: id,
        token: Some(token),
    }))
}

/// Takes away whatever stands beyond the campaign's slices, and then the token.
async fn undo(database: &Database, clock: &dyn Clock, place: &Place) -> Result<(), DbErr> {
    // First: once this is done, nothing of another holder's is still on its way.
    place.stay(database, clock.now()).await?;
    let (_, from) = rows::next_numbers(database.reader(), place.campaign).await?;
    rows::clear(database, place.campaign, from, Some((place, clock))).await?;
    failpoint!("import::cleared");
    repeated(async || {
        let transaction = database.begin().await?;
        EmailJob::update_many()
            .col_expr(email_job::Column::ImportToken, Expr::value(None::<String>))
            .filter(place.condition())
            .exec(&transaction)
            .await?;
        transaction.commit().await
    })
    .await
}

/// Makes sure that nobody is importing into the campaign: takes away what a dead import left, and
/// is [`Error::Importing`] while one lives.
pub(super) async fn settle(database: &Database, clock: &dyn Clock, id: CampaignId) -> Result<()> {
    let Some(standing) = find(database, id).await? else {
        return Ok(());
    };
    if standing.import_token.is_none() {
        return Ok(());
    }
    if standing.is_live(clock.now()) {
        return Err(Error::Importing);
    }
    let place = take(database, id, &standing, clock.now()).await?;
    let place = place.ok_or(Error::Importing)?;
    undo(database, clock, &place).await?;
    tracing::info!(campaign.id = id.0, "what was left of an import is gone");
    Ok(())
}

/// Takes away what dead imports left, in every campaign.
pub(crate) async fn clear_left_behind(database: &Database, clock: &dyn Clock) -> Result<(), DbErr> {
    let long_ago = clock.now().minus(LEFT_BEHIND_AFTER);
    for campaign in begun_before(database, Some(long_ago)).await? {
        match settle(database, clock, campaign).await {
            // Another process does it.
            Ok(()) | Err(Error::Importing) => {}
            Err(Error::Database(error)) => return Err(error),
            Err(other) => tracing::debug!(%other, "what is left of an import stays"),
        }
    }
    Ok(())
}

/// The same, where whoever was importing is known to be gone.
pub(crate) async fn clear_all(database: &Database, clock: &dyn Clock) -> Result<(), DbErr> {
    for campaign in begun_before(database, None).await? {
        let Some(standing) = find(database, campaign).await? else {
            continue;
        };
        if let Some(place) = take(database, campaign, &standing, clock.now()).await? {
            undo(database, clock, &place).await?;
        }
    }
    Ok(())
}

async fn begun_before(
    database: &Database,
    time: Option<Timestamp>,
) -> Result<Vec<CampaignId>, DbErr> {
    let mut begun = EmailJob::find()
        .select_only()
        .column(email_job::Column::Id)
        .filter(email_job::Column::ImportToken.is_not_null())
        .filter(email_job::Column::SealedAt.is_not_null());
    if let Some(time) = time {
        begun = begun.filter(email_job::Column::TouchedAt.lt(time));
    }
    begun.into_tuple().all(database.reader()).await
}

/// Whether somebody is importing into the campaign, or did and died.
pub(super) async fn is_under_way(database: &Database, id: CampaignId) -> Result<bool, DbErr> {
    let standing = find(database, id).await?;
    Ok(standing.is_some_and(|standing| standing.import_token.is_some()))
}
