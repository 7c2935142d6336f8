//! How a form comes out of a request: of which kinds, and how large.

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::{HeaderValue, StatusCode, header},
};
use store::DRAFT_FILE_MAX;

use super::form::{Form, boundary_of};

/// Largest form with a file.
const FILE_BYTES_MAX: usize = DRAFT_FILE_MAX + (64 << 10);
/// The one address where forms with a file go.
const FILES_GO_TO: &str = "/manager/draft/import";
/// Largest form.
const BYTES_MAX: usize = 256 << 10;

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = StatusCode;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let media_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        let boundary = media_type.and_then(boundary_of).map(ToOwned::to_owned);
        if let Some(boundary) = boundary.filter(|_| request.uri().path() == FILES_GO_TO) {
            let body = to_bytes(request.into_body(), FILE_BYTES_MAX).await;
            let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
            return Self::parse_parts(&body, &boundary).ok_or(StatusCode::BAD_REQUEST);
        }
        if !media_type.is_some_and(|kind| kind.starts_with(b"application/x-www-form-urlencoded")) {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let body =
            to_bytes(request.into_body(), BYTES_MAX).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        Self::parse(&body).ok_or(StatusCode::PAYLOAD_TOO_LARGE)
    }
}
