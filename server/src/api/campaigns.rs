//! `/api/emails`: campaigns and their recipients.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    CampaignId,
    campaign::{
        Campaign, CampaignEdit, CampaignEvent, CampaignList, CampaignSummary, ResolveRequest,
        RetryRequest,
    },
    page::Page,
    recipient::{Recipient, RecipientList},
};
use service::{Actor, Services};

use crate::{
    Problem,
    extract::{IdempotencyKey, Json, JsonUpload, Path, Query},
};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// `POST /api/emails`: stores a campaign and starts it.
///
/// 201 with `Location` and the campaign. With an `Idempotency-Key` it is stored once however
/// often it is sent: each further time is answered 200, `Idempotency-Replayed: true` and the
/// campaign as it stands by then; 422 when the key came with another body; 409 and
/// `Retry-After` while the first is still being stored. The list is stored while it is read; the
/// body is a [`domain::campaign::CampaignCreate`], also with `Content-Encoding: gzip`.
pub async fn create(
    State(services): State<Services>,
    IdempotencyKey(key): IdempotencyKey,
    JsonUpload(upload): JsonUpload,
) -> Result<Response, Problem> {
    let campaigns = services.campaigns();
    let outcome = campaigns
        .create_from_body(&Actor::Local, upload, key)
        .await?;
    let location = format!("/api/emails/{}", outcome.created.campaign.summary.id);
    let location = [(header::LOCATION, location)];
    let campaign = Answer(outcome.created);
    Ok(if outcome.replayed {
        let replayed = [(REPLAYED, HeaderValue::from_static("true"))];
        (StatusCode::OK, location, replayed, campaign).into_response()
    } else {
        (StatusCode::CREATED, location, campaign).into_response()
    })
}

/// `GET /api/emails`: campaigns, newest first.
pub async fn list(
    State(services): State<Services>,
    Query(request): Query<CampaignList>,
) -> Result<Answer<Page<CampaignSummary>>, Problem> {
    let page = services.campaigns().list(&Actor::Local, request).await?;
    Ok(Answer(page))
}

/// `GET /api/emails/{id}`: one campaign's true state now.
pub async fn get(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
) -> Result<Response, Problem> {
    let campaign = services.campaigns().get_shared(&Actor::Local, id).await?;
    Ok(Answer(&*campaign).into_response())
}

/// `GET /api/emails/{id}/recipients`: who it goes to, and what became of each.
pub async fn recipients(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
    Query(request): Query<RecipientList>,
) -> Result<Answer<Page<Recipient>>, Problem> {
    let page = services
        .campaigns()
        .recipients(&Actor::Local, id, request)
        .await?;
    Ok(Answer(page))
}

/// `PATCH /api/emails/{id}`: changes a draft or scheduled campaign. What is absent stays, `null`
/// takes away; 409 once it was started.
pub async fn edit(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
    Json(edit): Json<CampaignEdit>,
) -> Result<Answer<Campaign>, Problem> {
    let campaign = services.campaigns().edit(&Actor::Local, id, edit).await?;
    Ok(Answer(campaign))
}

/// `DELETE /api/emails/{id}`: 204; 409 while it is being sent.
pub async fn delete(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
) -> Result<StatusCode, Problem> {
    services.campaigns().delete(&Actor::Local, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/emails/{id}/start`: sends a draft or scheduled campaign now. Asked for again it
/// changes nothing, as all of these.
pub async fn start(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
) -> Result<Answer<Campaign>, Problem> {
    let campaign = services.campaigns().start(&Actor::Local, id).await?;
    Ok(Answer(campaign))
}

/// `POST /api/emails/{id}/pause`: it stands still within two seconds, on every worker.
pub async fn pause(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
) -> Result<Answer<Campaign>, Problem> {
    let campaign = services.campaigns().pause(&Actor::Local, id).await?;
    Ok(Answer(campaign))
}

/// `POST /api/emails/{id}/resume`: it goes on, whoever paused it.
pub async fn resume(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
) -> Result<Answer<Campaign>, Problem> {
    let campaign = services.campaigns().resume(&Actor::Local, id).await?;
    Ok(Answer(campaign))
}

/// `POST /api/emails/{id}/cancel`: whoever was not written to yet is SKIPPED.
pub async fn cancel(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
) -> Result<Answer<Campaign>, Problem> {
    let campaign = services.campaigns().cancel(&Actor::Local, id).await?;
    Ok(Answer(campaign))
}

/// `POST /api/emails/{id}/duplicate`: 201 and a new draft with the same message and list.
pub async fn duplicate(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
) -> Result<Response, Problem> {
    let campaign = services.campaigns().duplicate(&Actor::Local, id).await?;
    let location = format!("/api/emails/{}", campaign.summary.id);
    let location = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, location, Answer(campaign)).into_response())
}

/// `POST /api/emails/{id}/retry`: sends once more to those who failed, or are unknown.
pub async fn retry(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
    Json(request): Json<RetryRequest>,
) -> Result<Answer<Campaign>, Problem> {
    let campaigns = services.campaigns();
    let campaign = campaigns.retry(&Actor::Local, id, request).await?;
    Ok(Answer(campaign))
}

/// `POST /api/emails/{id}/resolve`: settles those whose outcome is unknown.
pub async fn resolve(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
    Json(request): Json<ResolveRequest>,
) -> Result<Answer<Campaign>, Problem> {
    let campaigns = services.campaigns();
    let campaign = campaigns.resolve(&Actor::Local, id, request).await?;
    Ok(Answer(campaign))
}

/// `GET /api/emails/{id}/timeline`: what happened to it, the latest first; at most 200.
pub async fn timeline(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
) -> Result<Answer<Vec<CampaignEvent>>, Problem> {
    let events = services.campaigns().events(&Actor::Local, id).await?;
    Ok(Answer(events))
}
