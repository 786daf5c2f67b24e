//! The pages: rendered whole by the server, made live in the browser by the bundle.

mod bundle;
pub mod composer;
mod document;
pub mod steering;

use std::sync::LazyLock;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::map_response,
    response::{IntoResponse, Response},
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};
use service::Services;
use tower_http::services::ServeDir;

pub use bundle::Bundle;

use crate::{middleware::security_headers::page_policy, problem, state::AppState};

/// The bundle's names carry a hash of what is in them.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The table of pages, made once in a process and before any page is: while leptos makes one, what
/// any page of the process begins to load is never loaded (leptos-rs/leptos#4773).
static TABLE: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(app::App));

/// Every page's address, and every server function's.
pub fn routes(state: &AppState) -> Router<AppState> {
    let bundle = state.bundle.clone();
    Router::new().leptos_routes_with_context(
        state,
        TABLE.clone(),
        context(state.services.clone()),
        move || document::whole(&bundle),
    )
}

/// The bundle's files, compressed beforehand where they are.
pub fn assets<S: Clone + Send + Sync + 'static>(bundle: &Bundle) -> Router<S> {
    let files = ServeDir::new(bundle.folder())
        .precompressed_br()
        .precompressed_gzip();
    Router::new()
        .fallback_service(files)
        .layer(map_response(keep_for_ever))
}

/// The answer where there is no page: one that says so, for whoever can show pages.
pub async fn no_such_page(State(state): State<AppState>, request: Request) -> Response {
    let shows_pages = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if shows_pages && matches!(*request.method(), Method::GET | Method::HEAD) {
        return render(&state, request, || ()).await;
    }
    problem::no_such_address(request).await.into_response()
}

/// The page at the request's address, with what `provide` adds to its context.
async fn render(
    state: &AppState,
    request: Request,
    provide: impl Fn() + Clone + Send + Sync + 'static,
) -> Response {
    let bundle = state.bundle.clone();
    let always = context(state.services.clone());
    let context = move || {
        always();
        provide();
    };
    leptos_axum::render_app_async_with_context(context, move || document::whole(&bundle))(request)
        .await
}

/// What pages and server functions find in their context. A page gets its policy here, since
/// only here its nonce is known.
fn context(services: Services) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        provide_context(services.clone());
        if let Some(nonce) = use_nonce()
            && let Some(response) = use_context::<ResponseOptions>()
        {
            response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            if let Ok(policy) = HeaderValue::from_str(&page_policy(&nonce)) {
                response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
        }
    }
}

async fn keep_for_ever(mut response: Response) -> Response {
    if response.status().is_success() {
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, FOR_EVER);
    }
    response
}
