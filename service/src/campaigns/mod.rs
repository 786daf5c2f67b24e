//! The use-cases of campaigns.
//!
//! | module | holds |
//! |---|---|
//! | `intake` | lists as they come in, read piece by piece |
//! | `prepare`, `looked`, `plan` | from what came in to what may be stored, and when it starts; pure |
//! | `rows` | the rows of recipients, written in batches and taken away in steps |
//! | `store`, `storing` | a new campaign, in one transaction or sealed at the end |
//! | `unsealed` | what is left of one that was never sealed, or was deleted |
//! | `import` | recipients for one that was not started yet |
//! | `control` | start, pause, resume, cancel, delete, and what starts by itself |
//! | `edit` | changing what was not started yet, and copying |
//! | `again` | retry, resend, and taking for sent |
//! | `steering` | all of these, as use-cases |
//! | `shared` | get, list, overview: read once for all who ask at the same time |
//! | `timeline` | what happened to a campaign |
//! | `queries`, `pages` | what is asked of the database |
//! | `view` | from rows to what the outside sees |

mod again;
pub(crate) mod control;
mod edit;
pub(crate) mod import;
mod intake;
mod looked;
mod pages;
mod plan;
pub(crate) mod prepare;
pub(crate) mod queries;
mod rows;
pub(crate) mod shared;
mod steering;
pub(crate) mod store;
mod storing;
pub(crate) mod timeline;
pub(crate) mod unsealed;
pub(crate) mod view;

use std::time::Duration;

use domain::{
    CampaignId, FieldError,
    campaign::{CampaignContent, CampaignCreate, CampaignCreated, CampaignForm, CampaignSummary},
    page::{DEFAULT_LIMIT, Page},
    recipient::{FailureReason, Recipient, RecipientList},
};
use garde::Validate;
use tokio::task::JoinHandle;

pub use self::{
    import::Imported,
    intake::{Frames, ListFormat, RejectedRows, Upload},
};
use self::{
    queries::{CampaignRow, SliceSums},
    store::{Reader, Stored},
};
use crate::{Actor, Error, Result, Services};

/// An unsealed campaign nobody has added to for so long was left behind.
pub(crate) const LEFT_BEHIND_AFTER: Duration = Duration::from_mins(1);

/// The use-cases of campaigns. The first argument of each is who asks.
#[derive(Clone, Debug)]
pub struct Campaigns(pub(crate) Services);

/// What a create did.
#[derive(Debug)]
pub struct Created {
    /// The campaign, and what of its list was not taken.
    pub created: CampaignCreated,
    /// Whether this key had created it before, so that nothing was stored now.
    pub replayed: bool,
}

impl Campaigns {
    /// Stores a campaign and starts it: when this returns, every recipient will end in exactly
    /// one of SENT, FAILED, UNKNOWN or SKIPPED. On any error nothing of it is ever sent.
    ///
    /// Idempotent under `key`, the client's `Idempotency-Key`: the same request again returns
    /// the same campaign; another request under it is [`Error::KeyReused`], and one that is
    /// still being stored [`Error::InProgress`].
    pub async fn create(
        &self,
        _actor: &Actor,
        input: CampaignCreate,
        key: Option<String>,
    ) -> Result<Created> {
        self.store(move |batches| prepare::from_request(input, batches), key)
            .await
    }

    /// The same, from the JSON of a [`CampaignCreate`] that is read while it comes: of its list only
    /// a few thousand recipients are in memory at once. [`Error::Malformed`] where it is not JSON.
    pub async fn create_from_body(
        &self,
        _actor: &Actor,
        upload: Upload,
        key: Option<String>,
    ) -> Result<Created> {
        let (pump, source) = intake::body::channel(upload);
        let storing = self.storing(move |batches| prepare::from_body(source, batches), key);
        let stored = store::fed_by(pump, storing).await?;
        self.created(stored).await
    }

    /// The same, from the composer's form, which carries its key with it.
    pub async fn create_from_form(&self, _actor: &Actor, form: CampaignForm) -> Result<Created> {
        let key = Some(form.idempotency_key.trim().to_owned()).filter(|key| !key.is_empty());
        if key.as_ref().is_some_and(|key| key.len() > 255) {
            let fault = FieldError::new("idempotencyKey", "must be at most 255 octets");
            return Err(Error::Invalid(vec![fault]));
        }
        self.store(move |batches| prepare::from_form(form, batches), key)
            .await
    }

