//! A campaign's buttons, pressed in a browser without JavaScript.

use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    CampaignId, RecipientId,
    campaign::{Resolution, ResolveRequest, RetryRequest, RetryStatus, Whom},
};
use serde::Deserialize;
use service::Actor;

use super::{composer, document};
use crate::{Problem, extract::read_body, problem, state::AppState};

/// What a button's form carries.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pressed {
    code: Option<u16>,
    enhanced_code: Option<String>,
    recipient_id: Option<i64>,
}

impl Pressed {
    fn resolve(&self, resolution: Resolution) -> ResolveRequest {
        ResolveRequest {
            resolution,
            recipient_ids: match self.recipient_id {
                Some(id) => Whom::These(vec![RecipientId(id)]),
                None => Whom::All,
            },
        }
    }
}

/// `POST /campaigns/{id}/{word}`: does it, and 303 to where it shows.
pub async fn press(
    State(state): State<AppState>,
    Path((id, word)): Path<(CampaignId, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let pressed: Pressed = composer::parse(&parts.headers, &read_body(body).await?)?;
    let (campaigns, actor) = (state.services.campaigns(), Actor::Local);
    let campaign = match word.as_str() {
        "start" => campaigns.start(&actor, id).await?,
        "pause" => campaigns.pause(&actor, id).await?,
        "resume" => campaigns.resume(&actor, id).await?,
        "cancel" => campaigns.cancel(&actor, id).await?,
        "duplicate" => campaigns.duplicate(&actor, id).await?,
        "delete" => {
            campaigns.delete(&actor, id).await?;
            return Ok(Redirect::to("/").into_response());
        }
        "retry" => {
            let request = RetryRequest {
                status: RetryStatus::Failed,
                code: pressed.code,
                enhanced_code: pressed.enhanced_code,
            };
            campaigns.retry(&actor, id, request).await?
        }
        "resend" => {
            let request = pressed.resolve(Resolution::Resend);
            campaigns.resolve(&actor, id, request).await?
        }
        "treat-as-sent" => {
            let request = pressed.resolve(Resolution::Sent);
            campaigns.resolve(&actor, id, request).await?
        }
        _ => {
            let request = Request::from_parts(parts, axum::body::Body::empty());
            return Ok(problem::no_such_address(request).await.into_response());
        }
    };
    Ok(Redirect::to(&document::campaign(campaign.summary.id)).into_response())
}
