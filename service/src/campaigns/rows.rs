//! Rows of recipients: written batch by batch beyond what a campaign's slices cover, so that nobody
//! sees them, and taken away again in small steps.

use domain::{CampaignId, Timestamp};
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Recipient, Slice},
    recipient,
    slice::{self, SliceState},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait,
    Order, QueryFilter, QueryOrder, QuerySelect, Statement, Value, sea_query::Expr,
};

use super::prepare::PreparedRecipient;
use crate::{
    clock::Clock,
    database::{Database, repeated},
    ids::{self, Kind},
};

/// Recipients in a slice, and in a statement, at most.
pub(crate) const SLICE_SIZE: usize = 1_000;
/// As many octets of addresses and variables as one statement carries: MySQL takes 16 MiB at once
/// where nobody has told it otherwise.
const STATEMENT_SIZE: usize = 4 << 20;
/// The most ids that are reserved at once, ahead of the rows they are for.
const MOST_IDS: usize = 1 << 16;
/// Rows that are taken away in one transaction.
const CLEARED_AT_ONCE: u64 = 5_000;

/// Which campaign is added to, and what must still be so for anything to be added.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) campaign: CampaignId,
    /// Whose import it is; none while the campaign itself is being stored.
    pub(super) token: Option<String>,
}

impl Place {
    /// What must still be so.
    pub(super) fn condition(&self) -> Condition {
        let id = Condition::all().add(email_job::Column::Id.eq(self.campaign));
        match &self.token {
            Some(token) => id.add(email_job::Column::ImportToken.eq(token.as_str())),
            None => id
                .add(email_job::Column::SealedAt.is_null())
                .add(email_job::Column::DesiredState.eq(DesiredState::Run)),
        }
    }

    /// Says that somebody is still adding to it, and holds its row meanwhile. Fails when it was
    /// given up as left behind: what is added to nothing would stay for ever.
    pub(super) async fn touch(
        &self,
        connection: &impl ConnectionTrait,
        now: Timestamp,
    ) -> Result<(), DbErr> {
        let touched = EmailJob::update_many()
            .col_expr(email_job::Column::TouchedAt, Expr::value(now))
            .filter(self.condition())
            .exec(connection)
            .await?;
        if touched.rows_affected == 0 {
            let what = "the campaign that is being added to";
            return Err(DbErr::RecordNotFound(what.to_owned()));
        }
        Ok(())
    }

    /// The same, in a transaction of its own.
    pub(super) async fn stay(&self, database: &Database, now: Timestamp) -> Result<(), DbErr> {
        repeated(async || {
            let transaction = database.begin().await?;
            self.touch(&transaction, now).await?;
            transaction.commit().await
        })
        .await
    }
}

/// Where the recipients stand whom one statement wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    first: i64,
    last: i64,
    /// How many it wrote: fewer than there is room for where some were there before.
    count: usize,
}

/// What was written to a campaign, beyond its slices until they are written too.
#[derive(Clone, Debug)]
pub(super) struct Written {
    next_no: i64,
    next_id: i64,
    ids_left: usize,
    reserve: usize,
    spans: Vec<Span>,
    count: u64,
}

impl Written {
    /// Nothing yet; the next recipient's number is `next_no`.
    pub(super) fn after(next_no: i64) -> Self {
        Self {
            next_no,
            next_id: 0,
            ids_left: 0,
            reserve: 0,
            spans: Vec::new(),
            count: 0,
        }
    }

    /// How many recipients were written.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Makes sure that there are ids for so many.
    pub(super) async fn reserve(&mut self, database: &Database, ids: usize) -> Result<(), DbErr> {
        if self.ids_left >= ids {
            return Ok(());
        }
        // A small list wastes none, and a long one does not ask for each batch.
        let count = self.reserve.max(ids);
        self.next_id = ids::reserve(database, Kind::Recipient, count).await?;
        self.ids_left = count;
        self.reserve = (count * 4).min(MOST_IDS);
        Ok(())
    }

    /// Writes a batch in a transaction of its own, those left out whose mailbox the campaign has
    /// already: the first one written wins.
    pub(super) async fn add(
        &mut self,
        database: &Database,
        clock: &dyn Clock,
        place: &Place,
        batch: &[PreparedRecipient],
    ) -> Result<(), DbErr> {
        self.reserve(database, batch.len()).await?;
        let spans = repeated(async || {
            let transaction = database.begin().await?;
            place.touch(&transaction, clock.now()).await?;
            let spans = self.write(&transaction, place.campaign, batch).await?;
            transaction.commit().await?;
            Ok(spans)
        })
        .await?;
        self.note(batch.len(), spans);
        Ok(())
    }

    /// Writes a batch whose ids are reserved, in somebody's transaction.
    async fn write(
        &self,
        connection: &impl ConnectionTrait,
        campaign: CampaignId,
        batch: &[PreparedRecipient],
    ) -> Result<Vec<Span>, DbErr> {
        let mut spans = Vec::new();
        let (mut id, mut no) = (self.next_id, self.next_no);
        for part in parts(batch) {
            let count = insert(connection, campaign, (id, no), part).await?;
            let room = i64::try_from(part.len()).unwrap_or(i64::MAX);
            id += room;
            if count > 0 {
                let last = no + room - 1;
                spans.push(Span {
                    first: no,
                    last,
                    count,
                });
                no += room;
            }
        }
        Ok(spans)
    }

    fn note(&mut self, ids: usize, spans: Vec<Span>) {
        self.ids_left -= ids;
        self.next_id += i64::try_from(ids).unwrap_or(i64::MAX);
        for span in spans {
            self.next_no = span.last + 1;
            self.count += span.count as u64;
            match self.spans.last_mut() {
                Some(before) if before.count + span.count <= SLICE_SIZE => {
                    before.last = span.last;
                    before.count += span.count;
                }
                _ => self.spans.push(span),
            }
        }
    }

