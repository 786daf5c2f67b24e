//! Claiming a slice.

use domain::{
    RecipientId, Timestamp,
    campaign::{CampaignStatus, EventKind},
    recipient::RecipientStatus,
};
use entity::{
    email_job::{self, DesiredState},
    prelude::{EmailJob, Recipient, Slice},
    recipient,
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder,
    QuerySelect, sea_query::Expr,
};

use super::{of, within};
use crate::{
    campaigns::timeline::Event,
    database::{Database, repeated},
    delivery::work::Claimed,
    failpoints::failpoint,
    queue::SendSlice,
};

/// A slice that is now this owner's.
#[derive(Debug)]
pub(in super::super) struct Claim {
    pub(in super::super) epoch: i64,
    pub(in super::super) rows: Vec<Claimed>,
    pub(in super::super) campaign: email_job::Model,
}

/// Claims a slice for `owner`, if it is there to be had, and returns whoever is due in it. Of
/// two that claim at once, one gets it.
pub(in super::super) async fn claim(
    database: &Database,
    owner: &str,
    job: SendSlice,
    now: Timestamp,
) -> Result<Option<Claim>, DbErr> {
    repeated(|| claim_once(database, owner, job, now)).await
}

async fn claim_once(
    database: &Database,
    owner: &str,
    job: SendSlice,
    now: Timestamp,
) -> Result<Option<Claim>, DbErr> {
    let transaction = database.begin().await?;
    let key = (job.campaign, job.slice);
    let Some(found) = Slice::find_by_id(key).one(&transaction).await? else {
        return Ok(None);
    };
    if !to_be_had(&found, now) {
        return Ok(None);
    }
    let Some(campaign) = EmailJob::find_by_id(job.campaign).one(&transaction).await? else {
        return Ok(None);
    };
    let runs = campaign.sealed_at.is_some()
        && campaign.desired_state == DesiredState::Run
        && campaign.status.is_running();
    if !runs {
        return Ok(None);
    }
    let claimed = Slice::update_many()
        .col_expr(slice::Column::State, Expr::value(SliceState::Leased))
        .col_expr(slice::Column::Owner, Expr::value(owner))
        .col_expr(slice::Column::Epoch, Expr::value(found.epoch + 1))
        .col_expr(slice::Column::NextDueAt, Expr::value(None::<Timestamp>))
        .col_expr(slice::Column::RungAt, Expr::value(None::<Timestamp>))
        .filter(of(job))
        .filter(slice::Column::State.eq(found.state))
        .filter(slice::Column::Epoch.eq(found.epoch))
        .exec(&transaction)
        .await?;
    if claimed.rows_affected == 0 {
        return Ok(None);
    }
    if campaign.status == CampaignStatus::Pending {
        begin_campaign(&transaction, job, now).await?;
    }
    let rows = due(&transaction, job, &found, now).await?;
    transaction.commit().await?;
    failpoint!("slice::claimed");
    Ok(Some(Claim {
        epoch: found.epoch + 1,
        rows,
        campaign,
    }))
}

fn to_be_had(found: &slice::Model, now: Timestamp) -> bool {
    match found.state {
        SliceState::Ready => true,
        SliceState::Waiting => found.next_due_at.is_none_or(|due| due <= now),
        SliceState::Leased | SliceState::Closed => false,
    }
}

async fn begin_campaign(
    connection: &impl ConnectionTrait,
    job: SendSlice,
    now: Timestamp,
) -> Result<(), DbErr> {
    let began = EmailJob::update_many()
        .col_expr(
            email_job::Column::Status,
            Expr::value(CampaignStatus::Processing),
        )
        .col_expr(email_job::Column::StartedAt, Expr::value(now))
        .filter(email_job::Column::Id.eq(job.campaign))
        .filter(email_job::Column::Status.eq(CampaignStatus::Pending))
        .exec(connection)
        .await?;
    // Of two that take it up at once, one is the first.
    if began.rows_affected == 0 {
        return Ok(());
    }
    let event = Event::of(job.campaign, EventKind::TakenUp);
    event.write(connection, now).await
}

async fn due(
    connection: &impl ConnectionTrait,
    job: SendSlice,
    found: &slice::Model,
    now: Timestamp,
) -> Result<Vec<Claimed>, DbErr> {
    let due = Condition::any()
        .add(recipient::Column::Status.eq(RecipientStatus::Pending))
        .add(
            Condition::all()
                .add(recipient::Column::Status.eq(RecipientStatus::Deferred))
                .add(recipient::Column::NextAttemptAt.lte(now)),
        );
    let rows = Recipient::find()
        .select_only()
        .columns([
            recipient::Column::Id,
            recipient::Column::Email,
            recipient::Column::Status,
            recipient::Column::Attempt,
            recipient::Column::AttemptsCounted,
            recipient::Column::Disturbances,
        ])
        .filter(within(job, found))
        .filter(due)
        .order_by(recipient::Column::No, Order::Asc)
        .into_tuple::<(RecipientId, String, RecipientStatus, i32, i32, i32)>()
        .all(connection)
        .await?;
    let mut claimed: Vec<_> = rows
        .into_iter()
        .map(
            |(id, email, status, attempt, attempts_counted, disturbances)| Claimed {
                id,
                email,
                status,
                attempt,
                attempts_counted,
                disturbances,
            },
        )
        .collect();
    // Whoever breaks dialogues comes last: a server that recovers is tried with somebody else.
    claimed.sort_by_key(|claimed| claimed.disturbances);
    Ok(claimed)
}
