//! Bodies that are read while they come.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use domain::ErrorCode;
use futures::TryStreamExt;
use service::campaigns::{ListFormat, Upload};

use super::json::is_json;
use crate::{Problem, state::AppState};

/// A body of JSON that is read while it comes, of at most `BODY_LIMIT` octets, unpacked where it
/// comes with gzip. Rejected with 415 when it does not say that it is JSON, or is packed otherwise.
#[derive(Debug)]
pub struct JsonUpload(pub Upload);

impl FromRequest<AppState> for JsonUpload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        upload(request, "BODY_LIMIT", state.body_limit).map(Self)
    }
}

/// A list of recipients that is read while it comes, of at most `IMPORT_LIMIT` octets, unpacked
/// where it comes with gzip. Rejected with 415 when it is none of `text/csv`,
/// `application/x-ndjson` and `application/json`, or is packed otherwise.
#[derive(Debug)]
pub struct ListUpload(pub ListFormat, pub Upload);

impl FromRequest<AppState> for ListUpload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let format = list_format(request.headers()).ok_or_else(|| {
            Problem::new(
                ErrorCode::UnsupportedMediaType,
                "the list must say what it is: Content-Type: text/csv, application/x-ndjson or \
                 application/json",
            )
        })?;
        let upload = upload(request, "IMPORT_LIMIT", state.import_limit)?;
        Ok(Self(format, upload))
    }
}

pub(super) fn not_json() -> Problem {
    Problem::new(
        ErrorCode::UnsupportedMediaType,
        "the body must be JSON and say so: Content-Type: application/json",
    )
}

fn list_format(headers: &HeaderMap) -> Option<ListFormat> {
    if is_json(headers) {
        return Some(ListFormat::Json);
    }
    let media = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let media: mime::Mime = media.parse().ok()?;
    match media.essence_str() {
        "text/csv" => Some(ListFormat::Csv),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
            Some(ListFormat::JsonLines)
        }
        _ => None,
    }
}

fn upload(request: Request, limited_by: &'static str, limit: usize) -> Result<Upload, Problem> {
    let is_gzip = is_gzip(request.headers())?;
    Ok(Upload {
        frames: frames(request.into_body()),
        is_gzip,
        limit,
        limited_by,
    })
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, Problem> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let encoding = match (encodings.next(), encodings.next()) {
        (None, _) => return Ok(false),
        (Some(encoding), None) => encoding.as_bytes(),
        (Some(_), Some(_)) => b"several",
    };
    if encoding.eq_ignore_ascii_case(b"gzip") || encoding.eq_ignore_ascii_case(b"x-gzip") {
        return Ok(true);
    }
    if encoding.eq_ignore_ascii_case(b"identity") {
        return Ok(false);
    }
    Err(Problem::new(
        ErrorCode::UnsupportedMediaType,
        "a body may be packed with gzip only: Content-Encoding: gzip",
    ))
}

fn frames(body: Body) -> service::campaigns::Frames {
    Box::pin(body.into_data_stream().map_err(std::io::Error::other))
}
