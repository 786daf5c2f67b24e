//! Whoever uses the REST API of a server that is a process of its own.

use std::time::{Duration, Instant};

use domain::{
    campaign::{Campaign, CampaignSummary},
    page::Page,
    recipient::Recipient,
};
use serde::de::DeserializeOwned;

use crate::http;

/// What no campaign of a test takes.
const PATIENCE: Duration = Duration::from_mins(3);

/// One server, by its address.
#[derive(Clone, Debug)]
pub struct Client {
    address: String,
}

impl Client {
    /// For the server at `host:port`.
    pub fn at(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
        }
    }

    /// Creates a campaign and returns its number.
    pub fn create(&self, emails: &[String]) -> i64 {
        self.try_create(emails).expect("a campaign")
    }

    /// The same, of a server that may end before it answers.
    pub fn try_create(&self, emails: &[String]) -> Result<i64, String> {
        self.try_store(emails, false)
    }

    /// Keeps a campaign as a draft, and returns its number.
    pub fn create_draft(&self, emails: &[String]) -> i64 {
        self.try_store(emails, true).expect("a draft")
    }

    /// Imports into a draft, at a server that may end before it answers; the status.
    pub fn try_import(&self, id: i64, emails: &[String]) -> Result<u16, String> {
        let path = format!("/api/emails/{id}/recipients");
        Ok(self.try_post(&path, &array(emails))?.0)
    }

    /// Starts a draft; the status.
    pub fn start(&self, id: i64) -> u16 {
        let started = self.try_post(&format!("/api/emails/{id}/start"), "");
        started.expect("a server that answers").0
    }

    fn try_post(&self, path: &str, body: &str) -> Result<(u16, String), String> {
        let patience = Duration::from_mins(1);
        http::try_call(&self.address, "POST", path, body, patience)
            .map_err(|error| error.to_string())
    }

    fn try_store(&self, emails: &[String], draft: bool) -> Result<i64, String> {
        let recipients = array(emails);
        let body = format!(
            r#"{{"subject":"Hola","body":"<p>Hola</p>","draft":{draft},"recipients":{recipients}}}"#
        );
        let (_, body) = self.try_post("/api/emails", &body)?;
        let created: Result<Campaign, _> = serde_json::from_str(&body);
        let created = created.map_err(|error| format!("{error}: {body}"))?;
        Ok(created.summary.id.0)
    }

    /// Every campaign there is.
    pub fn campaigns(&self) -> Result<Vec<CampaignSummary>, String> {
        let page: Page<CampaignSummary> = self.get("/api/emails")?;
        Ok(page.items)
    }

    /// A campaign, as it stands now. Fails with what was answered instead, or with why nothing was.
    pub fn campaign(&self, id: i64) -> Result<CampaignSummary, String> {
        let campaign: Campaign = self.get(&format!("/api/emails/{id}"))?;
        Ok(campaign.summary)
    }

    /// Waits until `reached` holds for a campaign, and returns its state then.
    pub fn until(&self, id: i64, reached: impl Fn(&CampaignSummary) -> bool) -> CampaignSummary {
        let began = Instant::now();
        loop {
            let campaign = self.campaign(id).expect("a server that answers");
            if reached(&campaign) {
                return campaign;
            }
            assert!(began.elapsed() < PATIENCE, "never reached: {campaign:#?}");
        }
    }

    /// Its recipients, every one of them, or those that `filter` such as `status=UNKNOWN` asks for.
    pub fn recipients(&self, id: i64, filter: &str) -> Result<Vec<Recipient>, String> {
        let mut recipients = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/emails/{id}/recipients?limit=500&{filter}{cursor}");
            let page: Page<Recipient> = self.get(&path)?;
            recipients.extend(page.items);
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(recipients),
            }
        }
    }

    /// The status that a path is answered with.
    pub fn status(&self, path: &str) -> Result<u16, String> {
        let answered = http::try_call(&self.address, "GET", path, "", Duration::from_secs(10));
        let (status, _) = answered.map_err(|error| error.to_string())?;
        Ok(status)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        let answered = http::try_call(&self.address, "GET", path, "", Duration::from_secs(30));
        let (_, body) = answered.map_err(|error| error.to_string())?;
        serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))
    }
}

/// A list as JSON.
fn array(emails: &[String]) -> String {
    let quoted: Vec<_> = emails.iter().map(|email| format!("{email:?}")).collect();
    format!("[{}]", quoted.join(","))
}
