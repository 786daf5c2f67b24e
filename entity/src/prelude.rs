//! The entities by the names the contract gives them.

pub use crate::{
    email_job::Entity as EmailJob, id_block::Entity as IdBlock,
    installation::Entity as Installation, recipient::Entity as Recipient, slice::Entity as Slice,
    worker_process::Entity as WorkerProcess,
};
