//! Which recipients the page's address asks for.

use domain::{
    CampaignId,
    counts::Counts,
    recipient::{RecipientList, RecipientStatus},
};
use leptos_router::params::ParamsMap;

use crate::routes;

/// Which tab of the recipients is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    /// Everybody.
    All,
    /// Those in one status.
    Only(RecipientStatus),
}

impl Show {
    fn word(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Only(status) => status.as_str(),
        }
    }
}

/// `?show=&code=&q=&cursor=`, blank where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) show: Option<Show>,
    pub(super) code: Option<u16>,
    pub(super) search: String,
    pub(super) cursor: String,
}

impl Request {
    pub(super) fn read(query: &ParamsMap) -> Self {
        let said = |name| query.get_str(name).unwrap_or_default();
        let show = said("show");
        Self {
            show: RecipientStatus::ALL
                .into_iter()
                .map(Show::Only)
                .chain([Show::All])
                .find(|known| known.word() == show),
            code: said("code").parse().ok(),
            search: said("q").trim().to_owned(),
            cursor: said("cursor").to_owned(),
        }
    }

    /// Where no tab was asked for: the first that has something to say.
    pub(super) fn chosen_for(self, counts: &Counts) -> Self {
        let show = self.show.unwrap_or(if counts.unknown > 0 {
            Show::Only(RecipientStatus::Unknown)
        } else if counts.failed > 0 {
            Show::Only(RecipientStatus::Failed)
        } else {
            Show::All
        });
        Self {
            show: Some(show),
            ..self
        }
    }

    pub(super) fn list(&self) -> RecipientList {
        let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        RecipientList {
            status: match self.show {
                Some(Show::Only(status)) => Some(status),
                Some(Show::All) | None => None,
            },
            code: self.code,
            q: said(&self.search),
            cursor: said(&self.cursor),
            limit: None,
        }
    }

    /// The word of the open tab, as the address says it.
    pub(super) fn show_word(&self) -> &'static str {
        self.show.map(Show::word).unwrap_or_default()
    }

    /// The address of the page of this list that begins at `cursor`.
    pub(super) fn page(&self, id: CampaignId, cursor: &str) -> String {
        let code = self.code.map(|code| code.to_string()).unwrap_or_default();
        routes::with_query(
            &routes::campaign(id),
            &[
                ("show", self.show_word()),
                ("code", &code),
                ("q", &self.search),
                ("cursor", cursor),
            ],
        )
    }

    /// The address of the first page of another tab.
    pub(super) fn tab(id: CampaignId, show: Show, code: Option<u16>) -> String {
        Self {
            show: Some(show),
            code,
            ..Self::default()
        }
        .page(id, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tab_that_opens_by_itself_is_the_one_with_something_to_say() {
        let opens = |counts: Counts| Request::default().chosen_for(&counts).show_word();
        let nobody = Counts::default();
        assert_eq!(opens(nobody), "ALL");
        assert_eq!(
            opens(Counts {
                failed: 1,
                ..nobody
            }),
            "FAILED"
        );
        assert_eq!(
            opens(Counts {
                failed: 1,
                unknown: 1,
                ..nobody
            }),
            "UNKNOWN"
        );
    }

    #[test]
    fn a_page_of_a_list_has_an_address() {
        assert_eq!(
            Request::tab(
                CampaignId(42),
                Show::Only(RecipientStatus::Failed),
                Some(550)
            ),
            "/campaigns/42?show=FAILED&code=550"
        );
    }
}
