//! How the system is, in figures.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Api, accounts::moment, answer::Answer, problem::Problem};

/// How the system is.
#[derive(Serialize, ToSchema)]
pub(super) struct Figures {
    /// Of the program.
    #[schema(examples("0.1.0"))]
    version: &'static str,
    /// Since when it runs.
    #[schema(format = "date-time")]
    running_since: Option<String>,
    /// Whether the last write succeeded: where not, nothing can be changed.
    is_healthy: bool,
    /// Until when the certificate is good.
    #[schema(format = "date-time")]
    certificate_ends_at: Option<String>,
    /// People who have phones.
    users: usize,
    /// Those who administer.
    service_users: usize,
    /// Numbers on phone lines.
    extensions: usize,
    /// Extensions with a registered phone.
    registrations: usize,
    /// Registered phones.
    phones: usize,
    /// Sessions that were not swept away yet.
    sessions: usize,
    /// Counts that hold a lock.
    locks: usize,
    /// Phones that show an old code.
    old_codes: usize,
    /// Phones that were pushed out.
    quarantined: usize,
    /// Rows of the audit.
    audit_rows: u64,
    /// Rows of the audit that were lost since the start.
    audit_lost: u64,
}

pub(super) async fn show(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let system = &api.system;
    let figures = system.ledger.figures();
    Answer::json(&Figures {
        version: env!("CARGO_PKG_VERSION"),
        running_since: moment(system.started_at),
        is_healthy: figures.is_healthy,
        certificate_ends_at: moment(system.tls.certificate().ends_at),
        users: figures.users,
        service_users: figures.accounts.saturating_sub(figures.users),
        extensions: figures.extensions,
        registrations: figures.registrations,
        phones: figures.bindings,
        sessions: figures.sessions,
        locks: figures.locks,
        old_codes: figures.stale_phones,
        quarantined: figures.quarantine,
        audit_rows: figures.audit_rows,
        audit_lost: figures.audit_lost,
    })
}
