//! Where a campaign or a recipient stands: a shape, a colour and a word.

use domain::{campaign::CampaignStatus, recipient::RecipientStatus};
use leptos::prelude::*;

/// A campaign's status.
#[component]
pub(crate) fn CampaignState(#[prop(into)] status: Signal<CampaignStatus>) -> impl IntoView {
    let class = move || format!("state {}", campaign_class(status.get()));
    view! { <span class=class>{move || campaign_word(status.get())}</span> }
}

/// A recipient's status.
#[component]
pub(crate) fn RecipientState(status: RecipientStatus) -> impl IntoView {
    let (class, word) = match status {
        RecipientStatus::Pending => ("waiting", "Waiting"),
        RecipientStatus::Sending => ("sending", "Being sent"),
        RecipientStatus::Sent => ("sent", "Sent"),
        RecipientStatus::Failed => ("failed", "Failed"),
        RecipientStatus::Deferred => ("deferred", "Deferred"),
        RecipientStatus::Unknown => ("unknown", "Unknown"),
        RecipientStatus::Skipped => ("skipped", "Skipped"),
    };
    view! { <span class=format!("state {class}")>{word}</span> }
}

/// The word for a campaign's status.
pub(crate) fn campaign_word(status: CampaignStatus) -> &'static str {
    match status {
        CampaignStatus::Draft => "Draft",
        CampaignStatus::Scheduled => "Scheduled",
        CampaignStatus::Pending => "Starting",
        CampaignStatus::Processing => "Sending",
        CampaignStatus::Paused => "Paused",
        CampaignStatus::Completed => "Completed",
        CampaignStatus::Failed => "Failed",
        CampaignStatus::Cancelling => "Cancelling",
        CampaignStatus::Cancelled => "Cancelled",
    }
}

fn campaign_class(status: CampaignStatus) -> &'static str {
    match status {
        CampaignStatus::Draft => "draft",
        CampaignStatus::Scheduled => "scheduled",
        CampaignStatus::Pending | CampaignStatus::Processing => "sending",
        CampaignStatus::Paused => "paused",
        CampaignStatus::Completed => "done",
        CampaignStatus::Failed => "failed",
        CampaignStatus::Cancelling | CampaignStatus::Cancelled => "cancelled",
    }
}
