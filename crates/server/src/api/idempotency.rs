//! Idempotency keys: a request that makes something may be repeated with the same `Idempotency-Key` and makes it once.
//!
//! The first answer is remembered for a day, in memory and within a bound: after a restart, or when very many have come since,
//! the names that are taken say the same. A secret in it is not remembered: who repeats the request is told everything else.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use signin::{
    ident::AccountId,
    timestamp::{Seconds, Timestamp},
};

use super::{
    Api,
    door::Caller,
    problem::{Kind, Problem},
    request::BODY_MAX,
};

/// The header with the key.
pub(super) const KEY: &str = "idempotency-key";
/// Longest key.
pub(super) const KEY_LEN_MAX: usize = 128;
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// How long an answer is remembered.
const REMEMBERED: Seconds = Seconds::days(1);
/// Most answers that are remembered; the oldest go first. At most some 4 KB each.
const ANSWERS_MAX: usize = 4096;
/// Largest answer that is remembered.
const ANSWER_MAX: usize = 64 << 10;

/// Whose key, and which.
type Name = (AccountId, Box<str>);

/// The keys that came, and what was answered.
#[derive(Default)]
pub(super) struct Keys(Mutex<Known>);

#[derive(Default)]
struct Known {
    answers: HashMap<Name, Entry>,
    /// By their age.
    order: BTreeMap<u64, Name>,
    next: u64,
}

struct Entry {
    order: u64,
    at: Timestamp,
    /// Of the request: its address and its body.
    print: [u8; 32],
    /// `None` while it is being worked on.
    answer: Option<Remembered>,
}

#[derive(Clone)]
struct Remembered {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

enum Found {
    Nothing,
    InProgress,
    Another,
    Answered(Remembered),
}

impl Keys {
    fn begin(&self, name: &Name, print: [u8; 32], now: Timestamp) -> Found {
        let mut known = self.0.lock();
        if let Some(entry) = known.answers.get(name)
            && now < entry.at.after(REMEMBERED)
        {
            return match &entry.answer {
                _ if entry.print != print => Found::Another,
                None => Found::InProgress,
                Some(answer) => Found::Answered(answer.clone()),
            };
        }
        known.forget(name);
        while known.answers.len() >= ANSWERS_MAX {
            let Some((_, oldest)) = known.order.pop_first() else { break };
            known.answers.remove(&oldest);
        }
        let order = known.next;
        known.next += 1;
        known.order.insert(order, name.clone());
        known.answers.insert(name.clone(), Entry { order, at: now, print, answer: None });
        Found::Nothing
    }

