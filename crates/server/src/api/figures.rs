//! How the system is, in figures: what there is of everything, the course of sign-ins, and what phones are like.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{interface::LoginInterface, registration::Transport};
use utoipa::{IntoParams, ToSchema};

use super::{Api, accounts::moment, answer::Answer, problem::Problem, request::Query};
use crate::series::{Course, Span};

/// Names of phones that are told, those that most have; the others are counted together.
const AGENTS_MAX: usize = 200;

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
    /// Alarms that stand.
    alarms: usize,
    /// Of them, those that nobody has acknowledged.
    alarms_unseen: usize,
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
        alarms: system.ledger.alarms().iter().filter(|alarm| alarm.is_standing()).count(),
        alarms_unseen: system.ledger.alarms_unseen(),
        audit_rows: figures.audit_rows,
        audit_lost: figures.audit_lost,
    })
}

/// How far back.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct CourseQuery {
    /// The last hour by minutes, the last day by half hours (where nothing is said), or the last week by three hours.
    #[serde(default)]
    #[param(inline)]
    span: Option<CourseSpan>,
}

/// How far back somebody looks.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum CourseSpan {
    /// The last hour.
    Hour,
    /// The last day.
    Day,
    /// The last week.
    Week,
}

/// What one interface did in a while.
#[derive(Serialize, ToSchema)]
pub(super) struct CourseBar {
    /// When it begins; it ends where the next one begins.
    #[schema(format = "date-time")]
    from: Option<String>,
    /// Attempts that were let in.
    accepted: u64,
    /// Attempts that were not.
    refused: u64,
}

/// What one interface did.
#[derive(Serialize, ToSchema)]
pub(super) struct InterfaceCourse {
    /// Which one.
    interface: LoginInterface,
    /// While by while, the oldest first.
    bars: Vec<CourseBar>,
}

/// The course of sign-ins.
#[derive(Serialize, ToSchema)]
pub(super) struct SignInCourse {
    /// By interface.
    items: Vec<InterfaceCourse>,
}

/// How many phones have something in common.
#[derive(Serialize, ToSchema)]
pub(super) struct PhoneShare {
    /// What.
    name: String,
    /// So many.
    #[schema(minimum = 0)]
    phones: usize,
}

/// What the registered phones are like.
#[derive(Serialize, ToSchema)]
pub(super) struct PhoneKinds {
    /// What they call themselves, what most do first; empty where they do not say.
    agents: Vec<PhoneShare>,
    /// Phones that call themselves something that fewer do.
    #[schema(minimum = 0)]
    other_agents: usize,
    /// How they prove themselves.
    algorithms: Vec<PhoneShare>,
    /// How they come.
    transports: Vec<PhoneShare>,
}

fn course(course: &Course) -> InterfaceCourse {
    let counts = course.accepted.iter().zip(&course.refused);
    let bars = course.starts.iter().zip(counts).map(|(from, (accepted, refused))| CourseBar {
        from: moment(*from),
        accepted: *accepted,
        refused: *refused,
    });
    InterfaceCourse { interface: course.interface, bars: bars.collect() }
}

pub(super) async fn sign_ins(
    State(api): State<Arc<Api>>,
    Query(asked): Query<CourseQuery>,
) -> Result<Answer, Problem> {
    let span = match asked.span {
        Some(CourseSpan::Hour) => Span::Hour,
        Some(CourseSpan::Week) => Span::Week,
        Some(CourseSpan::Day) | None => Span::Day,
    };
    let system = &api.system;
    // What was counted a moment ago belongs to it.
    system.series.look(&system.metrics, system.clock.now());
    Answer::json(&SignInCourse { items: system.series.courses(span).iter().map(course).collect() })
}

pub(super) async fn phone_kinds(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let kinds = api.system.ledger.phone_kinds(api.system.clock.now());
    let share = |name: &str, phones: usize| PhoneShare { name: name.to_owned(), phones };
    let mut agents = kinds.agents;
    agents.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let transport = |(transport, phones): &(Transport, usize)| share(transport.name(), *phones);
    Answer::json(&PhoneKinds {
        other_agents: agents.iter().skip(AGENTS_MAX).map(|(_, phones)| phones).sum(),
        agents: agents.iter().take(AGENTS_MAX).map(|(agent, phones)| share(agent, *phones)).collect(),
        algorithms: kinds.algorithms.iter().map(|(hash, phones)| share(hash.token(), *phones)).collect(),
        transports: kinds.transports.iter().map(transport).collect(),
    })
}
