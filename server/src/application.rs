//! A whole server: built, then run until it is told to stop. With Redis it only serves; without,
//! it sends too.

use std::{io, net::SocketAddr, time::Duration};

use axum::Router;
use catcher::Catcher;
use service::{Config, Services, start::Role};
use tokio::{net::TcpListener, task::JoinError};
use tokio_util::sync::CancellationToken;

use crate::{pages::Bundle, router::router, start, state::AppState};

/// Where the browser bundle is, seen from the working folder.
const SITE: &str = "dist";

/// Why a server could not start, or ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}; is another Palomar running there?")]
    Bind {
        /// `HTTP_BIND`.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The catcher cannot listen.
    #[error("the mail catcher cannot start")]
    Catcher(#[source] io::Error),
    /// The service cannot start: the database, mostly.
    #[error("the service cannot start")]
    Service(#[from] service::start::StartError),
    /// The worker ended by itself.
    #[error("the worker ended before it was told to")]
    Worker,
    /// The HTTP server failed.
    #[error("the HTTP server failed")]
    Http(#[source] io::Error),
    /// A part of the process panicked.
    #[error("a part of the process panicked")]
    Panicked(#[from] JoinError),
}

/// A server that listens already, and answers once it runs.
pub struct Application {
    address: SocketAddr,
    listener: TcpListener,
    router: Router,
    services: Services,
    catcher: Option<Catcher>,
    stopping: CancellationToken,
    drain_deadline: Duration,
    /// Whether the worker is inside this process.
    sends: bool,
}

impl Application {
    /// Listens, opens the database, and starts the catcher where mail stays in the house.
    pub async fn build(config: Config) -> Result<Self, StartError> {
        let address = config.http.bind;
        let bind = |source| StartError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;

        let catcher = if config.smtp.is_empty() {
            let options = catcher::Options::default();
            Some(Catcher::start(options).await.map_err(StartError::Catcher)?)
        } else {
            None
        };
        let services = start::services(&config, catcher.as_ref()).await?;
        let stopping = CancellationToken::new();
        let state = AppState {
            services: services.clone(),
            bundle: Bundle::find(SITE),
            body_limit: config.http.body_limit,
            import_limit: config.http.import_limit,
            stopping: stopping.clone(),
        };
        Ok(Self {
            address,
            listener,
            router: router(state),
            services,
            catcher,
            stopping,
            drain_deadline: config.delivery.drain_deadline,
            sends: Role::of_server(&config).sends(),
        })
    }

    /// Where it listens, with the port that was really taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The whole table of addresses, for calling it without a connection.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// What the catcher has caught, where there is one.
    pub fn caught(&self) -> Option<catcher::Store> {
        self.catcher.as_ref().map(Catcher::store)
    }

    /// Answers requests and delivers mail until `shutdown` resolves. Then it accepts nothing more,
    /// ends event streams, lets requests and messages on their way end within `DRAIN_DEADLINE`,
    /// and returns. Fails when a part of it ends before.
    pub async fn run_until_stopped(
        self,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), StartError> {
        let stopping = self.stopping;
        let (services, stop) = (self.services.clone(), stopping.clone());
        let mut worker = tokio::spawn(async move {
            if self.sends {
                worker::run(services, stop).await;
            } else {
                stop.cancelled().await;
            }
        });
        let mut server = tokio::spawn(
            axum::serve(self.listener, self.router)
                .with_graceful_shutdown(stopping.clone().cancelled_owned())
                .into_future(),
        );
        tracing::info!("listening on http://{}", self.address);

        tokio::select! {
            () = shutdown => tracing::info!("stopping"),
            ended = &mut worker => {
                ended?;
                return Err(StartError::Worker);
            }
            ended = &mut server => {
                return ended?.map_err(StartError::Http);
            }
        }
        stopping.cancel();
        let requests = async {
            // A client that does not read its answer must not keep the process alive.
            if let Ok(ended) = tokio::time::timeout(self.drain_deadline, &mut server).await {
                return ended?.map_err(StartError::Http);
            }
            tracing::warn!("some requests were cut off");
            server.abort();
            Ok(())
        };
        let messages = async {
            // The worker's slices end when the engine under them does.
            let (worker, ()) = tokio::join!(worker, self.services.drain());
            worker
        };
        let (requests, messages) = tokio::join!(requests, messages);
        self.services.stop().await;
        if let Some(catcher) = self.catcher {
            catcher.stop().await;
        }
        requests?;
        messages?;
        tracing::info!("stopped");
        Ok(())
    }
}
