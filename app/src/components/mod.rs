//! What several pages show alike.
//!
//! | module | shows |
//! |---|---|
//! | [`layout`] | the frame of every page |
//! | [`icon`] | line drawings |
//! | [`address`] | an address, which breaks where a reader would |
//! | [`bar`] | the one bar that tells the truth, and the counts beside it |
//! | [`state`] | where a campaign or a recipient stands: a shape and a word |
//! | [`moment`] | a time, in the reader's zone as soon as that is known |
//! | [`pager`] | the way to the next page of a list |
//! | [`message_frame`] | an HTML message, where it can do no harm |
//! | [`failure`] | what went wrong, and what to do |
//! | [`connection_note`] | that live numbers have stopped |

pub(crate) mod address;
pub(crate) mod bar;
pub(crate) mod connection_note;
pub(crate) mod failure;
pub(crate) mod icon;
pub(crate) mod layout;
pub(crate) mod message_frame;
pub(crate) mod moment;
pub(crate) mod pager;
pub(crate) mod state;
