//! The entities by the names the contract gives them.

pub use crate::{
    campaign_event::Entity as CampaignEvent, email_job::Entity as EmailJob,
    id_block::Entity as IdBlock, installation::Entity as Installation,
    recipient::Entity as Recipient, send_pace::Entity as SendPace, send_quota::Entity as SendQuota,
    slice::Entity as Slice, worker_process::Entity as WorkerProcess,
};
