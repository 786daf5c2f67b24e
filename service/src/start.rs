//! Starting and stopping everything a process runs in the background.

use std::{sync::Arc, time::Duration};

use domain::{
    Timestamp,
    address::{AddressError, Mailbox},
    installation::Installation,
};
use sea_orm::DbErr;
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Config, Inner, Services,
    campaigns::store::DefaultSender,
    clock::{Clock, SystemClock},
    database::{self, Database, OpenError},
    delivery::{self, Delivery, lease, reconcile, reconcile::Reconciler},
    inbox::Inbox,
    installation,
    mail::server::{SmtpServer, UrlError},
    progress::{Progress, rates::Rates},
    queue::{InProcessQueue, QueueEnd, RedisQueue},
    workers::{self, Announcement, Workers},
};

/// How long a stop waits for the background's last look.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// Why nothing could be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed once it was open.
    #[error("the database failed at the start")]
    Database(#[from] DbErr),
    /// `SMTP_URL` cannot be used.
    #[error("SMTP_URL cannot be used")]
    SmtpUrl(#[from] UrlError),
    /// `REDIS_URL` cannot be used.
    #[error("REDIS_URL cannot be used")]
    RedisUrl(#[source] redis::RedisError),
    /// `MAIL_FROM` is not a sender.
    #[error("MAIL_FROM is not a sender")]
    MailFrom(#[from] AddressError),
}

/// What a process is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It answers people and scripts, and sends what they store.
    Everything,
    /// It answers, and workers of their own send.
    Server,
    /// It only sends.
    Worker,
}

impl Role {
    /// What a server is for: where there is no Redis nobody else can send.
    pub fn of_server(config: &Config) -> Self {
        match config.redis {
            None => Self::Everything,
            Some(_) => Self::Server,
        }
    }

    /// Whether it sends.
    pub fn sends(self) -> bool {
        self != Self::Server
    }

    /// Whether it answers.
    pub fn serves(self) -> bool {
        self != Self::Worker
    }
}

/// What the process hands in, beside its configuration.
#[derive(Clone)]
pub struct Surroundings {
    /// What it is for.
    pub role: Role,
    /// Where mail goes when `SMTP_URL` is not set: the catcher's address, and its messages.
    pub catcher: Option<(std::net::SocketAddr, Arc<dyn Inbox>)>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            role: Role::Everything,
            catcher: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// The background tasks of a process, and how they are told to end.
pub(crate) struct Tasks {
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Services {
    /// Opens the database, brings it to the present schema and starts what this process does in
    /// the background: the engine where it sends, the poller where it serves, the reconciler
    /// everywhere. Whatever an earlier process left unfinished goes on as soon as a worker
    /// listens at the queue.
    pub async fn start(config: &Config, surroundings: Surroundings) -> Result<Self, StartError> {
        let Surroundings {
            role,
            catcher,
            clock,
        } = surroundings;
        let lease = config.delivery.lease;
        let database = Arc::new(Database::open(&config.database_url, lease).await?);
        let secret = installation::secret(&database, clock.now()).await?;
        let mailbox = Mailbox::parse(&config.mail_from)?;
        let server = smtp_server(config, catcher.as_ref().map(|(address, _)| *address))?;
        let installation = installation_view(config, &mailbox, &server);
        let queue = match &config.redis {
            None => QueueEnd::InProcess(InProcessQueue::default()),
            Some(redis) => QueueEnd::Redis(RedisQueue::open(redis).map_err(StartError::RedisUrl)?),
        };
        let this = Announcement {
            id: workers::new_id(),
            concurrency: config.delivery.concurrency,
        };
        let woken = Arc::new(Notify::new());
        let delivery = role.sends().then(|| {
            let parts = delivery::Parts {
                owner: this.id.clone(),
                database: Arc::clone(&database),
                clock: Arc::clone(&clock),
                server,
                secret,
                let_go: Arc::clone(&woken),
            };
            Arc::new(Delivery::start(parts, &config.delivery))
        });
        let workers = Arc::new(Workers::new(role.sends().then(|| this.clone())));
        let reconciler = Reconciler::new(reconcile::Parts {
            database: Arc::clone(&database),
            clock: Arc::clone(&clock),
            queue: queue.clone(),
            delivery: delivery.clone(),
            workers: Arc::clone(&workers),
            woken,
        });
        let tasks = Tasks {
            stop: CancellationToken::new(),
            tracker: TaskTracker::new(),
        };
        let services = Self(Arc::new(Inner {
            database,
            clock,
            sender: DefaultSender {
                name: mailbox.name().map(ToOwned::to_owned),
                email: mailbox.address().as_written().to_owned(),
            },
            installation,
            inbox: catcher.map(|(_, inbox)| inbox),
            queue,
            delivery,
            workers,
            reconciler: Arc::new(reconciler),
            rates: Arc::new(Rates::default()),
            progress: Progress::default(),
            tasks,
        }));
        services.spawn_background(role, lease, this);
        Ok(services)
    }

    fn spawn_background(&self, role: Role, lease: Duration, this: Announcement) {
        let Tasks { stop, tracker } = &self.0.tasks;
        let (database, clock) = (&self.0.database, &self.0.clock);
        let (reconciler, until) = (Arc::clone(&self.0.reconciler), stop.clone());
        tracker.spawn(async move { reconciler.run(until).await });
        tracker.spawn(lease::watch(
            Arc::clone(database),
            Arc::clone(clock),
            lease,
            stop.clone(),
        ));
        if role.sends() {
            tracker.spawn(workers::announce(
                Arc::clone(database),
                Arc::clone(clock),
                this,
                stop.clone(),
            ));
        }
        if role.serves() {
            let (poller, until) = (self.clone(), stop.clone());
            tracker.spawn(async move { crate::progress::poll(poller, until).await });
        }
        tracker.close();
    }

    /// Stops for good: dialogues end within `DRAIN_DEADLINE`, their outcomes are made durable,
    /// the database is closed. Whoever still holds the handle gets errors from then on.
    pub async fn stop(&self) {
        self.drain().await;
        self.0.tasks.stop.cancel();
        if tokio::time::timeout(LAST_LOOK, self.0.tasks.tracker.wait())
            .await
            .is_err()
        {
            tracing::warn!("a background task did not end in time");
        }
        self.0.database.close().await;
    }

    /// Now, by the clock this process goes by.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

/// Brings the database to the present schema, and makes an SQLite file when it is not there.
/// Running it again changes nothing; any number of processes may do so at once.
pub async fn migrate(config: &Config) -> Result<(), StartError> {
    let database = Database::open(&config.database_url, config.delivery.lease).await?;
    database.close().await;
    Ok(())
}

/// Whether a worker of this machine has said lately that it is there. Asks the database and
/// changes nothing in it.
pub async fn worker_is_alive(config: &Config) -> Result<bool, StartError> {
    let connection = database::glance(&config.database_url).await?;
    let alive = workers::is_alive_here(&connection, SystemClock.now()).await?;
    connection.close().await?;
    Ok(alive)
}

fn smtp_server(
    config: &Config,
    catcher: Option<std::net::SocketAddr>,
) -> Result<SmtpServer, UrlError> {
    match (&config.smtp_url, catcher) {
        (Some(url), _) => Ok(SmtpServer::from_url(url)?.named("default")),
        (None, Some(address)) => {
            Ok(SmtpServer::from_url(&format!("smtp://{address}?tls=none"))?.named("catcher"))
        }
        // A test without mail: nothing listens there, so nothing is delivered.
        (None, None) => Ok(SmtpServer::from_url("smtp://127.0.0.1:9?tls=none")?.named("nowhere")),
    }
}

fn installation_view(config: &Config, sender: &Mailbox, server: &SmtpServer) -> Installation {
    Installation {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        local_mode: true,
        from_name: sender.name().map(ToOwned::to_owned),
        from_email: sender.address().as_written().to_owned(),
        smtp_server: match &config.smtp_url {
            Some(_) => server.host().to_owned(),
            None => "the built-in catcher".to_owned(),
        },
        catches_mail: config.smtp_url.is_none(),
        ..Installation::default()
    }
}
