//! Health: `/healthz` for whoever restarts dead programs, `/readyz` for whoever balances load, `/metrics` for
//! whoever draws curves. No password is asked, so they have a listener of their own.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get};
use http::{StatusCode, header::CONTENT_TYPE};

use crate::{
    metrics::{self, RecordLabel},
    system::System,
};

/// The three pages.
pub fn router(system: Arc<System>) -> Router {
    Router::new()
        .route("/metrics", get(figures))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .with_state(system)
}

/// Alive: it answers.
async fn healthy() -> &'static str {
    "ok\n"
}

/// Ready: sign-ins are served. Whether the system has been ignited does not matter here: its pages must be reached
/// for that.
async fn ready(State(system): State<Arc<System>>) -> (StatusCode, &'static str) {
    if system.stop.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if system.is_ready() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the store takes no changes\n")
    }
}

async fn figures(State(system): State<Arc<System>>) -> ([(http::HeaderName, &'static str); 1], String) {
    let figures = system.ledger.figures();
    let records = [
        ("accounts", figures.accounts),
        ("extensions", figures.extensions),
        ("domains", figures.domains),
        ("bindings", figures.bindings),
        ("sessions", figures.sessions),
        ("locks", figures.locks),
        ("stale-phones", figures.stale_phones),
        ("tallies", figures.tallies),
        ("nonces", figures.nonces),
        ("quarantined", figures.quarantine),
        ("changes-behind", figures.behind),
        ("audit-rows-lost", usize::try_from(figures.audit_lost).unwrap_or(usize::MAX)),
    ];
    for (kind, count) in records {
        let gauge = system.metrics.records.get_or_create_owned(&RecordLabel { kind });
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], system.metrics.encode())
}
