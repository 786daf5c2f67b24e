//! One folder an area. A page asks [`crate::api`] for what it shows, all at once at its top, and
//! hands plain values to the components beside it.

pub(crate) mod campaign;
pub(crate) mod caught;
pub(crate) mod composer;
pub(crate) mod dashboard;
pub(crate) mod not_found;
