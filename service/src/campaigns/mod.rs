//! The use-cases of campaigns.
//!
//! | module | holds |
//! |---|---|
//! | `prepare`, `plan` | from what came in to what may be stored, and when it starts; pure |
//! | `store` | the rows of a new campaign, sealed at the end |
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
mod pages;
mod plan;
mod prepare;
pub(crate) mod queries;
pub(crate) mod shared;
mod steering;
pub(crate) mod store;
pub(crate) mod timeline;
pub(crate) mod view;

use std::time::Duration;

use domain::{
    CampaignId, FieldError,
    campaign::{
        CampaignContent, CampaignCreate, CampaignCreated, CampaignForm, CampaignSummary, LeftOut,
    },
    page::{DEFAULT_LIMIT, Page},
    recipient::{FailureReason, Recipient, RecipientList},
};
use garde::Validate;
use sea_orm::SqlErr;

use self::{
    prepare::{Circumstances, Prepared},
    queries::{CampaignRow, SliceSums},
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
        self.store(move |with| prepare::from_request(input, with), key)
            .await
    }

    /// The same, from the composer's form, which carries its key with it.
    pub async fn create_from_form(&self, _actor: &Actor, form: CampaignForm) -> Result<Created> {
        let key = Some(form.idempotency_key.trim().to_owned()).filter(|key| !key.is_empty());
        if key.as_ref().is_some_and(|key| key.len() > 255) {
            let fault = FieldError::new("idempotencyKey", "must be at most 255 octets");
            return Err(Error::Invalid(vec![fault]));
        }
        self.store(move |with| prepare::from_form(form, with), key)
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
        let rates = self.0.rates();
        Ok(rows
            .into_iter()
            .map(|row| {
                let (live, rate) = (of(row.id), rates.of(row.id));
                view::summary(row, live, rate)
            })
            .collect())
    }

    async fn store(
        &self,
        prepare: impl FnOnce(&Circumstances) -> Result<Prepared, Vec<FieldError>> + Send + 'static,
        key: Option<String>,
    ) -> Result<Created> {
        let circumstances = self.circumstances();
        let prepared = aside(move || prepare(&circumstances)).await?;
        if let Some(key) = &key
            && let Some(replayed) = self.replay(key, &prepared).await?
        {
            return Ok(replayed);
        }
        let (database, clock) = (self.0.database(), self.0.clock());
        let stored = store::store(
            database,
            clock,
            self.0.default_sender(),
            &prepared,
            key.as_deref(),
        )
        .await;
        match stored {
            Ok(id) => {
                self.0.reconciler().wake();
                self.created(id, prepared.left_out, false).await
            }
            // Another request with this key was faster to its first row.
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                match key {
                    Some(key) => self.replay(&key, &prepared).await?.ok_or(Error::InProgress),
                    None => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    fn circumstances(&self) -> Circumstances {
        Circumstances {
            now: self.0.clock().now(),
            routes: self.0.routes().clone(),
            default_sender: self.0.default_sender().email.clone(),
        }
    }

    /// The campaign this key stands for already, if it does.
    async fn replay(&self, key: &str, prepared: &Prepared) -> Result<Option<Created>> {
        let database = self.0.database();
        let Some(row) = queries::find_by_key(database.reader(), key).await? else {
            return Ok(None);
        };
        if row.request_hash.as_deref() != Some(prepared.request_hash.as_str()) {
            return Err(Error::KeyReused);
        }
        if row.sealed_at.is_some() {
            return self
                .created(row.id, prepared.left_out.clone(), true)
                .await
                .map(Some);
        }
        if self.0.clock().now().since(row.touched_at) < LEFT_BEHIND_AFTER {
            return Err(Error::InProgress);
        }
        store::delete_unsealed(database, row.id).await?;
        Ok(None)
    }

    async fn created(&self, id: CampaignId, left_out: LeftOut, replayed: bool) -> Result<Created> {
        let campaign = self.get(&Actor::Local, id).await?;
        Ok(Created {
            created: CampaignCreated { campaign, left_out },
            replayed,
        })
    }
}

/// Does what takes long off the threads that answer others: a list of a million is seconds of work.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Vec<FieldError>> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Unavailable("the reader of lists"))?
        .map_err(Error::Invalid)
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