    fn end(&self, name: &Name, answer: Option<Remembered>) {
        let mut known = self.0.lock();
        match (answer, known.answers.get_mut(name)) {
            (Some(answer), Some(entry)) => entry.answer = Some(answer),
            // Refused: what made it so may be mended, and then the same request is right.
            (None, _) => known.forget(name),
            (Some(_), None) => {}
        }
    }
}

impl Known {
    fn forget(&mut self, name: &Name) {
        if let Some(entry) = self.answers.remove(name) {
            self.order.remove(&entry.order);
        }
    }
}

/// A key that is being worked on. Dropped before there is an answer (a panic), it is as if it had never come.
struct Working {
    api: Arc<Api>,
    name: Name,
    answer: Option<Remembered>,
}

impl Working {
    /// It is done.
    fn settle(mut self, answer: Remembered) {
        self.answer = Some(answer);
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.api.keys.end(&self.name, self.answer.take());
    }
}

/// Answers a repeated request as the first one, and carries it out once.
pub(super) async fn once(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let Some(key) = request.headers().get(KEY) else { return next.run(request).await };
    let is_key = |key: &&str| {
        (1..=KEY_LEN_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let key = key.to_str().ok().filter(is_key);
    let caller = request.extensions().get::<Caller>().map(|caller| caller.account.id);
    let (Some(key), Some(account)) = (key, caller) else {
        let words = format!("An idempotency key has 1 to {KEY_LEN_MAX} visible characters of ASCII.");
        return Problem::new(Kind::Malformed, words).into_response();
    };
    let name: Name = (account, key.into());
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return Problem::of(Kind::TooLarge).into_response();
    };
    let mut hash = Sha256::new();
    hash.update(parts.uri.path().as_bytes());
    hash.update([0]);
    hash.update(&body);
    match api.keys.begin(&name, hash.finalize().into(), api.system.clock.now()) {
        Found::Nothing => {}
        Found::InProgress => return Problem::of(Kind::InProgress).into_response(),
        Found::Another => return Problem::of(Kind::KeyUsedBefore).into_response(),
        Found::Answered(answer) => return answer.into_response(),
    }
    let working = Working { api, name, answer: None };
    let request = Request::from_parts(parts, Body::from(body));
    // To its end, also when nobody waits for the answer any more: or what was made would be made again.
    let work = tokio::spawn(async move {
        let response = next.run(request).await;
        if !response.status().is_success() {
            return response;
        }
        let (parts, body) = response.into_parts();
        let Ok(body) = to_bytes(body, ANSWER_MAX).await else {
            return Problem::of(Kind::Unavailable).into_response();
        };
        working.settle(Remembered {
            status: parts.status,
            headers: parts.headers.clone(),
            body: without_secrets(&body),
        });
        Response::from_parts(parts, Body::from(body))
    });
    work.await.unwrap_or_else(|_| Problem::of(Kind::Unavailable).into_response())
}

/// What is remembered of an answer: everything but what is told once.
fn without_secrets(body: &[u8]) -> Bytes {
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_slice(body) else {
        return Bytes::new();
    };
    if let Some(generated) = fields.get_mut("generated") {
        *generated = serde_json::Value::Array(Vec::new());
    }
    if let Some(secret) = fields.get_mut("secret") {
        *secret = serde_json::Value::Null;
    }
    serde_json::to_vec(&fields).unwrap_or_default().into()
}

impl IntoResponse for Remembered {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        for name in [header::CONTENT_TYPE, header::LOCATION, header::ETAG] {
            if let Some(value) = self.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn name(key: &str) -> Name {
        (AccountId(1), key.into())
    }

    fn answer() -> Remembered {
        Remembered { status: StatusCode::CREATED, headers: HeaderMap::new(), body: Bytes::new() }
    }

    #[test]
    fn a_key_stands_for_one_request_of_one_account_for_a_day() {
        let keys = Keys::default();
        assert!(matches!(keys.begin(&name("a"), [1; 32], NOW), Found::Nothing));
        assert!(matches!(keys.begin(&name("a"), [1; 32], NOW), Found::InProgress));
        assert!(matches!(keys.begin(&name("a"), [2; 32], NOW), Found::Another));
        assert!(matches!(keys.begin(&(AccountId(2), "a".into()), [2; 32], NOW), Found::Nothing));
        keys.end(&name("a"), Some(answer()));
        assert!(matches!(keys.begin(&name("a"), [1; 32], NOW), Found::Answered(_)));
        assert!(matches!(keys.begin(&name("a"), [2; 32], NOW.after(Seconds::days(1))), Found::Nothing));
    }

    #[test]
    fn a_request_that_was_refused_may_be_repeated() {
        let keys = Keys::default();
        assert!(matches!(keys.begin(&name("a"), [1; 32], NOW), Found::Nothing));
        keys.end(&name("a"), None);
        assert!(matches!(keys.begin(&name("a"), [2; 32], NOW), Found::Nothing));
    }

    #[test]
    fn more_keys_than_are_remembered_push_the_oldest_out() {
        let keys = Keys::default();
        for key in 0..=ANSWERS_MAX {
            assert!(matches!(keys.begin(&name(&key.to_string()), [1; 32], NOW), Found::Nothing));
        }
        assert_eq!(keys.0.lock().answers.len(), ANSWERS_MAX);
        assert!(matches!(keys.begin(&name("0"), [2; 32], NOW), Found::Nothing), "forgotten");
        assert!(matches!(keys.begin(&name("2"), [1; 32], NOW), Found::InProgress));
    }

    #[test]
    fn what_is_told_once_is_not_remembered() {
        let kept = without_secrets(
            b"{\"generated\": [{\"secret\": \"x\"}], \"secret\": \"y\", \"user\": {\"id\": 1}}",
        );
        assert_eq!(&kept[..], b"{\"generated\":[],\"secret\":null,\"user\":{\"id\":1}}");
    }
}
