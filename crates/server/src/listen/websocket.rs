//! The opening of a WebSocket (RFC 6455 section 4.2), for phones alone (RFC 7118 section 4): what is asked and what is answered.
//! What is said on one afterwards is a conversation like on any other stream (`stream.rs`).
//!
//! Whoever opens one need not come from a page of ours: the Origin is not looked at (docs/interfaces/sip-registration.md).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use data_encoding::BASE64;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version,
    header::{
        CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
    request::Parts,
};
use wire::websocket::KEY_SUFFIX;

/// Where phones open theirs.
pub const PATH: &str = "/sip";
/// What is spoken on it (RFC 7118 section 4.1).
const SUBPROTOCOL: &str = "sip";
/// The version of the protocol (RFC 6455 section 4.1).
const VERSION: HeaderValue = HeaderValue::from_static("13");
/// Bytes of a key.
const KEY: usize = 16;

/// Among the extensions of an answer: the connection that it goes out on is a WebSocket from then on.
#[derive(Clone, Copy, Debug)]
pub struct Opened;

/// Why none is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// Somebody asks for a page.
    NotAsked,
    /// The opening breaks a rule.
    Malformed,
    /// Something else than SIP would be spoken.
    OtherSubprotocol,
}

/// Answers whoever asks for a WebSocket.
pub fn open(request: &Parts) -> Response<String> {
    let mut answer = Response::new(String::new());
    match accept(request) {
        Ok(accept) => {
            *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let headers = answer.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
            answer.extensions_mut().insert(Opened);
        }
        Err(refusal) => {
            let (status, text) = refusal.answer();
            *answer.status_mut() = status;
            *answer.body_mut() = text.into();
            let headers = answer.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            // Section 4.4. On HTTP/2 there is no such header.
            if refusal == Refusal::NotAsked && request.version < Version::HTTP_2 {
                headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
            }
        }
    }
    answer
}

/// What proves that we have understood.
fn accept(request: &Parts) -> Result<HeaderValue, Refusal> {
    let headers = &request.headers;
    let is_asked = request.version == Version::HTTP_11
        && has(headers, &UPGRADE, |token| token.eq_ignore_ascii_case("websocket"))
        && has(headers, &CONNECTION, |token| token.eq_ignore_ascii_case("upgrade"))
        && headers.get(SEC_WEBSOCKET_VERSION) == Some(&VERSION);
    if !is_asked {
        return Err(Refusal::NotAsked);
    }
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).into_iter();
    let (Some(key), None) = (keys.next(), keys.next()) else { return Err(Refusal::Malformed) };
    if BASE64.decode(key.as_bytes()).ok().is_none_or(|key| key.len() != KEY) {
        return Err(Refusal::Malformed);
    }
    if !has(headers, &SEC_WEBSOCKET_PROTOCOL, |token| token == SUBPROTOCOL) {
        return Err(Refusal::OtherSubprotocol);
    }
    // No secret and no signature: it only shows that this is no other server (section 1.3).
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key.as_bytes(), KEY_SUFFIX].concat());
    HeaderValue::from_str(&BASE64.encode(hash.as_ref())).map_err(|_| Refusal::Malformed)
}

/// Whether one of the words of a list is that.
fn has(headers: &HeaderMap, name: &HeaderName, is_it: impl Fn(&str) -> bool) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|token| is_it(token.trim()))
}

impl Refusal {
    const fn answer(self) -> (StatusCode, &'static str) {
        match self {
            Self::NotAsked => (
                StatusCode::UPGRADE_REQUIRED,
                "Phones open a WebSocket here (version 13, over HTTP/1.1, RFC 7118). There is no page.\n",
            ),
            Self::Malformed => (StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is missing or malformed.\n"),
            Self::OtherSubprotocol => {
                (StatusCode::BAD_REQUEST, "The WebSocket's subprotocol must be \"sip\" (RFC 7118).\n")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    /// The opening of RFC 7118 section 8.1, with the key of RFC 6455 section 1.2.
    fn asked(change: impl Fn(&mut Parts)) -> Response<String> {
        let mut request = Request::new(());
        for (name, value) in [
            ("Host", "sip-ws.example.com"),
            ("Upgrade", "websocket"),
            ("Connection", "keep-alive, Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Origin", "http://www.example.com"),
            ("Sec-WebSocket-Protocol", "chat, sip"),
            ("Sec-WebSocket-Version", "13"),
        ] {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let mut parts = request.into_parts().0;
        change(&mut parts);
        open(&parts)
    }

    #[test]
    fn the_example_of_the_rfcs_is_opened() {
        let answer = asked(|_| {});
        assert_eq!(answer.status(), 101);
        assert_eq!(answer.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(answer.headers()["sec-websocket-protocol"], "sip");
        assert!(answer.extensions().get::<Opened>().is_some());
    }

    #[test]
    fn what_is_not_asked_as_it_must_be_is_not_opened() {
        let without = |name: &'static str| {
            asked(move |parts| {
                parts.headers.remove(name);
            })
        };
        let with = |name: &'static str, value: &'static str| {
            asked(move |parts| {
                parts.headers.insert(name, HeaderValue::from_static(value));
            })
        };
        let twice = |name: &'static str, value: &'static str| {
            asked(move |parts| {
                parts.headers.append(name, HeaderValue::from_static(value));
            })
        };
        let table = [
            (without("upgrade"), 426),
            (without("connection"), 426),
            (with("sec-websocket-version", "8"), 426),
            (asked(|parts| parts.version = Version::HTTP_10), 426),
            (asked(|parts| parts.version = Version::HTTP_2), 426),
            (without("sec-websocket-key"), 400),
            (with("sec-websocket-key", "c2hvcnQ="), 400),
            (twice("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), 400),
            (without("sec-websocket-protocol"), 400),
            (with("sec-websocket-protocol", "SIP, sips"), 400),
        ];
        for (answer, status) in table {
            assert_eq!(answer.status(), status, "{}", answer.body());
            assert!(answer.extensions().get::<Opened>().is_none());
            assert!(answer.headers().get("sec-websocket-accept").is_none());
        }
    }
}
