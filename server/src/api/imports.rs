//! `POST /api/emails/{id}/recipients`: lists that are taken in while they come.

use std::io;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::{CampaignId, campaign::ImportRequest};
use futures::{StreamExt, stream};
use service::{Actor, Services, campaigns::Imported};

use crate::{
    Problem,
    extract::{ListUpload, Path, Query},
};

/// `POST /api/emails/{id}/recipients`: adds a list to a campaign that was not started yet, all of it
/// or nothing.
///
/// 200 with a [`domain::campaign::ImportReport`], which names every row that was left out. With
/// `?invalidRecipients=reject` one such row makes it 422, and the first hundred are named. 400 when
/// the list breaks off or is broken JSON, 409 once the campaign was started, 409 and `Retry-After`
/// while another list is taken in, 413 over `IMPORT_LIMIT`.
pub async fn import(
    State(services): State<Services>,
    Path(id): Path<CampaignId>,
    Query(request): Query<ImportRequest>,
    ListUpload(format, upload): ListUpload,
) -> Result<Response, Problem> {
    let campaigns = services.campaigns();
    let imported = campaigns
        .import(&Actor::Local, id, format, request, upload)
        .await?;
    Ok(report(imported))
}

/// An `ImportReport` as JSON, piece by piece: it names every row that was left out, and there may
/// be a million.
fn report(imported: Imported) -> Response {
    let mut head = serde_json::to_string(&imported.counts).unwrap_or_default();
    // The rows go into the same object.
    head.pop();
    head.push_str(r#","rejectedRows":["#);
    let text = |text: String| stream::iter([Ok::<_, io::Error>(Bytes::from(text))]);
    let body = text(head)
        .chain(imported.rejected.into_json())
        .chain(text("]}".to_owned()));
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], Body::from_stream(body)).into_response()
}
