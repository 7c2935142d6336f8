//! What the address of a page says: parts of its path, and its query. What cannot be read is answered with a page of
//! ours, as everything is.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use serde::de::DeserializeOwned;

use super::{Web, guard::Visitor};

/// Parts of the path. One that names nothing that could be there is no page (404).
pub(super) struct Path<T>(pub(super) T);

/// The last part of the path, for pages of one family that have a row each.
pub(super) struct LastPart(pub(super) String);

/// The query. One with what it cannot have, or with something twice, is a bad request (400).
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Web>> for Path<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        match axum::extract::Path::from_request_parts(parts, web).await {
            Ok(axum::extract::Path(said)) => Ok(Self(said)),
            Err(_) => Err(refuse(parts, web, StatusCode::NOT_FOUND).await),
        }
    }
}

impl FromRequestParts<Arc<Web>> for LastPart {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Web>) -> Result<Self, Self::Rejection> {
        let last = parts.uri.path().rsplit('/').next();
        Ok(Self(last.unwrap_or_default().to_owned()))
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Web>> for Query<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Self::Rejection> {
        match axum::extract::Query::from_request_parts(parts, web).await {
            Ok(axum::extract::Query(said)) => Ok(Self(said)),
            Err(_) => Err(refuse(parts, web, StatusCode::BAD_REQUEST).await),
        }
    }
}

async fn refuse(parts: &mut Parts, web: &Arc<Web>, status: StatusCode) -> Response {
    match Visitor::from_request_parts(parts, web).await {
        Ok(visitor) => visitor.error(web, status),
        Err(refused) => refused,
    }
}
