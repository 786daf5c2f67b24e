//! The composer's form, posted by a browser without JavaScript.

use axum::{
    body::{Body, Bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use domain::{ApiError, CampaignId, ErrorCode, campaign::CampaignForm};
use serde::de::DeserializeOwned;
use service::Actor;

use super::{document, render};
use crate::{Problem, extract::read_body, state::AppState};

/// `POST /campaigns/new`: 303 to the new campaign, and to the same one when the same form comes
/// twice. A form that is refused comes back as the composer, with what was typed and what is
/// wrong with it, under the error's status.
pub async fn create(State(state): State<AppState>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let form = parse::<CampaignForm>(&parts.headers, &read_body(body).await?)?;
    let campaigns = state.services.campaigns();
    let outcome = campaigns
        .create_from_form(&Actor::Local, form.clone())
        .await;
    match outcome {
        Ok(outcome) => Ok(lead_to(outcome.created.campaign.summary.id)),
        Err(error) => Ok(refused(&state, parts, form, error.into_api()).await),
    }
}

/// `POST /campaigns/{id}/edit`: the same for a campaign that was not started yet.
pub async fn edit(
    State(state): State<AppState>,
    Path(id): Path<CampaignId>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let form = parse::<CampaignForm>(&parts.headers, &read_body(body).await?)?;
    let campaigns = state.services.campaigns();
    let outcome = campaigns
        .edit_from_form(&Actor::Local, id, form.clone())
        .await;
    match outcome {
        Ok(campaign) => Ok(lead_to(campaign.summary.id)),
        Err(error) => Ok(refused(&state, parts, form, error.into_api()).await),
    }
}

fn lead_to(id: CampaignId) -> Response {
    Redirect::to(&document::campaign(id)).into_response()
}

async fn refused(
    state: &AppState,
    mut parts: Parts,
    form: CampaignForm,
    error: ApiError,
) -> Response {
    let status = error.code.http_status();
    parts.method = Method::GET;
    let page = Request::from_parts(parts, Body::empty());
    let mut response = render(state, page, move || {
        document::provide_refused(form.clone(), error.clone());
    })
    .await;
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// Reads a plain form.
pub(super) fn parse<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Problem> {
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok()?.parse::<mime::Mime>().ok())
        .is_some_and(|media| media.essence_str() == mime::APPLICATION_WWW_FORM_URLENCODED);
    if !is_form {
        return Err(Problem::new(
            ErrorCode::UnsupportedMediaType,
            "this address reads a page's form; programs post JSON to /api/emails",
        ));
    }
    serde_urlencoded::from_bytes(body).map_err(|error| {
        Problem::new(
            ErrorCode::Malformed,
            format!("the form cannot be read: {error}"),
        )
    })
}
