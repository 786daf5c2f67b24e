//! What the dashboard's address asks for.

use domain::campaign::{CampaignList, CampaignStatus};
use leptos_router::params::ParamsMap;

use crate::routes;

/// `?status=&q=&cursor=`, blank where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) status: Option<CampaignStatus>,
    pub(super) search: String,
    pub(super) cursor: String,
}

impl Request {
    /// A status that does not exist counts as none.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let said = |name| query.get_str(name).unwrap_or_default().to_owned();
        let status = said("status");
        Self {
            status: CampaignStatus::ALL
                .into_iter()
                .find(|known| known.as_str() == status),
            search: said("q").trim().to_owned(),
            cursor: said("cursor"),
        }
    }

    pub(super) fn list(self) -> CampaignList {
        let said = |text: String| (!text.is_empty()).then_some(text);
        CampaignList {
            status: self.status,
            q: said(self.search),
            cursor: said(self.cursor),
            limit: None,
        }
    }

    /// Whether something other than every campaign is asked for.
    pub(super) fn is_narrowed(&self) -> bool {
        self.status.is_some() || !self.search.is_empty() || !self.cursor.is_empty()
    }

    /// The address of the page of this list that begins at `cursor`.
    pub(super) fn page(&self, cursor: &str) -> String {
        self.address(self.status, cursor)
    }

    /// The address of the first page of the same search in `status`.
    pub(super) fn in_status(&self, status: Option<CampaignStatus>) -> String {
        self.address(status, "")
    }

    fn address(&self, status: Option<CampaignStatus>, cursor: &str) -> String {
        let status = status.map(CampaignStatus::as_str).unwrap_or_default();
        routes::with_query(
            routes::DASHBOARD,
            &[("status", status), ("q", &self.search), ("cursor", cursor)],
        )
    }
}
