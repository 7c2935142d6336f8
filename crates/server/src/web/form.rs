//! What a form sends: names and values, within limits, each name at most once but for boxes to tick.

use std::collections::BTreeMap;

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::{HeaderValue, StatusCode, header},
};
use signin::secret::{SECRET_MAX, Secret};
use zeroize::Zeroizing;

/// Largest form.
const BYTES_MAX: usize = 256 << 10;
/// Most fields.
const FIELDS_MAX: usize = 2000;

/// A form that was sent. Its values may be secrets, so it is never printed, and wiped when dropped.
#[derive(Default)]
pub struct Form(BTreeMap<String, Vec<Zeroizing<String>>>);

impl Form {
    /// The value of a field; empty when it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", |value| value.as_str())
    }

    /// Whether a box was ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.get(name) == "yes"
    }

    /// Every value of a field.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).into_iter().flatten().map(|value| value.as_str())
    }

    /// A secret. One that is too long to be one is cut, and still too long for every rule.
    pub fn secret(&self, name: &str) -> Secret {
        let text = self.get(name);
        Secret::new(text.get(..text.floor_char_boundary(SECRET_MAX)).unwrap_or_default())
    }

    /// Reads `a=b&c=d`.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields: BTreeMap<String, Vec<Zeroizing<String>>> = BTreeMap::new();
        for (count, (name, value)) in form_urlencoded::parse(bytes).enumerate() {
            if count >= FIELDS_MAX {
                return None;
            }
            fields.entry(name.into_owned()).or_default().push(Zeroizing::new(value.into_owned()));
        }
        Some(Self(fields))
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = StatusCode;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let media_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        if !media_type.is_some_and(|kind| kind.starts_with(b"application/x-www-form-urlencoded")) {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let body =
            to_bytes(request.into_body(), BYTES_MAX).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        Self::parse(&body).ok_or(StatusCode::PAYLOAD_TOO_LARGE)
    }
}

#[cfg(test)]
mod tests {
    use signin::{
        credential::{About, CredentialKind, check},
        policy::Settings,
    };

    use super::*;

    #[test]
    fn a_form_is_read_with_its_signs_and_spaces() {
        let form = Form::parse(b"name=Ann+Smith&code=%2A35%23&pick=a&pick=b&ok=yes").unwrap();
        assert_eq!(form.get("name"), "Ann Smith");
        assert_eq!(form.get("code"), "*35#");
        assert_eq!(form.all("pick").collect::<Vec<_>>(), ["a", "b"]);
        assert!(form.is_ticked("ok") && !form.is_ticked("no"));
        assert_eq!(form.get("missing"), "");
    }

    #[test]
    fn a_form_has_limits() {
        assert!(Form::parse("a=1&".repeat(FIELDS_MAX).as_bytes()).is_some());
        assert!(Form::parse("a=1&".repeat(FIELDS_MAX + 1).as_bytes()).is_none());
        let long = format!("password={}", "x".repeat(SECRET_MAX + 1));
        let secret = Form::parse(long.as_bytes()).unwrap().secret("password");
        let about = About { name: "ann", patterns_waived: true, ..About::default() };
        let said =
            check(CredentialKind::UserPassword, &secret, &about, &Settings::default()).unwrap_err().says;
        assert!(said.contains("at most 128"), "{said}");
    }
}
