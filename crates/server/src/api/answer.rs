//! Answers: JSON with an ETag, and what a request may ask of one (RFC 9110 section 13).
//!
//! An ETag is `"version.print"` for what can be changed, and `"print"` for what cannot. The print is of the whole answer, so
//! that a reader misses nothing that a version does not count (a sign-in, a lock); a change is held against the version
//! alone, so that a phone that registers meanwhile spoils nobody's change.

use axum::{
    body::Body,
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use signin::admin;

use super::problem::{Kind, Problem};

/// Most entity tags of one If-Match.
const TAGS_MAX: usize = 16;

/// An answer.
pub(super) struct Answer {
    status: StatusCode,
    body: Vec<u8>,
    version: Option<u64>,
    location: Option<String>,
}

impl Answer {
    /// What was asked for.
    pub(super) fn json(value: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|error| {
            tracing::error!(%error, "an answer could not be written");
            Problem::of(Kind::Unavailable)
        })?;
        Ok(Self { status: StatusCode::OK, body, version: None, location: None })
    }

    /// The same, of something that can be changed and is at this version.
    pub(super) fn versioned(value: &impl Serialize, version: impl Into<u64>) -> Result<Self, Problem> {
        Ok(Self { version: Some(version.into()), ..Self::json(value)? })
    }

    /// Something that was made, and is there from now on.
    #[must_use]
    pub(super) fn made(self, location: String) -> Self {
        Self { status: StatusCode::CREATED, location: Some(location), ..self }
    }

    /// Done, and there is nothing to tell.
    pub(super) const fn done() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: Vec::new(), version: None, location: None }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        if self.status == StatusCode::NO_CONTENT {
            return self.status.into_response();
        }
        let hash = Sha256::digest(&self.body);
        let print = BASE64URL_NOPAD.encode(hash.get(..9).unwrap_or_default());
        let tag = match self.version {
            Some(version) => format!("\"{version}.{print}\""),
            None => format!("\"{print}\""),
        };
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(tag) = tag.parse() {
            headers.insert(header::ETAG, tag);
        }
        if let Some(location) = self.location.and_then(|location| location.parse().ok()) {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

/// What a change is made from: the versions in If-Match. A change without one is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// Whatever is there.
    Any,
    /// One of these.
    Versions(Vec<u64>),
}

impl IfMatch {
    /// Nothing, where what is there now is something else.
    pub(super) fn demand(&self, version: impl Into<u64>, what: &'static str) -> Result<(), admin::Problem> {
        let version = version.into();
        match self {
            Self::Any => Ok(()),
            Self::Versions(wanted) if wanted.contains(&version) => Ok(()),
            Self::Versions(_) => Err(admin::Problem::Changed(what)),
        }
    }

    fn read(headers: &HeaderMap) -> Option<Self> {
        let mut tags = headers.get_all(header::IF_MATCH).iter().peekable();
        tags.peek()?;
        let texts: Vec<&str> = tags.filter_map(|line| line.to_str().ok()).collect();
        if texts.iter().any(|text| text.trim() == "*") {
            return Some(Self::Any);
        }
        // A weak one never matches, nor does one that is none of ours.
        let versions = texts.iter().flat_map(|text| text.split(',')).take(TAGS_MAX).filter_map(|tag| {
            let (version, _) = tag.trim().strip_prefix('"')?.strip_suffix('"')?.split_once('.')?;
            version.parse().ok()
        });
        Some(Self::Versions(versions.collect()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Self::read(&parts.headers).ok_or_else(|| Problem::of(Kind::VersionNeeded))
    }
}

/// Says "as you know it" to whoever has it already.
pub(super) async fn if_none_match(request: Request, next: Next) -> Response {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let known: Vec<String> = request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .take(TAGS_MAX)
        .map(|tag| tag.trim().trim_start_matches("W/").to_owned())
        .collect();
    let mut response = next.run(request).await;
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let is_known = tag.is_some_and(|tag| known.iter().any(|known| known == tag || known == "*"));
    if is_reading && response.status() == StatusCode::OK && is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_match(lines: &[&str]) -> Option<IfMatch> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::IF_MATCH, line.parse().unwrap());
        }
        IfMatch::read(&headers)
    }

    #[test]
    fn a_change_is_held_against_the_version_and_not_against_what_else_the_answer_said() {
        assert_eq!(if_match(&[]), None);
        assert_eq!(if_match(&["*"]), Some(IfMatch::Any));
        let read = if_match(&["\"7.abc\", \"8.def\"", "W/\"9.x\"", "\"x\"", "nonsense"]).unwrap();
        assert_eq!(read, IfMatch::Versions(vec![7, 8]));
        assert!(read.demand(7_u32, "user").is_ok());
        assert_eq!(read.demand(9_u32, "user"), Err(admin::Problem::Changed("user")));
    }
}
