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
    campaigns::{shared::Looks, store::DefaultSender},
    clock::{Clock, SystemClock},
    config::{DEFAULT_SERVER, SmtpConfig, SmtpUrl, Uncertain},
    database::{self, Database, OpenError},
    delivery::{self, Delivery, lease, reconcile, reconcile::Reconciler},
    inbox::Inbox,
    installation,
    mail::{
        routes::Routes,
        server::{SmtpServer, UrlError},
    },
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

impl From<delivery::StartError> for StartError {
    fn from(error: delivery::StartError) -> Self {
        match error {
            delivery::StartError::Url(error) => Self::SmtpUrl(error),
            delivery::StartError::Database(error) => Self::Database(error),
        }
    }
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

impl Tasks {
    /// Runs a task beside the others, until it ends or the process stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Runs a task to its end, for which a stop waits.
    pub(crate) fn see_through<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.tracker.spawn(task)
    }
}

impl Services {
    /// Opens the database, brings it to the present schema and starts what this process does in
    /// the background: the engine where it sends, the poller where it serves, the reconciler
    /// everywhere. Whatever an earlier process left unfinished goes on as soon as a worker
    /// listens at the queue.
    pub async fn start(config: &Config, surroundings: Surroundings) -> Result<Self, StartError> {
        let role = surroundings.role;
        // Boxed, since rustc gives up on a start inside a start inside a program's `run`.
        let (services, this) = Box::pin(Self::assemble(config, surroundings)).await?;
        let lease = (config.delivery.lease, config.delivery.uncertain);
        services.spawn_background(role, lease, this);
        Ok(services)
    }

    /// The same with nothing in the background yet, and the name this process sends under.
    pub(crate) async fn assemble(
        config: &Config,
        surroundings: Surroundings,
    ) -> Result<(Self, Announcement), StartError> {
        let Surroundings {
            role,
            catcher,
            clock,
        } = surroundings;
        let database = Database::open(&config.database_url, config.delivery.lease).await?;
        let database = Arc::new(database);
        let secret = installation::secret(&database, clock.now()).await?;
        let mailbox = Mailbox::parse(&config.mail_from)?;
        let routes = routes(config, catcher.as_ref().map(|(address, _)| *address));
        let installation = installation_view(config, &mailbox, &routes);
        let queue = match &config.redis {
            None => QueueEnd::InProcess(InProcessQueue::default()),
            Some(redis) => QueueEnd::Redis(RedisQueue::open(redis).map_err(StartError::RedisUrl)?),
        };
        let this = Announcement {
            id: workers::new_id(),
            concurrency: connections(&routes, config.delivery.concurrency),
        };
        let woken = Arc::new(Notify::new());
        let parts = delivery::Parts {
            owner: this.id.clone(),
            database: Arc::clone(&database),
            clock: Arc::clone(&clock),
            routes: routes.clone(),
            secret,
            let_go: Arc::clone(&woken),
        };
        let delivery = if role.sends() {
            Some(Arc::new(Delivery::start(parts, &config.delivery).await?))
        } else {
            None
        };
        let workers = Arc::new(Workers::new(role.sends().then(|| this.clone())));
        let reconciler = Reconciler::new(reconcile::Parts {
            database: Arc::clone(&database),
            clock: Arc::clone(&clock),
            queue: queue.clone(),
            delivery: delivery.clone(),
            workers: Arc::clone(&workers),
            uncertain: config.delivery.uncertain,
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
            routes,
            installation,
            inbox: catcher.map(|(_, inbox)| inbox),
            queue,
            delivery,
            workers,
            reconciler: Arc::new(reconciler),
            rates: Arc::new(Rates::default()),
            looks: Looks::default(),
            progress: Progress::default(),
            tasks,
        }));
        Ok((services, this))
    }

    fn spawn_background(&self, role: Role, lease: (Duration, Uncertain), this: Announcement) {
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

/// The SMTP servers that are set up, or the catcher.
fn routes(config: &Config, catcher: Option<std::net::SocketAddr>) -> Routes {
    if !config.smtp.is_empty() {
        return Routes::new(config.smtp.clone());
    }
    // A test without mail: nothing listens there, so nothing is delivered.
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let url = SmtpUrl::of_catcher(catcher.unwrap_or(nowhere));
    Routes::new(vec![SmtpConfig::at(DEFAULT_SERVER, url)])
}

/// Connections of one process that sends, to all servers together.
fn connections(routes: &Routes, each: u32) -> u32 {
    let servers = routes.servers().iter();
    servers
        .map(|server| server.connections.unwrap_or(each))
        .sum()
}

fn installation_view(config: &Config, sender: &Mailbox, routes: &Routes) -> Installation {
    let host = |server: &SmtpConfig| SmtpServer::from_url(&server.url).map(|s| s.host().to_owned());
    let catches_mail = config.smtp.is_empty();
    Installation {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        local_mode: true,
        from_name: sender.name().map(ToOwned::to_owned),
        from_email: sender.address().as_written().to_owned(),
        smtp_server: match routes.servers() {
            _ if catches_mail => "the built-in catcher".to_owned(),
            [server] => host(server).unwrap_or_else(|_| server.name.clone()),
            [first, ..] => first.name.clone(),
            [] => String::new(),
        },
        smtp_servers: routes
            .servers()
            .iter()
            .map(|server| server.name.clone())
            .collect(),
        catches_mail,
        ..Installation::default()
    }
}
