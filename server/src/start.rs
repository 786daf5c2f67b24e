//! How the service is started here: with the catcher as its SMTP server and its inbox, where
//! mail stays in the house.

use std::sync::Arc;

use catcher::Catcher;
use service::{
    Config, Services,
    inbox::Inbox,
    start::{Role, StartError, Surroundings},
};

use crate::inbox::CaughtMail;

/// The service, with this catcher if there is one.
pub(crate) async fn services(
    config: &Config,
    catcher: Option<&Catcher>,
) -> Result<Services, StartError> {
    let catcher = catcher.map(|catcher| {
        let inbox: Arc<dyn Inbox> = Arc::new(CaughtMail::new(catcher.store()));
        (catcher.address(), inbox)
    });
    let surroundings = Surroundings {
        role: Role::of_server(config),
        catcher,
        ..Surroundings::default()
    };
    Services::start(config, surroundings).await
}
