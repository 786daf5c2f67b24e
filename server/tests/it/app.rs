//! A server for one test, and what it answers.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::Response,
};
use domain::{ApiError, campaign::CampaignSummary, page::Page};
use futures::StreamExt;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use server::{Application, StartError};
use service::Config;
use testbed::Stores;
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tower::ServiceExt;

/// What no test takes: it fails here instead of hanging.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// A running server with stores of its own: everything embedded, or, where tests run on MySQL
/// and Redis, with a worker and a catcher beside it.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) caught: catcher::Store,
    router: Router,
    stop: CancellationToken,
    running: JoinHandle<Result<(), StartError>>,
    _beside: Option<Beside>,
    _stores: Stores,
}

/// A server as it comes.
pub(crate) async fn spawn_app() -> TestApp {
    spawn_app_with(&[]).await
}

/// A server with these settings.
pub(crate) async fn spawn_app_with(settings: &[(&str, &str)]) -> TestApp {
    let stores = Stores::new().await;
    let mut environment: BTreeMap<String, String> = stores.settings().collect();
    let always = ("HTTP_BIND", "127.0.0.1:0");
    for (name, value) in [always].iter().chain(settings) {
        environment.insert((*name).to_owned(), (*value).to_owned());
    }
    let beside = if testbed::is_distributed() {
        Some(Beside::start(&mut environment).await)
    } else {
        None
    };
    let config = Config::from_sources(environment.into_iter(), None).unwrap();
    let app = Application::build(config).await.unwrap();
    let stop = CancellationToken::new();
    TestApp {
        address: app.address(),
        caught: app
            .caught()
            .unwrap_or_else(|| beside.as_ref().unwrap().catcher.store()),
        router: app.router(),
        running: tokio::spawn(app.run_until_stopped(stop.clone().cancelled_owned())),
        stop,
        _beside: beside,
        _stores: stores,
    }
}

/// What runs beside a server that only serves.
struct Beside {
    catcher: catcher::Catcher,
    _worker: AbortOnDropHandle<()>,
}

impl Beside {
    /// Starts a catcher and a worker that shares these settings with the server.
    async fn start(environment: &mut BTreeMap<String, String>) -> Self {
        let catcher = catcher::Catcher::start(catcher::Options::default())
            .await
            .unwrap();
        for (name, value) in [
            ("SMTP_URL", format!("smtp://{}?tls=none", catcher.address())),
            ("MAIL_FROM", "Palomar <palomar@example.org>".to_owned()),
        ] {
            environment.entry(name.to_owned()).or_insert(value);
        }
        let config = Config::from_sources(environment.clone().into_iter(), None).unwrap();
        let worker = tokio::spawn(async move {
            let never = std::future::pending();
            worker::process::run_until_stopped(&config, never)
                .await
                .unwrap();
        });
        Self {
            catcher,
            _worker: AbortOnDropHandle::new(worker),
        }
    }
}

impl TestApp {
    /// The whole answer to a request.
    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.open(request).await.into_parts();
        let body = tokio::time::timeout(LIMIT, body.collect())
            .await
            .expect("the answer must end")
            .unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.to_bytes(),
        }
    }

    /// The answer's head, its body still to be read.
    pub(crate) async fn open(&self, request: Request<Body>) -> Response {
        let answer = self.router.clone().oneshot(request);
        tokio::time::timeout(LIMIT, answer)
            .await
            .expect("an answer must come")
            .unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(request(Method::GET, path, Body::empty())).await
    }

    /// Posts JSON.
    pub(crate) async fn post(&self, path: &str, json: impl Into<Body>) -> Answer {
        self.call(post(path, json)).await
    }

    /// Every campaign there is.
    pub(crate) async fn campaigns(&self) -> Vec<CampaignSummary> {
        let answer = self.get("/api/emails").await;
        answer.json::<Page<CampaignSummary>>().items
    }

    /// Stops as a SIGTERM would, and waits for the end.
    pub(crate) async fn stop(self) -> Result<(), StartError> {
        self.stop.cancel();
        tokio::time::timeout(LIMIT, self.running)
            .await
            .expect("a stop must come to its end")
            .unwrap()
    }

    /// Begins to stop, without waiting.
    pub(crate) fn begin_to_stop(&self) {
        self.stop.cancel();
    }
}

/// A request from this machine.
pub(crate) fn request(method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost:3000")
        .body(body.into())
        .unwrap()
}

/// A request that posts JSON.
pub(crate) fn post(path: &str, json: impl Into<Body>) -> Request<Body> {
    let mut request = request(Method::POST, path, json);
    let media = "application/json".parse().unwrap();
    request.headers_mut().insert(header::CONTENT_TYPE, media);
    request
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The error, which must say the same in its body as in its status.
    pub(crate) fn problem(&self) -> ApiError {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text()
        );
        let error: ApiError = self.json();
        assert_eq!(self.status.as_u16(), error.code.http_status());
        error
    }

    /// The paths of the faulty fields.
    pub(crate) fn faulty_fields(&self) -> Vec<String> {
        let error: ApiError = self.json();
        error.fields.into_iter().map(|field| field.path).collect()
    }
}

/// A stream of events, as it is read.
pub(crate) struct Events {
    chunks: axum::body::BodyDataStream,
    read: String,
}

impl Events {
    pub(crate) fn new(response: Response) -> Self {
        Self {
            chunks: response.into_body().into_data_stream(),
            read: String::new(),
        }
    }

    /// The next event as it came, comments left out; none at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<String> {
        tokio::time::timeout(LIMIT, self.read_event())
            .await
            .expect("an event or the end must come")
    }

    async fn read_event(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let event = event.to_owned();
                self.read = rest.to_string();
                if event.starts_with(':') {
                    continue;
                }
                return Some(event);
            }
            let chunk = self.chunks.next().await?.unwrap();
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

/// One field of an event.
pub(crate) fn field<'a>(event: &'a str, name: &str) -> &'a str {
    event
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or_else(|| panic!("no {name} in {event}"))
}
