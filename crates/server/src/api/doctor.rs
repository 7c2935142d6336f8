//! The sign-in doctor: why somebody cannot sign in, and which operation mends it.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use signin::{
    account::{Account, Status},
    audit::Reason,
    credential::{CredentialKind, Owner},
    diagnosis::{Cause, Patient, Remedy},
    ident::DomainId,
    records::Records,
    rights::Right,
    timestamp::Timestamp,
};
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    accounts::{AccountRef, moment},
    answer::Answer,
    audit::{self, AuditRow},
    door::Caller,
    extensions::ExtensionRef,
    locks::{self, LockInForce},
    passwords::{Credential, credentials_of},
    phones::{self, Phone},
    problem::{Kind, Problem},
    request::Query,
};
use crate::{
    doctor::{self, QUERY_MAX},
    moment::for_people,
};

/// Rows of the audit that are told.
const LATELY: usize = 12;

/// Who is asked about.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// A name, a number or an address; a part of a name or of what a phone calls itself, where nobody is called so.
    #[param(min_length = 1, max_length = 128, example = "201")]
    q: String,
    /// In this domain alone.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 0, maximum = 4_294_967_295_i64, example = 1)]
    domain: Option<u32>,
    /// Which of several of one name: `nth` of one that was told under `meant`.
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 0, maximum = 255, example = 0)]
    nth: u8,
}

/// Somebody.
#[derive(Serialize, ToSchema)]
pub(super) struct Somebody {
    /// What they are.
    kind: PatientKind,
    /// Their name or number; of nobody, what was asked for.
    name: String,
    /// The account, where they have one.
    account: Option<AccountRef>,
    /// Its state.
    status: Option<Status>,
    /// The extension, where they have one.
    extension: Option<ExtensionRef>,
}

/// What somebody may be.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum PatientKind {
    /// An extension, with its user if it has one.
    Extension,
    /// A user without an extension.
    User,
    /// Somebody who administers.
    ServiceUser,
    /// An address.
    Address,
    /// A name or number that nobody has.
    Nobody,
}

/// Somebody who may be meant, and how to ask about them.
#[derive(Serialize, ToSchema)]
pub(super) struct MeantInstead {
    /// The question.
    q: String,
    /// The number of the domain in which it is asked; null for who is of none.
    #[schema(minimum = 1)]
    domain: Option<u32>,
    /// Which of several of one name there.
    #[schema(minimum = 0, maximum = 255)]
    nth: u8,
    /// Who.
    who: Somebody,
}

/// What mends it.
#[derive(Serialize, ToSchema)]
pub(super) struct RemedyFound {
    /// In words.
    #[schema(examples("Lift the lock"))]
    title: String,
    /// The right that it takes.
    right: Right,
    /// Whether the one who asks has it.
    may: bool,
    /// The name of the operation that does it.
    #[schema(examples("resetLocks"))]
    operation: &'static str,
    /// Its address.
    #[schema(examples("/locks/reset"))]
    path: String,
    /// Its body; null where somebody has to choose what is in it.
    #[schema(value_type = Option<Object>)]
    body: Option<Value>,
}

/// One reason.
#[derive(Serialize, ToSchema)]
pub(super) struct CauseFound {
    /// What the audit says of an attempt that meets this; null where none would.
    reason: Option<Reason>,
    /// In one plain sentence.
    words: String,
    /// What to do beyond that.
    advice: String,
    /// The lock, where it is one.
    lock: Option<LockInForce>,
    /// What mends it, the best first.
    remedies: Vec<RemedyFound>,
}

/// What was found of somebody.
#[derive(Serialize, ToSchema)]
pub(super) struct Diagnosis {
    /// Who.
    patient: Somebody,
    /// Why not, what weighs most first. Empty: nothing stands in the way of the right secret.
    causes: Vec<CauseFound>,
    /// Addresses that were tried from of late, the last one first.
    places: Vec<String>,
    /// What is told of their credentials.
    credentials: Vec<Credential>,
    /// Their registered phones, or those of the address.
    phones: Vec<Phone>,
    /// What the audit has of them, the newest first.
    lately: Vec<AuditRow>,
}

/// What the doctor says.
#[derive(Serialize, ToSchema)]
pub(super) struct Consultation {
    /// Others who may be meant.
    meant: Vec<MeantInstead>,
    /// What was found; null where several may be meant and somebody has to say who.
    diagnosis: Option<Diagnosis>,
}

impl Somebody {
    fn of(api: &Api, patient: &Patient, now: Timestamp) -> Self {
        let (kind, account, extension) = match patient {
            Patient::Line(extension, user) => (PatientKind::Extension, user.as_ref(), Some(extension)),
            Patient::User(account) => (PatientKind::User, Some(account), None),
            Patient::ServiceUser(account) => (PatientKind::ServiceUser, Some(account), None),
            Patient::Address(_) => (PatientKind::Address, None, None),
            Patient::Nobody(_) => (PatientKind::Nobody, None, None),
        };
        Self {
            kind,
            name: patient.claim().into(),
            account: account.map(|account| AccountRef::of(account)),
            status: account.map(|account| api.system.ledger.status_of(account, now)),
            extension: extension.map(|extension| ExtensionRef::of(extension)),
        }
    }
}