    /// The same as [`Written::add`], in a transaction of somebody else's.
    pub(super) async fn add_within(
        &mut self,
        connection: &impl ConnectionTrait,
        campaign: CampaignId,
        batch: &[PreparedRecipient],
    ) -> Result<(), DbErr> {
        let spans = self.write(connection, campaign, batch).await?;
        self.note(batch.len(), spans);
        Ok(())
    }

    /// Writes the slices over everything that was written, from this number on, and returns how
    /// many. From then on its recipients are the campaign's.
    pub(super) async fn write_slices(
        &self,
        connection: &impl ConnectionTrait,
        campaign: CampaignId,
        first: i64,
    ) -> Result<i64, DbErr> {
        for (spans, from) in self
            .spans
            .chunks(SLICE_SIZE)
            .zip((first..).step_by(SLICE_SIZE))
        {
            let rows = spans
                .iter()
                .zip(from..)
                .map(|(span, no)| slice::ActiveModel {
                    email_job_id: Set(campaign),
                    no: Set(no),
                    first_no: Set(span.first),
                    last_no: Set(span.last),
                    state: Set(SliceState::Ready),
                    ..Default::default()
                });
            Slice::insert_many(rows)
                .exec_without_returning(connection)
                .await?;
        }
        Ok(i64::try_from(self.spans.len()).unwrap_or(i64::MAX))
    }
}

/// Writes recipients, but for those whose mailbox the campaign has already, and returns how many.
///
/// By hand, since no builder writes this for MySQL, and a million rows are many. What MySQL's
/// `IGNORE` would shorten or turn into something else beside was looked at before, and fits.
async fn insert(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
    (first_id, first_no): (i64, i64),
    part: &[PreparedRecipient],
) -> Result<usize, DbErr> {
    const COLUMNS: &str =
        "`recipient` (`status`, `id`, `email_job_id`, `no`, `email`, `email_key`, `vars`)";
    const ROW: &str = "('PENDING', ?, ?, ?, ?, ?, ?)";
    let backend = connection.get_database_backend();
    let (ignore, on_conflict) = match backend {
        DbBackend::MySql => ("IGNORE ", ""),
        _ => ("", " ON CONFLICT (`email_job_id`, `email_key`) DO NOTHING"),
    };
    let mut sql = String::with_capacity(part.len() * (ROW.len() + 1) + 256);
    sql.push_str("INSERT ");
    sql.push_str(ignore);
    sql.push_str("INTO ");
    sql.push_str(COLUMNS);
    sql.push_str(" VALUES ");
    let mut values: Vec<Value> = Vec::with_capacity(part.len() * 6);
    for (offset, recipient) in (0..).zip(part) {
        if offset > 0 {
            sql.push(',');
        }
        sql.push_str(ROW);
        values.extend([
            Value::from(first_id + offset),
            campaign.into(),
            (first_no + offset).into(),
            recipient.email.as_str().into(),
            recipient.email_key.as_str().into(),
            recipient.vars.as_deref().into(),
        ]);
    }
    sql.push_str(on_conflict);
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let written = connection.execute_raw(statement).await?;
    Ok(usize::try_from(written.rows_affected()).unwrap_or(usize::MAX))
}

/// The recipients in parts that each fit a statement, and a slice.
fn parts(mut batch: &[PreparedRecipient]) -> impl Iterator<Item = &[PreparedRecipient]> {
    std::iter::from_fn(move || {
        let mut octets = 0;
        let fits = batch.iter().take(SLICE_SIZE).take_while(|recipient| {
            octets += recipient.octets();
            octets <= STATEMENT_SIZE
        });
        // One that is larger alone goes alone.
        let count = fits.count().max(1).min(batch.len());
        let (part, rest) = batch.split_at(count);
        batch = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// The numbers that come next in a campaign: of a slice, and of a recipient.
pub(super) async fn next_numbers(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<(i64, i64), DbErr> {
    let last: Option<(i64, i64)> = Slice::find()
        .select_only()
        .columns([slice::Column::No, slice::Column::LastNo])
        .filter(slice::Column::EmailJobId.eq(campaign))
        .order_by(slice::Column::No, Order::Desc)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(last.map_or((0, 0), |(no, last)| (no + 1, last + 1)))
}

/// Takes a campaign's recipients away from this number on, in small steps: a million rows in one
/// transaction would hold everybody else up. `hold` comes first in each.
pub(super) async fn clear(
    database: &Database,
    campaign: CampaignId,
    from: i64,
    hold: Option<(&Place, &dyn Clock)>,
) -> Result<(), DbErr> {
    let beyond = || {
        Condition::all()
            .add(recipient::Column::EmailJobId.eq(campaign))
            .add(recipient::Column::No.gte(from))
    };
    loop {
        let last: Option<i64> = Recipient::find()
            .select_only()
            .column(recipient::Column::No)
            .filter(beyond())
            .order_by(recipient::Column::No, Order::Asc)
            .offset(CLEARED_AT_ONCE - 1)
            .limit(1)
            .into_tuple()
            .one(database.reader())
            .await?;
        repeated(async || {
            let transaction = database.begin().await?;
            if let Some((place, clock)) = hold {
                place.touch(&transaction, clock.now()).await?;
            }
            let mut these = beyond();
            if let Some(last) = last {
                these = these.add(recipient::Column::No.lte(last));
            }
            Recipient::delete_many()
                .filter(these)
                .exec(&transaction)
                .await?;
            transaction.commit().await
        })
        .await?;
        if last.is_none() {
            return Ok(());
        }
    }
}
