//! What many ask at once. Whoever watches a campaign asks for it again and again, and at every
//! event all open dashboards ask for the same: those who ask at the same time share one look at the
//! database, and each still sees whatever had been done, by whomever, when it asked.

use std::{hash::Hash, sync::Arc};

use domain::{
    CampaignId,
    campaign::{
        Campaign, CampaignList, CampaignStatus, CampaignSummary, CampaignTotals, DeliveryError,
        Overview,
    },
    counts::Counts,
    page::{DEFAULT_LIMIT, Page},
    recipient::RecipientStatus,
};
use entity::recipient;
use futures::future::try_join;

use super::{Campaigns, cursor, queries, validate, view};
use crate::{Actor, Error, Result, coalesced::Coalesced};

/// How many failures a campaign's own view carries.
const ERRORS_SHOWN: usize = 20;

type Shared<K, V> = Coalesced<K, Result<Arc<V>>>;

/// The looks that are under way.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    campaigns: Shared<CampaignId, Campaign>,
    lists: Shared<CampaignList, Page<CampaignSummary>>,
    overviews: Shared<(), Overview>,
}

impl Campaigns {
    /// One campaign's true state now.
    pub async fn get(&self, actor: &Actor, id: CampaignId) -> Result<Campaign> {
        self.get_shared(actor, id).await.map(Arc::unwrap_or_clone)
    }

    /// The same, for whoever needs no copy of its own.
    pub async fn get_shared(&self, _actor: &Actor, id: CampaignId) -> Result<Arc<Campaign>> {
        let campaigns = &self.0.looks().campaigns;
        self.share(campaigns, id, Self::load).await
    }

    /// Campaigns, newest first.
    pub async fn list(
        &self,
        _actor: &Actor,
        request: CampaignList,
    ) -> Result<Page<CampaignSummary>> {
        validate(&request)?;
        let lists = &self.0.looks().lists;
        let page = self.share(lists, request, Self::load_list).await;
        page.map(Arc::unwrap_or_clone)
    }

    /// What stands above the list on the dashboard.
    pub async fn overview(&self, _actor: &Actor) -> Result<Overview> {
        let overviews = &self.0.looks().overviews;
        let load = |campaigns: Self, ()| campaigns.load_overview();
        let overview = self.share(overviews, (), load).await;
        overview.map(Arc::unwrap_or_clone)
    }

    async fn share<K, V, L>(
        &self,
        looks: &Shared<K, V>,
        key: K,
        load: impl Fn(Self, K) -> L + Copy + Send + 'static,
    ) -> Result<Arc<V>>
    where
        K: Clone + Eq + Hash + Send + 'static,
        V: Send + Sync + 'static,
        L: Future<Output = Result<V>> + Send + 'static,
    {
        let (campaigns, asked) = (self.clone(), key.clone());
        let loaded = looks.get(key, move || {
            let loading = load(campaigns.clone(), asked.clone());
            async move { loading.await.map(Arc::new) }
        });
        loaded.await.ok_or(Error::Unavailable("the database"))?
    }

    async fn load(self, id: CampaignId) -> Result<Campaign> {
        let reader = self.0.database().reader();
        // Both at once: whoever watches asks for a campaign that runs, and waits for one answer.
        let (row, sums) = try_join(queries::find(reader, id), queries::sums(reader, [id])).await?;
        let row = row.ok_or(Error::NotFound("campaign"))?;
        let reply_to = row.reply_to.clone();
        let live = sums.first().copied();
        let summary = self.summary(row, live);
        let Counts {
            failed, unknown, ..
        } = summary.counts;
        // A campaign without any is the common case, and not asked about them.
        let kinds = [
            (RecipientStatus::Failed, failed),
            (RecipientStatus::Unknown, unknown),
        ];
        let kinds = kinds.into_iter().filter(|(_, count)| *count > 0);
        let kinds = kinds.map(|(status, _)| status);
        let errors = queries::in_trouble(reader, id, kinds, ERRORS_SHOWN).await?;
        Ok(Campaign {
            summary,
            reply_to,
            errors: errors.into_iter().map(delivery_error).collect(),
        })
    }

    async fn load_list(self, request: CampaignList) -> Result<Page<CampaignSummary>> {
        let before = cursor(request.cursor.as_deref())?.map(CampaignId);
        let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
        let rows = queries::list(self.0.database().reader(), &request, before, limit).await?;
        let page = Page::from_one_more(rows, limit, |row| row.id.to_string());
        Ok(Page {
            items: self.summaries(page.items).await?,
            next_cursor: page.next_cursor,
        })
    }

    async fn load_overview(self) -> Result<Overview> {
        let reader = self.0.database().reader();
        let running = [CampaignStatus::Pending, CampaignStatus::Processing];
        let sending = queries::in_status(reader, &running).await?;
        let mut needs_you = queries::in_status(reader, &[CampaignStatus::Paused]).await?;
        needs_you.extend(
            sending
                .iter()
                .filter(|row| row.waiting_code.is_some())
                .cloned(),
        );
        for row in queries::with_unknown(reader).await? {
            if needs_you.iter().all(|known| known.id != row.id) {
                needs_you.push(row);
            }
        }
        needs_you.sort_by_key(|row| std::cmp::Reverse(row.id));
        let by_status: Vec<_> = queries::totals(reader)
            .await?
            .into_iter()
            .map(|count| (count.status, u64::try_from(count.n).unwrap_or(0)))
            .collect();
        Ok(Overview {
            needs_you: self.summaries(needs_you).await?,
            sending: self.summaries(sending).await?,
            totals: CampaignTotals {
                all: by_status.iter().map(|(_, n)| n).sum(),
                by_status,
            },
        })
    }
}

fn delivery_error(row: recipient::Model) -> DeliveryError {
    let recipient = view::recipient(row);
    DeliveryError {
        recipient_id: recipient.id,
        email: recipient.email,
        status: recipient.status,
        code: recipient.code,
        enhanced_code: recipient.enhanced_code,
        error: recipient.error.unwrap_or_default(),
    }
}
