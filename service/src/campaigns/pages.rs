//! Pages of a campaign's recipients. PENDING, SENDING and SENT are in no index, since every message
//! would pay for it; but a slice knows whether it can hold one, so that whoever looks for the few
//! that are on their way among a million walks through the slices that somebody holds, and no others.

use domain::{
    CampaignId,
    recipient::{NO_ENHANCED_CODE, RecipientList, RecipientStatus},
};
use entity::{
    prelude::{Recipient, Slice},
    recipient,
    slice::{self, SliceState},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, Order, QueryFilter, QueryOrder,
    QuerySelect, Select,
    sea_query::{Expr, Query},
};

use super::queries::contains;

/// Numbers of recipients, first and last, that belong to slices beside each other.
type Run = (i64, i64);

/// One row more than `limit` of a campaign's recipients, in the list's order.
pub(super) async fn recipients(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
    request: &RecipientList,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<recipient::Model>, DbErr> {
    let wanted = wanted(campaign, request, after);
    let most = u64::from(limit) + 1;
    let Some(status) = request.status else {
        return wanted.limit(most).all(connection).await;
    };
    if status.is_trouble() {
        let wanted = wanted.filter(recipient::Column::Trouble.eq(status));
        return wanted.limit(most).all(connection).await;
    }
    let wanted = wanted.filter(recipient::Column::Status.eq(status));
    let mut rows = Vec::new();
    for (first, last) in runs(connection, campaign, status, after).await? {
        let found = wanted
            .clone()
            .filter(recipient::Column::No.between(first, last))
            .limit(most - rows.len() as u64)
            .all(connection)
            .await?;
        rows.extend(found);
        if rows.len() as u64 == most {
            break;
        }
    }
    Ok(rows)
}

/// Whatever is asked for but the status.
fn wanted(campaign: CampaignId, request: &RecipientList, after: Option<i64>) -> Select<Recipient> {
    // Beyond the last slice stand those that are still being imported.
    let last = Query::select()
        .column(slice::Column::LastNo)
        .from(Slice)
        .and_where(slice::Column::EmailJobId.eq(campaign))
        .order_by(slice::Column::No, Order::Desc)
        .limit(1)
        .to_owned();
    let mut query = Recipient::find()
        .filter(recipient::Column::EmailJobId.eq(campaign))
        .filter(Expr::col(recipient::Column::No).lte(Expr::expr(last)));
    if let Some(code) = request.code {
        query = query.filter(recipient::Column::Code.eq(i32::from(code)));
    }
    query = match request.enhanced_code.as_deref() {
        None | Some("") => query,
        Some(NO_ENHANCED_CODE) => query.filter(recipient::Column::EnhancedCode.is_null()),
        Some(code) => query.filter(recipient::Column::EnhancedCode.eq(code)),
    };
    if let Some(text) = request.q.as_deref().filter(|text| !text.trim().is_empty()) {
        query = query.filter(contains(Expr::col(recipient::Column::Email), text));
    }
    if let Some(after) = after {
        query = query.filter(recipient::Column::No.gt(after));
    }
    query.order_by(recipient::Column::No, Order::Asc)
}

/// Where recipients can be that are PENDING, SENDING or SENT.
async fn runs(
    connection: &impl ConnectionTrait,
    campaign: CampaignId,
    status: RecipientStatus,
    after: Option<i64>,
) -> Result<Vec<Run>, DbErr> {
    let holds = match status {
        RecipientStatus::Pending => slice::Column::State.ne(SliceState::Closed),
        RecipientStatus::Sending => slice::Column::State.eq(SliceState::Leased),
        _ => slice::Column::Sent.gt(0),
    };
    let mut query = Slice::find()
        .select_only()
        .columns([slice::Column::FirstNo, slice::Column::LastNo])
        .filter(slice::Column::EmailJobId.eq(campaign))
        .filter(holds)
        .order_by(slice::Column::No, Order::Asc);
    if let Some(after) = after {
        query = query.filter(slice::Column::LastNo.gt(after));
    }
    let slices = query.into_tuple().all(connection).await?;
    Ok(joined(slices))
}

/// What lies beside each other is one.
fn joined(slices: Vec<Run>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (first, last) in slices {
        match runs.last_mut() {
            Some(run) if run.1 + 1 == first => run.1 = last,
            _ => runs.push((first, last)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actor, Services, unattended::unattended};

    /// As if these were in this status, and their slices were held.
    async fn put(services: &Services, campaign: CampaignId, nos: &[i64], status: RecipientStatus) {
        let transaction = services.database().begin().await.unwrap();
        for no in nos {
            Recipient::update_many()
                .col_expr(recipient::Column::Status, Expr::value(status))
                .filter(recipient::Column::EmailJobId.eq(campaign))
                .filter(recipient::Column::No.eq(*no))
                .exec(&transaction)
                .await
                .unwrap();
            Slice::update_many()
                .col_expr(slice::Column::State, Expr::value(SliceState::Leased))
                .col_expr(slice::Column::Sent, Expr::col(slice::Column::Sent).add(1))
                .filter(slice::Column::EmailJobId.eq(campaign))
                .filter(slice::Column::FirstNo.lte(*no))
                .filter(slice::Column::LastNo.gte(*no))
                .exec(&transaction)
                .await
                .unwrap();
        }
        transaction.commit().await.unwrap();
    }

    /// All addresses in a status, page by page.
    async fn in_status(
        services: &Services,
        campaign: CampaignId,
        status: RecipientStatus,
        limit: u32,
    ) -> Vec<String> {
        let mut found = Vec::new();
        let mut request = RecipientList {
            status: Some(status),
            limit: Some(limit),
            ..RecipientList::default()
        };
        loop {
            let campaigns = services.campaigns();
            let page = campaigns.recipients(&Actor::Local, campaign, request.clone());
            let page = page.await.unwrap();
            found.extend(page.items.into_iter().map(|recipient| recipient.email));
            if page.next_cursor.is_none() {
                return found;
            }
            request.cursor = page.next_cursor;
        }
    }

    #[tokio::test]
    async fn pages_of_one_status_show_everybody_in_it_once_and_in_order() {
        let (services, _stores) = unattended().await;
        let campaign = services.campaign_to(4_500).await;
        let nos = [3, 999, 1_000, 1_001, 4_400];
        for status in [RecipientStatus::Sending, RecipientStatus::Sent] {
            put(&services, campaign, &nos, status).await;
            let all = in_status(&services, campaign, status, 100).await;
            assert_eq!(all.len(), nos.len());
            assert_eq!(in_status(&services, campaign, status, 1).await, all);
            assert_eq!(in_status(&services, campaign, status, 2).await, all);
        }
        let left = in_status(&services, campaign, RecipientStatus::Pending, 500).await;
        assert_eq!(left.len(), 4_500 - nos.len());
    }

    #[test]
    fn slices_beside_each_other_are_walked_through_in_one() {
        let slices = vec![(0, 9), (10, 19), (30, 39), (40, 41)];
        assert_eq!(joined(slices), [(0, 19), (30, 41)]);
    }
}
