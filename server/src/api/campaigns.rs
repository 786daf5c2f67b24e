//! `/api/emails`: campaigns and their recipients.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    CampaignId,
    campaign::{Campaign, CampaignCreate, CampaignList, CampaignSummary},
    page::Page,
    recipient::{Recipient, RecipientList},
};
use service::{Actor, Services};

use crate::{
    Problem,
    extract::{IdempotencyKey, Json, Path, Query},
};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// `POST /api/emails`: stores a campaign and starts it.
///
/// 201 with `Location` and the campaign. With an `Idempotency-Key` it is stored once however
/// often it is sent: each further time is answered 200, `Idempotency-Replayed: true` and the
/// campaign as it stands by then; 422 when the key came with another body; 409 and
/// `Retry-After` while the first is still being stored.
pub async fn create(
    State(services): State<Services>,
    IdempotencyKey(key): IdempotencyKey,
    Json(input): Json<CampaignCreate>,
) -> Result<Response, Problem> {
    let outcome = services
        .campaigns()
        .create(&Actor::Local, input, key)
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
) -> Result<Answer<Campaign>, Problem> {
    let campaign = services.campaigns().get(&Actor::Local, id).await?;
    Ok(Answer(campaign))
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
