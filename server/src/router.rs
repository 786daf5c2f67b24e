//! Every address of the server.

use axum::{
    Router,
    routing::{get, post},
};

use crate::{
    api::{campaigns, events, health, imports},
    middleware, pages,
    problem::{no_such_address, no_such_method},
    state::AppState,
};

/// The whole table.
pub fn router(state: AppState) -> Router {
    let api = Router::new()
        .route("/emails", post(campaigns::create).get(campaigns::list))
        .route("/emails/events", get(events::all))
        .route(
            "/emails/{id}",
            get(campaigns::get)
                .patch(campaigns::edit)
                .delete(campaigns::delete),
        )
        .route("/emails/{id}/start", post(campaigns::start))
        .route("/emails/{id}/pause", post(campaigns::pause))
        .route("/emails/{id}/resume", post(campaigns::resume))
        .route("/emails/{id}/cancel", post(campaigns::cancel))
        .route("/emails/{id}/duplicate", post(campaigns::duplicate))
        .route("/emails/{id}/retry", post(campaigns::retry))
        .route("/emails/{id}/resolve", post(campaigns::resolve))
        .route("/emails/{id}/timeline", get(campaigns::timeline))
        .route(
            "/emails/{id}/recipients",
            get(campaigns::recipients).post(imports::import),
        )
        .route("/emails/{id}/events", get(events::one))
        .fallback(no_such_address)
        .method_not_allowed_fallback(no_such_method);

    // Server functions stand under /ui and bring their addresses with them, as pages do.
    let routes = Router::new()
        .merge(pages::routes(&state))
        .route("/campaigns/new", post(pages::composer::create))
        .route("/campaigns/{id}/edit", post(pages::composer::edit))
        .route("/campaigns/{id}/{word}", post(pages::steering::press))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .nest("/api", api)
        .nest("/pkg", pages::assets(&state.bundle))
        .fallback(pages::no_such_page)
        .method_not_allowed_fallback(no_such_method);

    middleware::around(routes, state.body_limit).with_state(state)
}