    /// What a campaign's message says, as it was written.
    pub async fn content(&self, _actor: &Actor, id: CampaignId) -> Result<CampaignContent> {
        let row = queries::find_whole(self.0.database().reader(), id).await?;
        let row = row.ok_or(Error::NotFound("campaign"))?;
        Ok(edit::content_of(row))
    }

    /// Recipients of a campaign, in the list's order.
    pub async fn recipients(
        &self,
        _actor: &Actor,
        id: CampaignId,
        request: RecipientList,
    ) -> Result<Page<Recipient>> {
        validate(&request)?;
        let after = cursor(request.cursor.as_deref())?;
        let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
        let reader = self.0.database().reader();
        if !queries::exists(reader, id).await? {
            return Err(Error::NotFound("campaign"));
        }
        let rows = pages::recipients(reader, id, &request, after, limit).await?;
        let page = Page::from_one_more(rows, limit, |row| row.no.to_string());
        Ok(Page {
            items: page.items.into_iter().map(view::recipient).collect(),
            next_cursor: page.next_cursor,
        })
    }

    /// A campaign's failures by reason, the commonest first.
    pub async fn failure_reasons(
        &self,
        _actor: &Actor,
        id: CampaignId,
    ) -> Result<Vec<FailureReason>> {
        let rows = queries::reasons(self.0.database().reader(), id).await?;
        Ok(rows.into_iter().map(view::reason).collect())
    }

    /// Turns rows into views, the running ones with their counts of this moment.
    pub(crate) async fn summaries(&self, rows: Vec<CampaignRow>) -> Result<Vec<CampaignSummary>> {
        let running: Vec<_> = rows
            .iter()
            .filter(|row| !row.status.has_ended())
            .map(|row| row.id)
            .collect();
        let sums = if running.is_empty() {
            Vec::new()
        } else {
            queries::sums(self.0.database().reader(), running).await?
        };
        let of = |id| {
            sums.iter()
                .find(|sums: &&SliceSums| sums.email_job_id == Some(id))
                .copied()
        };
        Ok(rows
            .into_iter()
            .map(|row| {
                let live = of(row.id);
                self.summary(row, live)
            })
            .collect())
    }

    /// One row's view, with the counts of this moment where they are known.
    fn summary(&self, row: CampaignRow, live: Option<SliceSums>) -> CampaignSummary {
        let rate = self.0.rates().of(row.id);
        view::summary(row, live, rate)
    }

    async fn store(&self, read: impl Reader, key: Option<String>) -> Result<Created> {
        let stored = self.storing(read, key).await;
        let stored = stored.map_err(|_| Error::Unavailable("what takes lists in"))??;
        self.created(stored).await
    }

    /// Whoever asked may go away at any moment; what was begun is ended all the same.
    fn storing(&self, read: impl Reader, key: Option<String>) -> JoinHandle<Result<Stored>> {
        let services = self.0.clone();
        self.0.see_through(async move {
            let stored = store::store(&services, key, read).await?;
            if !stored.replayed {
                services.reconciler().wake();
            }
            Ok(stored)
        })
    }

    async fn created(&self, stored: Stored) -> Result<Created> {
        let campaign = self.get(&Actor::Local, stored.id).await?;
        Ok(Created {
            created: CampaignCreated {
                campaign,
                left_out: stored.left_out,
            },
            replayed: stored.replayed,
        })
    }
}

/// Does what takes long off the threads that answer others: a list of a million is seconds of work.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Unavailable("the reader of lists"))?
}

fn validate(request: &impl Validate<Context = ()>) -> Result<()> {
    request
        .validate()
        .map_err(|report| Error::Invalid(domain::error::fields_of(&report)))
}

/// Cursors are the key of the last item; nothing else is one.
fn cursor(text: Option<&str>) -> Result<Option<i64>> {
    match text {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            Error::Invalid(vec![FieldError::new(
                "cursor",
                "is not one this list gave out",
            )])
        }),
    }
}
