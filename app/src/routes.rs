//! Every address, and which page stands there.

use domain::CampaignId;
use leptos::prelude::*;
use leptos_router::{
    ParamSegment, SsrMode, StaticSegment,
    components::{Route, Routes},
};

use crate::pages::{
    campaign::CampaignPage,
    caught::{CaughtPage, message::CaughtMessagePage},
    composer::{ComposerPage, EditPage},
    dashboard::DashboardPage,
    not_found::NotFoundPage,
};

/// The dashboard.
pub(crate) const DASHBOARD: &str = "/";
/// The composer. A plain form posts to the same address.
pub(crate) const COMPOSER: &str = "/campaigns/new";
/// What the built-in catcher received.
pub(crate) const CAUGHT: &str = "/caught";
/// Events of every campaign, as a stream.
pub(crate) const EVENTS: &str = "/api/emails/events";

/// The table of pages. Each is sent whole, with its data and its true status.
#[component]
pub(crate) fn Pages() -> impl IntoView {
    view! {
        <Routes fallback=NotFoundPage>
            <Route path=StaticSegment("") view=DashboardPage ssr=SsrMode::Async />
            <Route
                path=(StaticSegment("campaigns"), StaticSegment("new"))
                view=ComposerPage
                ssr=SsrMode::Async
            />
            <Route
                path=(StaticSegment("campaigns"), ParamSegment("id"), StaticSegment("edit"))
                view=EditPage
                ssr=SsrMode::Async
            />
            <Route
                path=(StaticSegment("campaigns"), ParamSegment("id"))
                view=CampaignPage
                ssr=SsrMode::Async
            />
            <Route path=StaticSegment("caught") view=CaughtPage ssr=SsrMode::Async />
            <Route
                path=(StaticSegment("caught"), ParamSegment("id"))
                view=CaughtMessagePage
                ssr=SsrMode::Async
            />
        </Routes>
    }
}

/// One campaign.
pub(crate) fn campaign(id: CampaignId) -> String {
    format!("/campaigns/{id}")
}

/// The composer, for a campaign that was not started yet.
pub(crate) fn edit(id: CampaignId) -> String {
    format!("/campaigns/{id}/edit")
}

/// The recipients of one campaign, for scripts.
pub(crate) fn recipients(id: CampaignId) -> String {
    format!("/api/emails/{id}/recipients")
}

/// The events of one campaign.
pub(crate) fn campaign_events(id: CampaignId) -> String {
    format!("/api/emails/{id}/events")
}

/// One caught message.
pub(crate) fn caught(id: u64) -> String {
    format!("{CAUGHT}/{id}")
}

/// `base` with those of `parameters` that are not empty.
pub(crate) fn with_query(base: &str, parameters: &[(&str, &str)]) -> String {
    let mut address = base.to_owned();
    let mut mark = '?';
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        address.push(mark);
        address.push_str(name);
        address.push('=');
        escape_into(&mut address, value);
        mark = '&';
    }
    address
}

/// Percent-encoding of everything that is not unreserved (RFC 3986, section 2.3).
fn escape_into(address: &mut String, value: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push('%');
            address.push(char::from(DIGITS[usize::from(byte >> 4)]));
            address.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_what_was_said_and_nothing_else() {
        assert_eq!(with_query("/", &[("q", ""), ("status", "")]), "/");
        assert_eq!(
            with_query("/", &[("status", "FAILED"), ("q", "a&b ñ")]),
            "/?status=FAILED&q=a%26b%20%C3%B1"
        );
    }
}
