//! Whom somebody means who asks why a sign-in fails, and what is known of them: gathered here for the page and for the
//! management API. What it comes to is found out in [`signin::diagnosis`].

use std::net::IpAddr;

use signin::{
    audit::AuditEvent,
    diagnosis::{Diagnosis, Evidence, Patient, diagnose},
    ident::DomainId,
    records::Records as _,
    scope::Scope,
    timestamp::Timestamp,
};
use store::{AccountQuery, AuditQuery, AuditRow, RegistrationQuery};

use crate::{system::System, web::audit::glance};

/// Longest question, in characters.
pub(crate) const QUERY_MAX: usize = 128;
/// Rows of the audit that a diagnosis looks at.
const ROWS_MAX: usize = 500;
/// How far back they are looked for.
const DAYS_BACK_MS: u64 = 7 * 86_400_000;
/// Others who may be meant that are told.
const MEANT_MAX: usize = 12;

/// Who is asked about.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The one; `None` where several may be meant and somebody has to say who.
    pub(crate) patient: Option<Patient>,
    /// Others who may be meant.
    pub(crate) meant: Vec<Meant>,
}

/// Somebody who may be meant, and how to ask about them.
#[derive(Debug)]
pub(crate) struct Meant {
    /// The question.
    pub(crate) query: String,
    /// In which domain it is asked; in all where they are of none.
    pub(crate) domain: Option<DomainId>,
    /// Which of several of one name there.
    pub(crate) nth: usize,
    /// Who.
    pub(crate) patient: Patient,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Examined {
    /// Why not, and where it was tried.
    pub(crate) diagnosis: Diagnosis,
    /// What the audit has of them, the newest first.
    pub(crate) rows: Vec<AuditRow>,
}

/// Finds who is meant by a name, a number or an address, in one domain or in all; of several, the `nth`.
pub(crate) fn find(
    system: &System,
    query: &str,
    domain: Option<DomainId>,
    nth: usize,
    now: Timestamp,
) -> Found {
    let patients = Patient::find(&Scope::of(&*system.ledger, domain), query);
    let is_nobody = matches!(&*patients, [Patient::Nobody(_)]);
    let mut alike = if is_nobody { alike(system, query, domain, now) } else { Vec::new() };
    match alike.len() {
        0 => {
            let patient = patients.get(nth).or(patients.first()).cloned();
            let others = patients.into_iter().filter(|other| Some(other) != patient.as_ref());
            let meant = others.map(|patient| meant(system, query.into(), patient)).collect();
            Found { patient, meant }
        }
        // Nobody is called so, and one alone has it in the name or in the phone.
        1 => Found { patient: alike.pop(), meant: Vec::new() },
        _ => {
            let meant = alike.into_iter().take(MEANT_MAX);
            let meant = meant.map(|patient| self::meant(system, patient.claim().into(), patient));
            Found { patient: None, meant: meant.collect() }
        }
    }
}

/// How to ask about this one of those whom a question finds.
fn meant(system: &System, query: String, patient: Patient) -> Meant {
    let domain = patient.domain();
    let beside = Patient::find(&Scope::of(&*system.ledger, domain), &query);
    Meant { nth: beside.iter().position(|one| *one == patient).unwrap_or(0), query, domain, patient }
}

/// Who has this in the name, or a phone that calls itself so.
fn alike(system: &System, query: &str, domain: Option<DomainId>, now: Timestamp) -> Vec<Patient> {
    let ledger = &system.ledger;
    let phones = ledger.registrations(&RegistrationQuery {
        domain,
        search: query.into(),
        limit: MEANT_MAX,
        now,
        ..RegistrationQuery::default()
    });
    let accounts = ledger.accounts(&AccountQuery {
        domain,
        search: query.into(),
        limit: MEANT_MAX,
        ..AccountQuery::default()
    });
    let lines = phones.items.iter().filter_map(|found| ledger.extension(found.extension));
    let mut found: Vec<Patient> = Vec::new();
    let of_phones = lines.map(|extension| Patient::line(&**ledger, extension));
    let of_names = accounts.items.into_iter().map(|account| Patient::of(&**ledger, account));
    for patient in of_phones.chain(of_names) {
        if !found.contains(&patient) {
            found.push(patient);
        }
    }
    found
}

/// Gathers what is known of them, and finds out why they cannot sign in.
pub(crate) fn examine(system: &System, patient: &Patient, now: Timestamp) -> Examined {
    let ledger = &system.ledger;
    let rows = evidence(system, patient, now);
    let events: Vec<AuditEvent> = rows.iter().map(|row| row.event.clone()).collect();
    let (stale, quarantine) = (ledger.stale_phones(), ledger.quarantine());
    let old_hashes = match patient {
        Patient::Line(extension, _) => ledger.old_hashes(extension.domain, extension.number.as_str()),
        Patient::User(_) | Patient::ServiceUser(_) | Patient::Address(_) | Patient::Nobody(_) => Vec::new(),
    };
    let known = Evidence { audit: &events, stale: &stale, quarantine: &quarantine, old_hashes: &old_hashes };
    Examined { diagnosis: diagnose(&**ledger, patient, &known, now), rows }
}

/// What the audit has of them: of the number and of its user, the newest first.
fn evidence(system: &System, patient: &Patient, now: Timestamp) -> Vec<AuditRow> {
    let from = Some(Timestamp(now.0.saturating_sub(DAYS_BACK_MS)));
    let look = |name: Option<String>, address: Option<IpAddr>| {
        let domain = patient.domain();
        glance(system, AuditQuery { name, domain, address, from, limit: ROWS_MAX, ..AuditQuery::default() })
    };
    let mut rows = match patient {
        Patient::Address(address) => look(None, Some(*address)),
        Patient::Line(..) | Patient::User(_) | Patient::ServiceUser(_) | Patient::Nobody(_) => {
            look(Some(patient.claim().into()), None)
        }
    };
    if let Patient::Line(_, Some(user)) = patient {
        rows.extend(look(Some(user.name.to_string()), None));
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.seq));
        rows.dedup_by_key(|row| row.seq);
    }
    rows
}
