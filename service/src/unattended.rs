//! Services with nothing in the background, for tests that do everything by hand and count what it
//! asks of the database.

use domain::{
    CampaignId,
    campaign::{CampaignCreate, RecipientInput},
};
use testbed::Stores;

use crate::{
    Actor, Config, Services,
    start::{Role, Surroundings},
};

/// What a server is made of, and its stores.
pub(crate) async fn unattended() -> (Services, Stores) {
    let stores = Stores::new().await;
    let settings = [
        ("SMTP_URL", "smtp://127.0.0.1:9"),
        ("MAIL_FROM", "a@example.org"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::from_sources(stores.settings().chain(settings), None).unwrap();
    let surroundings = Surroundings {
        role: Role::Server,
        ..Surroundings::default()
    };
    let (services, _) = Services::assemble(&config, surroundings).await.unwrap();
    (services, stores)
}

impl Services {
    /// A new campaign to this many.
    pub(crate) async fn campaign_to(&self, recipients: usize) -> CampaignId {
        let input = CampaignCreate {
            subject: "Hola".to_owned(),
            body: "<p>Hola</p>".to_owned(),
            recipients: (0..recipients)
                .map(|n| RecipientInput::to(format!("user{n}@example.org")))
                .collect(),
            ..CampaignCreate::default()
        };
        let created = self.campaigns().create(&Actor::Local, input, None).await;
        created.unwrap().created.campaign.summary.id
    }

    /// How many statements this asks of the readers.
    pub(crate) async fn questions_of<T>(&self, work: impl Future<Output = T>) -> (T, usize) {
        let before = self.database().questions();
        let done = work.await;
        (done, self.database().questions() - before)
    }
}
