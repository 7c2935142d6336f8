//! The management interface `/api/v1`: everything that the pages can do, for programs. The work is done by the same
//! operations underneath (`signin::admin`, through [`System::administer`](crate::system::System)).
//!
//! [`table`] has a row for each operation; routes and description are made from it. [`door`] finds who asks. There are no
//! cookies and no pages here, and every refusal is a problem document.

mod accounts;
mod alarms;
mod answer;
mod audit;
mod call_log;
mod calls;
pub mod description;
mod desks;
mod doctor;
mod domains;
pub mod door;
mod drafts;
mod extensions;
mod figures;
mod groups;
mod idempotency;
mod locks;
mod mail;
mod mailboxes;
mod own;
mod paging;
mod passwords;
mod phones;
mod presets;
pub mod problem;
mod problems;
mod request;
mod secrets;
mod service_users;
mod session;
mod sessions;
mod settings;
mod short_codes;
mod switch;
pub mod table;
mod targets;
mod tokens;
mod users;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any},
};

use self::{
    idempotency::Keys,
    problem::{Kind, Problem},
};
use crate::system::System;

/// Before every address.
pub const PREFIX: &str = "/api/v1";

/// What the operations share.
pub(crate) struct Api {
    /// Everything else.
    pub(crate) system: Arc<System>,
    keys: Keys,
    description: Arc<str>,
}

/// The operations, each behind its row's access.
pub fn router(system: Arc<System>) -> Router {
    let description = description::text().into();
    let api = Arc::new(Api { system, keys: Keys::default(), description });
    let mut paths: BTreeMap<&'static str, (Vec<Method>, MethodRouter<Arc<Api>>)> = BTreeMap::new();
    for row in table::rows() {
        let mut answer = row.answer;
        if row.is_idempotent {
            answer = answer.layer(from_fn_with_state(Arc::clone(&api), idempotency::once));
        }
        let answer = answer.layer(from_fn_with_state((Arc::clone(&api), row.access), door::admit));
        let (methods, path) = paths.entry(row.path).or_default();
        methods.push(row.method);
        *path = std::mem::take(path).merge(answer);
    }
    let mut router = Router::new();
    for (path, (methods, answer)) in paths {
        let allow = allow(&methods);
        let answer = answer.fallback(move || std::future::ready(not_allowed(&allow)));
        router = router.route(&format!("{PREFIX}{path}"), answer);
    }
    for path in ["/api", "/api/{*rest}", "/api/"] {
        router = router.route(path, any(not_found));
    }
    router.layer(from_fn(answer::if_none_match)).with_state(api)
}

fn allow(methods: &[Method]) -> String {
    let mut names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    if methods.contains(&Method::GET) {
        names.push("HEAD");
    }
    names.join(", ")
}

fn not_allowed(allow: &str) -> Response {
    let mut response = Problem::of(Kind::WrongMethod).into_response();
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

async fn not_found() -> Problem {
    Problem::of(Kind::NotFound)
}

async fn describe(State(api): State<Arc<Api>>) -> (StatusCode, [(HeaderName, HeaderValue); 1], String) {
    let kind = HeaderValue::from_static("application/json");
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], api.description.to_string())
}
