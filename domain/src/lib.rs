//! What Palomar is about, without any input or output: the words, the rules and the shapes
//! that the browser, the server and the workers share. It compiles to WASM.
//!
//! | module | holds |
//! |---|---|
//! | [`ids`] | typed ids, and the one place that says how they look outside |
//! | [`campaign`] | the campaign: its status machine, its validated input, its views |
//! | [`recipient`] | the recipient: its status machine and its view |
//! | [`address`] | e-mail addresses and mailboxes, parsed |
//! | [`recipient_list`] | pasted and dropped lists, read |
//! | [`smtp_reply`] | what an SMTP server said, and where in the dialogue |
//! | [`counts`] | how many are where, and what progress means |
//! | [`caught`] | what the built-in mail catcher shows |
//! | [`installation`] | what the page says about this installation |
//! | [`time`] | an instant, as the database and the wire carry it |
//! | [`page`] | one page of a long list, and the cursor to the next |
//! | [`error`] | the only error that crosses a wire |
//!
//! To add a shape: put it beside the thing it describes, derive `Serialize` and `Deserialize`
//! in camelCase, and give it the rule it must keep as a method with a test, not as a comment.

pub mod address;
pub mod campaign;
pub mod caught;
pub mod counts;
pub mod error;
pub mod ids;
pub mod installation;
pub mod page;
pub mod recipient;
pub mod recipient_list;
pub mod smtp_reply;
pub mod time;

pub use error::{ApiError, ErrorCode, FieldError};
pub use ids::{CampaignId, RecipientId};
pub use time::Timestamp;
