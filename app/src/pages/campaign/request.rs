//! Which recipients the page's address asks for.

use domain::{
    CampaignId,
    counts::Counts,
    recipient::{FailureReason, NO_ENHANCED_CODE, RecipientList, RecipientStatus},
};
use leptos_router::params::ParamsMap;

use super::reasons::codes;
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

/// `?show=&code=&enhanced=&q=&cursor=`, blank where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) show: Option<Show>,
    pub(super) code: Option<u16>,
    /// The enhanced status code, or [`NO_ENHANCED_CODE`].
    pub(super) enhanced: String,
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
            enhanced: said("enhanced").to_owned(),
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
            enhanced_code: said(&self.enhanced),
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
                ("enhanced", &self.enhanced),
                ("q", &self.search),
                ("cursor", cursor),
            ],
        )
    }

    /// The address of the first page of another tab.
    pub(super) fn tab(id: CampaignId, show: Show) -> String {
        Self {
            show: Some(show),
            ..Self::default()
        }
        .page(id, "")
    }

    /// The address of those that failed for `reason` and no other.
    pub(super) fn failed_for(id: CampaignId, reason: &FailureReason) -> String {
        let enhanced = reason.enhanced_code.as_deref();
        Self {
            show: Some(Show::Only(RecipientStatus::Failed)),
            code: reason.code,
            enhanced: enhanced.unwrap_or(NO_ENHANCED_CODE).to_owned(),
            ..Self::default()
        }
        .page(id, "")
    }

    /// The same list for every reason.
    pub(super) fn for_every_reason(&self) -> Self {
        Self {
            code: None,
            enhanced: String::new(),
            cursor: String::new(),
            ..self.clone()
        }
    }

    /// The reason that was asked for, as `550 5.1.1`; nothing when none was.
    pub(super) fn reason(&self) -> Option<String> {
        let asked = self.code.is_some() || !self.enhanced.is_empty();
        let enhanced = Some(self.enhanced.clone())
            .filter(|enhanced| !enhanced.is_empty() && enhanced != NO_ENHANCED_CODE);
        asked.then(|| codes(self.code, enhanced))
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
    fn a_reason_has_an_address_that_is_its_own() {
        let address = |code, enhanced: Option<&str>| {
            let reason = FailureReason {
                code,
                enhanced_code: enhanced.map(str::to_owned),
                example: String::new(),
                count: 1,
            };
            Request::failed_for(CampaignId(42), &reason)
        };
        assert_eq!(
            address(Some(550), Some("5.7.1")),
            "/campaigns/42?show=FAILED&code=550&enhanced=5.7.1"
        );
        assert_eq!(
            address(Some(550), None),
            "/campaigns/42?show=FAILED&code=550&enhanced=-"
        );
        assert_eq!(address(None, None), "/campaigns/42?show=FAILED&enhanced=-");
    }
}
