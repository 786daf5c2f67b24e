//! MySQL and MariaDB: many processes at one database, and the ways to reach it. Passed over where
//! the tests have none.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use futures::future::join_all;
use service::{
    Config, Services,
    start::{Role, StartError, Surroundings},
};
use testbed::Stores;
use url::Url;

/// Starts what a server process does, with this database.
async fn start(stores: &Stores, database_url: &str) -> Result<Services, StartError> {
    let more = [
        ("DATABASE_URL", database_url),
        ("SMTP_URL", "smtp://127.0.0.1:9"),
        ("MAIL_FROM", "News <news@example.org>"),
    ];
    let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let others = stores.settings().filter(|(name, _)| name != "DATABASE_URL");
    let config = Config::from_sources(others.chain(more), None).unwrap();
    let surroundings = Surroundings {
        role: Role::Server,
        ..Surroundings::default()
    };
    Services::start(&config, surroundings).await
}

#[tokio::test]
async fn any_number_of_processes_may_start_at_once_on_an_empty_database() {
    if !testbed::is_distributed() {
        return;
    }
    let stores = Stores::new().await;
    let starts = (0..5).map(|_| start(&stores, stores.database_url()));
    for started in join_all(starts).await {
        let services = started.unwrap();
        services.ready().await.unwrap();
        services.stop().await;
    }
}

/// The database's URL with these options instead of its own.
fn with_options(stores: &Stores, options: &[(&str, &str)]) -> String {
    let mut url = Url::parse(stores.database_url()).unwrap();
    url.query_pairs_mut().clear().extend_pairs(options);
    url.into()
}

#[expect(
    clippy::disallowed_methods,
    reason = "what signed the server's certificate is a matter of whoever runs the tests"
)]
fn authority() -> Option<String> {
    std::env::var("PALOMAR_TEST_DATABASE_CA").ok()
}

#[tokio::test]
async fn the_server_is_reached_over_tls_and_a_strange_certificate_is_refused() {
    let Some(authority) = authority().filter(|_| testbed::is_distributed()) else {
        return;
    };
    let stores = Stores::new().await;
    let verified = [("ssl-mode", "verify_identity"), ("ssl-ca", &*authority)];
    let services = start(&stores, &with_options(&stores, &verified))
        .await
        .unwrap();
    services.ready().await.unwrap();
    services.stop().await;

    let stranger = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let file = stores.folder().join("stranger.pem");
    std::fs::write(&file, stranger.cert.pem()).unwrap();
    let strange = [
        ("ssl-mode", "verify_ca"),
        ("ssl-ca", file.to_str().unwrap()),
    ];
    let refused = start(&stores, &with_options(&stores, &strange))
        .await
        .unwrap_err();
    let said = format!("{refused:?} {:?}", std::error::Error::source(&refused));
    assert!(said.contains("UnknownIssuer"), "{said}");
}

#[tokio::test]
async fn a_refused_login_shows_no_password() {
    if !testbed::is_distributed() {
        return;
    }
    let stores = Stores::new().await;
    let mut url = Url::parse(stores.database_url()).unwrap();
    url.set_password(Some("hunter2")).unwrap();
    let refused = start(&stores, url.as_str()).await.unwrap_err();
    let said = format!("{refused} {refused:?}");
    assert!(said.contains("Access denied"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