pub(super) async fn consult(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(question): Query<Question>,
) -> Result<Answer, Problem> {
    let query = question.q.trim();
    if query.is_empty() || query.chars().count() > QUERY_MAX {
        let words = format!("A question has 1 to {QUERY_MAX} characters.");
        return Err(Problem::new(Kind::Malformed, words));
    }
    let now = api.system.clock.now();
    let found = doctor::find(&api.system, query, question.domain.map(DomainId), question.nth.into(), now);
    let meant = found.meant.into_iter().map(|meant| MeantInstead {
        who: Somebody::of(&api, &meant.patient, now),
        q: meant.query,
        domain: meant.domain.map(|domain| domain.0),
        nth: u8::try_from(meant.nth).unwrap_or(u8::MAX),
    });
    Answer::json(&Consultation {
        meant: meant.collect(),
        diagnosis: found.patient.map(|patient| diagnosis(&api, &caller, &patient, now)),
    })
}

fn diagnosis(api: &Api, caller: &Caller, patient: &Patient, now: Timestamp) -> Diagnosis {
    let examined = doctor::examine(&api.system, patient, now);
    let (credentials, phones) = match patient {
        Patient::Line(extension, user) => {
            (credentials_of(api, user.as_deref(), Some(extension), now), phones::of(api, extension.id))
        }
        Patient::User(account) | Patient::ServiceUser(account) => {
            (credentials_of(api, Some(account), None, now), Vec::new())
        }
        Patient::Address(address) => (Vec::new(), phones::at(api, *address)),
        Patient::Nobody(_) => (Vec::new(), Vec::new()),
    };
    Diagnosis {
        patient: Somebody::of(api, patient, now),
        causes: examined.diagnosis.causes.iter().map(|cause| found(api, caller, cause, now)).collect(),
        places: examined.diagnosis.places.iter().map(ToString::to_string).collect(),
        credentials,
        phones,
        lately: examined.rows.into_iter().take(LATELY).map(audit::view).collect(),
    }
}

fn found(api: &Api, caller: &Caller, cause: &Cause, now: Timestamp) -> CauseFound {
    let ledger = &api.system.ledger;
    let settings = ledger.settings();
    CauseFound {
        reason: cause.reason(),
        words: cause.in_words(&**ledger, &|at| for_people(at), now),
        advice: cause.advice().into(),
        lock: cause.lock().map(|lock| locks::view(&lock.key, &lock.tally, &settings, now)),
        remedies: cause.remedies().iter().map(|remedy| remedy_of(api, caller, remedy)).collect(),
    }
}

/// What a button of the page does, as an operation.
fn remedy_of(api: &Api, caller: &Caller, remedy: &Remedy) -> RemedyFound {
    let (operation, path, body) = match remedy {
        Remedy::LiftLocks(keys) => {
            let ids: Vec<String> = keys.iter().map(locks::id_of).collect();
            ("resetLocks", "/locks/reset".into(), Some(json!({ "locks": ids })))
        }
        Remedy::NewSecret(Owner::Extension(id), _) => (
            "setPhonePassword",
            format!("/extensions/{id}/secrets/phone-password"),
            Some(json!({"generate": true})),
        ),
        Remedy::NewSecret(Owner::Account(id), CredentialKind::ServicePassword) => {
            ("setServicePassword", format!("/service-users/{id}/password"), Some(json!({"generate": true})))
        }
        Remedy::NewSecret(Owner::Account(id), kind) => (
            "setUserSecret",
            format!("/users/{id}/secrets/{}", kind.row().name),
            Some(json!({"generate": true})),
        ),
        Remedy::NewSecret(Owner::Domain(_), _) => {
            ("setSystemPassword", "/settings/switch/password".into(), None)
        }
        Remedy::EnableUser(id) => {
            let account = api.system.ledger.account(*id);
            ("changeUser", format!("/users/{id}"), account.map(|account| enabled(api, &account)))
        }
        Remedy::Release(id) => ("releaseQuarantine", format!("/quarantine/{id}"), None),
        Remedy::ForgetOld(id) => ("forgetOldCodes", format!("/old-codes/{id}"), None),
        Remedy::ServiceUserPage(id) => ("changeServiceUser", format!("/service-users/{id}"), None),
        Remedy::UserPage(id) => ("changeUser", format!("/users/{id}"), None),
        Remedy::MakeUser => ("createUser", "/users".into(), None),
        Remedy::AllowMd5(id) => ("changeDomain", format!("/domains/{id}"), None),
        Remedy::EndSessions => ("listSessions", "/sessions".into(), None),
    };
    let right = remedy.right();
    RemedyFound { title: remedy.title(), right, may: caller.by.may(right), operation, path, body }
}

/// A user as they are, but enabled.
fn enabled(api: &Api, account: &Account) -> Value {
    let extension = account.extension().and_then(|id| api.system.ledger.extension(id));
    json!({
        "name": account.name.as_str(),
        "full_name": account.full_name.as_str(),
        "extension": extension.map(|extension| extension.number.to_string()),
        "status": "enabled",
        "expires_at": moment(account.expires_at),
    })
}
