//! What a request says: its body, its path and its query, each within limits, and nothing that nobody knows.

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::{DeserializeOwned, IgnoredAny};
use signin::{
    admin::SecretChoice,
    secret::{SECRET_MAX, Secret},
    timestamp::Timestamp,
};
use zeroize::Zeroizing;

use super::problem::{FieldError, Kind, Problem};

/// Largest body.
pub(super) const BODY_MAX: usize = 256 << 10;
/// Longest search text.
pub(super) const SEARCH_MAX: usize = 128;
/// Most items on one page of a list.
pub(super) const LIMIT_MAX: usize = 500;
/// Items on a page where nobody says how many.
pub(super) const LIMIT_DEFAULT: usize = 50;

/// A body in JSON.
pub(super) struct Body<T>(pub(super) T);

/// The same, of a file: as large as `MAX`.
pub(super) struct LargeBody<T, const MAX: usize>(pub(super) T);

/// Parts of the path. What names nothing that could be there is nothing (404).
pub(super) struct Path<T>(pub(super) T);

/// The query. What it cannot have, or something twice, is refused (400).
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        read(request, BODY_MAX).await.map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned, const MAX: usize> FromRequest<S> for LargeBody<T, MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        read(request, MAX).await.map(Self)
    }
}

async fn read<T: DeserializeOwned>(request: Request, most: usize) -> Result<T, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::of(Kind::WrongMediaType));
    }
    let body = to_bytes(request.into_body(), most).await.map_err(|_| Problem::of(Kind::TooLarge))?;
    parse(&body)
}

/// Reads JSON; what is wrong is said without saying what was sent: it may be a secret.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        let field = if field == "." { String::new() } else { field.chars().take(200).collect() };
        let inner = error.into_inner();
        if inner.is_data() {
            Problem::fields(vec![FieldError { field, problem: in_words(&inner.to_string()) }])
        } else if serde_json::from_slice::<IgnoredAny>(body).is_ok() {
            // JSON it is: where one of several is expected, there are several.
            Problem::fields(vec![FieldError { field, problem: "expected something else".into() }])
        } else {
            Problem::new(
                Kind::Malformed,
                format!("The body is no JSON: line {}, column {}.", inner.line(), inner.column()),
            )
        }
    })?;
    json.end()
        .map_err(|_| Problem::new(Kind::Malformed, "There is something behind the JSON of the body."))?;
    Ok(read)
}

/// What serde says, but for the values.
fn in_words(said: &str) -> String {
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    let words = match said.rsplit_once(", expected ") {
        Some((_, expected)) if said.starts_with("invalid ") => format!("expected {expected}"),
        _ if said.starts_with("unknown variant") => {
            format!("expected {}", said.rsplit_once("expected ").map_or("another word", |(_, rest)| rest))
        }
        _ => said.to_owned(),
    };
    words.chars().take(900).collect()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(said)) => Ok(Self(said)),
            Err(_) => Err(Problem::of(Kind::NotFound)),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(said)) => Ok(Self(said)),
            Err(error) => {
                let said = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                Err(Problem::new(Kind::Malformed, format!("The query cannot be read: {}.", in_words(&said))))
            }
        }
    }
}

/// Which secret is wanted, where something is made.
#[derive(Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSecret {
    /// This one. It must satisfy the rules of its kind.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128, write_only, examples("48159"))]
    secret: Option<Zeroizing<String>>,
    /// One made by chance, to be told this once in the answer.
    #[serde(default)]
    generate: bool,
}

impl NewSecret {
    /// The choice, of a field that may be left out.
    pub(super) fn choice(chosen: Option<Self>, field: &str) -> Result<SecretChoice, Problem> {
        match chosen {
            None => Ok(SecretChoice::Keep),
            Some(Self { secret: None, generate: true }) => Ok(SecretChoice::Generate),
            Some(Self { secret: Some(secret), generate: false }) => Ok(SecretChoice::Set(secret_of(&secret))),
            Some(_) => Err(Problem::field(field, "Give a secret, or have one generated: one of both.")),
        }
    }
}

/// A secret as it came. One that is too long to be one is cut, and still too long for every rule.
pub(super) fn secret_of(text: &str) -> Secret {
    Secret::new(text.get(..text.floor_char_boundary(SECRET_MAX)).unwrap_or_default())
}

/// A moment in RFC 3339, in a field that may be null.
pub(super) fn moment(text: Option<&str>, field: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    match text.parse::<jiff::Timestamp>() {
        // What is before all that is counted is its beginning.
        Ok(at) => Ok(Some(Timestamp(u64::try_from(at.as_millisecond()).unwrap_or(0)))),
        Err(_) => Err(Problem::field(field, "Expected a moment as in 2027-01-31T23:59:59Z.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_body_is_said_without_what_was_sent() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Asked {
            #[expect(dead_code, reason = "only read into")]
            code: u8,
        }
        for body in ["{\"code\": \"hunter2\"}", "{\"code\": 7, \"hunter\": 1}", "{\"code\": 300}", "{}", "{"]
        {
            let said = format!("{:?}", parse::<Asked>(body.as_bytes()).unwrap_err());
            assert!(!said.contains("hunter2") && !said.contains("300"), "{said}");
        }
        let two = b"{\"temporary\": 1, \"hunter2\": 2}";
        let said = format!("{:?}", parse::<signin::policy::Lock>(two).unwrap_err());
        assert!(said.contains("WrongFields") && !said.contains("hunter2"), "{said}");
        let said = format!("{:?}", parse::<Asked>(b"{\"code\": \"hunter2\"}").unwrap_err());
        assert!(said.contains("field: \"code\", problem: \"expected u8\""), "{said}");
    }
}
