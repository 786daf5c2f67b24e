//! What the page says about the installation it belongs to.

use serde::{Deserialize, Serialize};

/// How this installation is set up, as far as a person at the page may know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Installation {
    /// Palomar's version.
    pub version: String,
    /// Whether it is open to this machine without an account.
    pub local_mode: bool,
    /// The sender's display name when a campaign names no sender.
    pub from_name: Option<String>,
    /// The sender's address when a campaign names no sender.
    pub from_email: String,
    /// The SMTP server, by name: no address, no password.
    pub smtp_server: String,
    /// Every SMTP server by its name, the default one first.
    pub smtp_servers: Vec<String>,
    /// Whether that is the built-in catcher, so that nothing leaves this machine.
    pub catches_mail: bool,
    /// Processes that send now.
    pub workers: u32,
    /// Connections of all of them together to the SMTP server, so messages in flight at once.
    pub connections: u32,
}
