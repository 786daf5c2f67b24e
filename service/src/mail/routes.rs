//! By which SMTP server a campaign goes: by the one it names, otherwise by its sender's domain.

use std::sync::Arc;

use crate::config::SmtpConfig;

/// The servers there are, the default one first; never none.
#[derive(Clone, Debug)]
pub struct Routes(Arc<[SmtpConfig]>);

/// Why no server sends a campaign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoute {
    /// The one it names is not set up.
    #[error("there is no SMTP server called {0}")]
    NotThere(String),
    /// The one it names does not send for its sender.
    #[error("the SMTP server {server} does not send for {domain}")]
    NotFor {
        /// The server.
        server: String,
        /// The sender's domain.
        domain: String,
    },
    /// None sends for its sender.
    #[error("no SMTP server sends for {0}")]
    Nobody(String),
}

impl Routes {
    /// These servers.
    ///
    /// # Panics
    /// When there is none: the configuration always has one.
    pub fn new(servers: Vec<SmtpConfig>) -> Self {
        assert!(!servers.is_empty(), "somebody must send");
        Self(servers.into())
    }

    /// The servers, in their order.
    pub fn servers(&self) -> &[SmtpConfig] {
        &self.0
    }

    /// The position of the server for a campaign that names `named`, or none, and whose sender is
    /// of `domain`. Whoever is there for that domain goes before whoever takes everybody.
    pub fn choose(&self, named: Option<&str>, domain: &str) -> Result<usize, NoRoute> {
        if let Some(name) = named {
            let position = self.0.iter().position(|server| server.name == name);
            let position = position.ok_or_else(|| NoRoute::NotThere(name.to_owned()))?;
            if self.0[position].sends_for(domain) {
                return Ok(position);
            }
            return Err(NoRoute::NotFor {
                server: name.to_owned(),
                domain: domain.to_owned(),
            });
        }
        let by_name = self.0.iter().position(|server| server.names(domain));
        by_name
            .or_else(|| self.0.iter().position(|server| server.sends_for(domain)))
            .ok_or_else(|| NoRoute::Nobody(domain.to_owned()))
    }

    /// The server that takes over for the one at `position` while that is away, where one is named
    /// that sends for `domain`.
    pub fn fallback(&self, position: usize, domain: &str) -> Option<usize> {
        let name = self.0.get(position)?.fallback.as_deref()?;
        self.0
            .iter()
            .position(|server| server.name == name && server.sends_for(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SmtpUrl;

    fn server(name: &str, domains: &[&str], fallback: Option<&str>) -> SmtpConfig {
        let mut server = SmtpConfig::at(name, SmtpUrl::parse("smtp://h.example").unwrap());
        server.from_domains = domains.iter().map(|&domain| domain.to_owned()).collect();
        server.fallback = fallback.map(str::to_owned);
        server
    }

    fn routes() -> Routes {
        Routes::new(vec![
            server("all", &[], None),
            server("news", &["example.org"], Some("shop")),
            server("shop", &["example.org", "shop.example"], Some("all")),
        ])
    }

    #[test]
    fn the_senders_domain_finds_its_server_and_the_others_have_the_default() {
        let routes = routes();
        assert_eq!(routes.choose(None, "example.org"), Ok(1));
        assert_eq!(routes.choose(None, "mail.shop.example"), Ok(2));
        assert_eq!(routes.choose(None, "else.example"), Ok(0));
    }

    #[test]
    fn a_named_server_must_be_there_and_send_for_the_sender() {
        let routes = routes();
        assert_eq!(routes.choose(Some("shop"), "example.org"), Ok(2));
        let not_there = routes.choose(Some("old"), "example.org").unwrap_err();
        assert_eq!(not_there.to_string(), "there is no SMTP server called old");
        let not_for = routes.choose(Some("shop"), "else.example").unwrap_err();
        assert_eq!(
            not_for.to_string(),
            "the SMTP server shop does not send for else.example"
        );
    }

    #[test]
    fn a_fallback_takes_over_only_for_senders_of_its_own() {
        let routes = routes();
        assert_eq!(routes.fallback(1, "example.org"), Some(2));
        assert_eq!(routes.fallback(1, "else.example"), None);
        assert_eq!(routes.fallback(2, "shop.example"), Some(0));
        assert_eq!(routes.fallback(0, "example.org"), None);
    }
}
