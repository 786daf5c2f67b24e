//! A Palomar without its server: services, a worker and a catcher, in a folder of its own.

use std::{collections::BTreeMap, time::Duration};

use catcher::{Catcher, Store};
use domain::{
    CampaignId, Timestamp,
    campaign::{Campaign, CampaignCreate, CampaignSummary, RecipientInput},
    recipient::{Recipient, RecipientList, RecipientStatus},
};
use futures::StreamExt;
use service::{
    Actor, Config, Services,
    clock::ManualClock,
    start::{Role, Surroundings},
};
use testbed::Stores;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

/// Long enough for a busy machine; a test that needs it all has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Everything a test needs. The folder outlives a restart.
pub(crate) struct Palomar {
    pub(crate) services: Services,
    pub(crate) clock: ManualClock,
    catcher: Catcher,
    settings: BTreeMap<String, String>,
    stores: Stores,
    file: Option<String>,
    stop: CancellationToken,
    worker: JoinHandle<()>,
}

impl Palomar {
    pub(crate) async fn start() -> Self {
        Self::with(&[], catcher::Options::default()).await
    }

    /// With settings of its own, and a catcher of its own kind.
    pub(crate) async fn with(settings: &[(&str, &str)], options: catcher::Options) -> Self {
        let catcher = Catcher::start(options).await.unwrap();
        Self::around(catcher, settings, None).await
    }

    /// With a `palomar.toml`, made from the catcher's address.
    pub(crate) async fn from_file(file: impl FnOnce(&str) -> String) -> Self {
        let catcher = Catcher::start(catcher::Options::default()).await.unwrap();
        let file = file(&format!("smtp://{}?tls=none", catcher.address()));
        Self::around(catcher, &[("SMTP_URL", "")], Some(file)).await
    }

    async fn around(catcher: Catcher, settings: &[(&str, &str)], file: Option<String>) -> Self {
        let stores = Stores::new().await;
        let mut all: BTreeMap<_, _> = stores.settings().collect();
        all.insert(
            "SMTP_URL".to_owned(),
            format!("smtp://{}?tls=none", catcher.address()),
        );
        all.insert(
            "MAIL_FROM".to_owned(),
            "Palomar <palomar@example.org>".to_owned(),
        );
        all.extend(
            settings
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        );
        let clock = ManualClock::at(Timestamp(1_795_503_451_000));
        let (services, stop, worker) = launch(&all, file.as_deref(), &clock).await;
        Self {
            services,
            clock,
            catcher,
            settings: all,
            stores,
            file,
            stop,
            worker,
        }
    }

    pub(crate) fn caught(&self) -> Store {
        self.catcher.store()
    }

    /// Stops as SIGTERM does.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.services.stop().await;
        self.worker.await.unwrap();
    }

    /// Stops as SIGTERM does, and starts again on the same stores.
    pub(crate) async fn restart(self) -> Self {
        self.stop.cancel();
        self.services.stop().await;
        self.worker.await.unwrap();
        drop(self.services);
        let file = self.file.as_deref();
        let (services, stop, worker) = launch(&self.settings, file, &self.clock).await;
        Self {
            services,
            stop,
            worker,
            ..self
        }
    }

    pub(crate) fn stores(&self) -> &Stores {
        &self.stores
    }

    pub(crate) fn campaigns(&self) -> service::campaigns::Campaigns {
        self.services.campaigns()
    }

    pub(crate) async fn create(&self, emails: &[&str]) -> CampaignId {
        self.create_with(emails, CampaignCreate::default()).await
    }

    /// With what `rest` says beside the message and the list.
    pub(crate) async fn create_with(&self, emails: &[&str], rest: CampaignCreate) -> CampaignId {
        let input = CampaignCreate {
            subject: "Hola".to_owned(),
            body: "<p>Hola</p>".to_owned(),
            recipients: emails.iter().copied().map(RecipientInput::to).collect(),
            ..rest
        };
        let created = self
            .services
            .campaigns()
            .create(&Actor::Local, input, None)
            .await
            .unwrap();
        created.created.campaign.summary.id
    }

    /// Waits until `reached` holds for the campaign.
    pub(crate) async fn until(
        &self,
        id: CampaignId,
        reached: impl Fn(&CampaignSummary) -> bool,
    ) -> CampaignSummary {
        let events = self.services.watch(&Actor::Local, id).await.unwrap();
        let mut events = std::pin::pin!(events.map(|event| event.campaign));
        let mut last = None;
        let found = timeout(PATIENCE, async {
            while let Some(campaign) = events.next().await {
                last = Some(campaign);
                if last.as_ref().is_some_and(&reached) {
                    return true;
                }
            }
            false
        });
        let found = found.await;
        match (found, last) {
            (Ok(true), Some(campaign)) => campaign,
            (Ok(_), last) => panic!("the campaign ended before: {last:#?}"),
            (Err(_), last) => panic!("never reached: {last:#?}"),
        }
    }

    /// Waits until the campaign has ended.
    pub(crate) async fn ended(&self, id: CampaignId) -> Campaign {
        self.until(id, |campaign| campaign.status.has_ended()).await;
        self.services
            .campaigns()
            .get(&Actor::Local, id)
            .await
            .unwrap()
    }

    pub(crate) async fn recipients(&self, id: CampaignId) -> Vec<Recipient> {
        let request = RecipientList {
            limit: Some(500),
            ..RecipientList::default()
        };
        self.services
            .campaigns()
            .recipients(&Actor::Local, id, request)
            .await
            .unwrap()
            .items
    }

    pub(crate) async fn statuses(&self, id: CampaignId) -> Vec<RecipientStatus> {
        self.recipients(id)
            .await
            .into_iter()
            .map(|recipient| recipient.status)
            .collect()
    }
}

async fn launch(
    settings: &BTreeMap<String, String>,
    file: Option<&str>,
    clock: &ManualClock,
) -> (Services, CancellationToken, JoinHandle<()>) {
    let config = Config::from_sources(settings.clone().into_iter(), file).unwrap();
    let surroundings = Surroundings {
        // In one process with those who ask, in either size.
        role: Role::Everything,
        clock: std::sync::Arc::new(clock.clone()),
        ..Surroundings::default()
    };
    let services = Services::start(&config, surroundings).await.unwrap();
    let stop = CancellationToken::new();
    let worker = tokio::spawn(worker::run(services.clone(), stop.clone()));
    (services, stop, worker)
}
