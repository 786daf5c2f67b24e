//! The campaign: one subject and body to many recipients.
//!
//! The tables call it `email_job`, and its parts `recipient`; those are the contract's names.
//! Everywhere above the entities the word is *campaign*.

mod control;
mod event;
mod import;
mod input;
mod rules;
mod status;
mod streamed;
mod view;

pub use control::{
    CampaignEdit, MAX_NAMED, Resolution, ResolveRequest, RetryRequest, RetryStatus, Whom,
};
pub use event::{CampaignEvent, EventKind};
pub use import::{ImportCounts, ImportReport, ImportRequest, RejectedRow};
pub use input::{
    CampaignContent, CampaignCreate, CampaignForm, CampaignList, FormIntent, InvalidRecipients,
    MAX_BODY_LENGTH, MAX_SUBJECT_LENGTH, RecipientInput, RecipientVars,
};
pub use status::CampaignStatus;
pub use streamed::{CampaignCreateStream, RecipientArray};
pub use view::{
    Campaign, CampaignCreated, CampaignSummary, CampaignTotals, DeliveryError, LeftOut, Overview,
};
