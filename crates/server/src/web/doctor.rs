//! The sign-in doctor: why somebody cannot sign in, and the button that mends it.
//!
//! What is wrong is found out in [`signin::diagnosis`]; here it is asked for, shown, and what a button wants is handed to the
//! same operations that every other page uses.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use signin::{
    account::{Account, Condition, RoleKind},
    admin::{EditUser, SecretChoice},
    audit::{Action, AuditEvent, Outcome},
    credential::{
        Owner,
        state::{CredentialState, LastUse, Moment, count_of, owners_of},
    },
    diagnosis::{Cause, Diagnosis, Lock, Patient, Remedy},
    dice::Dice,
    extension::Extension,
    ident::DomainId,
    interface::INTERFACES,
    lockout::{Standing, TallyKey},
    records::Records,
    rights::Right,
    timestamp::Timestamp,
};
use store::AuditRow;

use super::{
    Web,
    address::Query,
    audit, credentials,
    credentials::Slip,
    domains,
    guard::{self, SignedForm, SignedIn},
    moment, status, users,
    views::{
        doctor::{Case, Complaint, DoctorPage, LockRow, Meant, RemedyButton, SecretRow},
        parts::{Badge, Link, Notice, Tone},
        shell::Place,
    },
};
use crate::{
    doctor::{self, Examined, QUERY_MAX},
    flow::Refusal,
    moment::for_people,
};

const PATH: &str = "/manager/doctor";
/// Lines that are shown of them.
const LATELY: usize = 12;
/// Administrators that are named to be asked.
const NAMED_MAX: usize = 3;

/// What the address says.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    /// The number of a domain; empty = in all.
    #[serde(default)]
    domain: String,
    /// Which of several of one name.
    #[serde(default, rename = "as")]
    nth: usize,
}

impl Search {
    fn query(&self) -> String {
        self.q.trim().chars().take(QUERY_MAX).collect()
    }

    fn domain(&self) -> Option<DomainId> {
        self.domain.parse().ok().map(DomainId)
    }
}

/// The page about somebody, of one domain or of whichever has them; of several, the `nth`.
fn href_of(query: &str, domain: Option<DomainId>, nth: usize) -> String {
    let mut address = form_urlencoded::Serializer::new(String::new());
    address.append_pair("q", query);
    // Whom nothing is said of is looked for in the first domain first.
    if let Some(domain) = domain.filter(|domain| *domain != DomainId::FIRST) {
        address.append_pair("domain", &domain.to_string());
    }
    if nth > 0 {
        address.append_pair("as", &nth.to_string());
    }
    format!("{PATH}?{}", address.finish())
}

/// The same for a page about them; none for who may not know.
pub(super) fn link(who: &SignedIn, query: &str, domain: DomainId) -> Option<String> {
    who.by.may(Right::SecurityRead).then(|| href_of(query, Some(domain), 0))
}

/// The same for an event that tells of a sign-in that was refused.
pub(super) fn link_of_event(who: &SignedIn, event: &AuditEvent) -> Option<String> {
    let is_refused_sign_in =
        event.outcome == Outcome::Refused && matches!(event.action, Action::SignIn | Action::Confirm);
    // Of several that one row tells of, the address is what they have in common.
    let is_of_one = event.times <= 1 || event.address.is_none();
    let address = event.address.map(|address| address.to_string());
    let asked = if is_of_one { event.subject.to_string() } else { address.unwrap_or_default() };
    if is_refused_sign_in { link(who, &asked, event.domain) } else { None }
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Query(search): Query<Search>,
) -> Response {
    let query = search.query();
    if query.is_empty() {
        let shell = who.shell(&web, Place::Doctor);
        let (domain, nth) = (String::new(), String::new());
        return who.page(&DoctorPage { shell, query, domain, nth, meant: Vec::new(), case: None });
    }
    let now = web.system.clock.now();
    let found = doctor::find(&web.system, &query, search.domain(), search.nth, now);
    let meant = found.meant.iter().map(|meant| also(&web, &who, meant)).collect();
    let page = DoctorPage {
        case: found.patient.map(|patient| case(&web, &who, &patient, now)),
        shell: who.shell(&web, Place::Doctor),
        query,
        domain: search.domain,
        nth: search.nth.to_string(),
        meant,
    };
    who.page(&page)
}

fn also(web: &Web, who: &SignedIn, meant: &doctor::Meant) -> Meant {
    let doctor::Meant { query, domain, nth, patient } = meant;
    let href = href_of(query, *domain, *nth);
    let (label, detail) = match patient {
        Patient::Line(extension, user) => (
            format!("Extension {}", extension.number),
            user.as_ref().map_or_else(|| "Nobody’s".into(), |user| full_name(user)),
        ),
        Patient::User(user) => (user.name.to_string(), "A user without an extension".into()),
        Patient::ServiceUser(account) => (account.name.to_string(), "An administrator".into()),
        Patient::Address(address) => (address.to_string(), "An address".into()),
        Patient::Nobody(typed) => (typed.to_string(), String::new()),
    };
    let detail = match domain.and_then(|domain| domains::called(web, who, domain)) {
        Some(domain) => format!("{detail}, {domain}"),
        None => detail,
    };
    Meant { link: Link::new(href, label), detail }
}

fn full_name(account: &Account) -> String {
    if account.full_name.is_empty() {
        account.name.to_string()
    } else {
        format!("{} ({})", account.full_name, account.name)
    }
}

fn case(web: &Web, who: &SignedIn, patient: &Patient, now: Timestamp) -> Case {
    let Examined { diagnosis, rows } = doctor::examine(&web.system, patient, now);
    let phones = match patient {
        Patient::Line(extension, _) => status::phones_of(web, extension, now),
        Patient::Address(address) => status::phones_at(web, *address, now),
        Patient::User(_) | Patient::ServiceUser(_) | Patient::Nobody(_) => Vec::new(),
    };
    Case {
        title: match patient.domain().and_then(|domain| domains::called(web, who, domain)) {
            Some(domain) => format!("{}, {domain}", title(patient)),
            None => title(patient),
        },
        states: states(web, patient, phones.len(), now),
        pages: pages(who, patient),
        well: diagnosis.causes.is_empty().then(|| well(patient, phones.len(), &rows)),
        causes: diagnosis.causes.iter().map(|cause| complaint(web, who, cause, now)).collect(),
        secrets: secrets(web, patient, now),
        locks: locks(web, &diagnosis, now),
        has_phones: matches!(patient, Patient::Line(..) | Patient::Address(_)),
        phones,
        history: rows.iter().take(LATELY).map(|row| audit::event(row, now)).collect(),
        history_href: audit::href_of(
            &patient.claim(),
            patient.domain().and_then(|domain| domains::told(web, who, domain)),
        ),
    }
}

fn title(patient: &Patient) -> String {
    match patient {
        Patient::Line(extension, Some(user)) => {
            format!("Extension {} of {}", extension.number, full_name(user))
        }
        Patient::Line(extension, None) => format!("Extension {}", extension.number),
        Patient::User(user) => full_name(user),
        Patient::ServiceUser(account) => format!("The administrator {}", account.name),
        Patient::Address(address) => format!("The address {address}"),
        Patient::Nobody(typed) => format!("“{typed}”"),
    }
}

fn states(web: &Web, patient: &Patient, phones: usize, now: Timestamp) -> Vec<Badge> {
    let registered = || match phones {
        0 => Badge::new(Tone::Neutral, "No phone"),
        1 => Badge::new(Tone::Good, "1 phone"),
        many => Badge::new(Tone::Good, format!("{many} phones")),
    };
    let of = |account: &Account| users::badge(web.system.ledger.status_of(account, now));
    match patient {
        Patient::Line(_, user) => user.iter().map(|user| of(user)).chain([registered()]).collect(),
        Patient::User(account) | Patient::ServiceUser(account) => vec![of(account)],
        Patient::Address(_) => vec![registered()],
        Patient::Nobody(_) => Vec::new(),
    }
}

fn pages(who: &SignedIn, patient: &Patient) -> Vec<Link> {
    let user = |account: &Account| {
        let link = Link::new(format!("/manager/users/{}", account.id), "Their page");
        who.by.may(Right::UsersRead).then_some(link)
    };
    match patient {
        Patient::Line(extension, account) => {
            let line = Link::new(format!("/manager/extensions/{}", extension.id), "The extension’s page");
            let line = who.by.may(Right::ExtensionsRead).then_some(line);
            account.as_deref().and_then(user).into_iter().chain(line).collect()
        }
        Patient::User(account) => user(account).into_iter().collect(),
        Patient::ServiceUser(account) => {
            vec![Link::new(format!("/manager/administrators/{}", account.id), "Their page")]
        }
        Patient::Address(_) | Patient::Nobody(_) => Vec::new(),
    }
}

/// Nothing is wrong, as far as can be seen from here.
fn well(patient: &Patient, phones: usize, rows: &[AuditRow]) -> Notice {
    let has_tried = rows.iter().any(|row| row.event.action == Action::SignIn);
    match patient {
        Patient::Line(..) if phones > 0 => Notice::new(
            Tone::Good,
            "All is well: a phone is registered.",
            "Nothing stands in the way of the right code.",
        ),
        Patient::Line(..) if !has_tried => Notice::new(
            Tone::Info,
            "Nothing stands in the way, but no phone has tried in the last week.",
            "It does not reach this system: look at its server address, its network, and whether it is switched on. What \
             to type into it is on the page of the extension.",
        ),
        Patient::Address(_) => Notice::new(
            Tone::Good,
            "This address is not blacklisted.",
            "What was tried from here, and by whom, is below.",
        ),
        Patient::Line(..) | Patient::User(_) | Patient::ServiceUser(_) | Patient::Nobody(_) => Notice::new(
            Tone::Good,
            "Nothing stands in the way: the right secret is let in now.",
            "What went wrong before is below.",
        ),
    }
}

fn complaint(web: &Web, who: &SignedIn, cause: &Cause, now: Timestamp) -> Complaint {
    let remedies = cause.remedies();
    let (mine, others): (Vec<_>, Vec<_>) = remedies.iter().partition(|remedy| who.by.may(remedy.right()));
    let ask = match others.first() {
        Some(remedy) if mine.is_empty() => {
            format!(
                "To {} takes the right to {}: ask {}.",
                lower(&remedy.title()),
                remedy.right().title(),
                who_may(web, remedy.right(), now)
            )
        }
        Some(_) | None => String::new(),
    };
    Complaint {
        words: cause.in_words(&*web.system.ledger, &|at| for_people(at), now),
        advice: cause.advice().into(),
        remedies: mine.into_iter().map(button).collect(),
        ask,
    }
}

fn lower(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Who could: the administrators that have the right, by name.
fn who_may(web: &Web, right: Right, now: Timestamp) -> String {
    let ledger = &web.system.ledger;
    let may = |account: &Arc<Account>| {
        account.within().is_none()
            && ledger.status_of(account, now).admits()
            && ledger.rights_of(account).contains(&right)
    };
    let names: Vec<String> =
        ledger.service_users().into_iter().filter(may).map(|account| account.name.to_string()).collect();
    match names.get(..NAMED_MAX) {
        Some(first) if names.len() > NAMED_MAX => format!("{} or another administrator", first.join(", ")),
        _ if names.is_empty() => "whoever owns the machine".into(),
        _ => names.join(" or "),
    }
}

fn button(remedy: &Remedy) -> RemedyButton {
    let href = match remedy {
        Remedy::ServiceUserPage(id) => format!("/manager/administrators/{id}"),
        Remedy::UserPage(id) => format!("/manager/users/{id}"),
        Remedy::MakeUser => "/manager/users/new".into(),
        Remedy::AllowMd5(id) => super::domains::href(*id),
        Remedy::EndSessions => "/status/sessions".into(),
        Remedy::LiftLocks(_)
        | Remedy::NewSecret(..)
        | Remedy::EnableUser(_)
        | Remedy::Release(_)
        | Remedy::ForgetOld(_) => String::new(),
    };
    let sends =
        if href.is_empty() { serde_json::to_string(remedy).unwrap_or_default() } else { String::new() };
    RemedyButton { title: remedy.title(), sends, href }
}

fn secrets(web: &Web, patient: &Patient, now: Timestamp) -> Vec<SecretRow> {
    let ledger = &web.system.ledger;
    let (account, extension) = match patient {
        Patient::Line(extension, user) => (user.as_deref(), Some(&**extension)),
        Patient::User(account) | Patient::ServiceUser(account) => (Some(&**account), None),
        Patient::Address(_) | Patient::Nobody(_) => return Vec::new(),
    };
    let owners = match (account, extension) {
        (Some(account), _) => owners_of(account),
        (None, Some(extension)) => {
            vec![(Owner::Extension(extension.id), signin::credential::CredentialKind::PhonePassword)]
        }
        (None, None) => Vec::new(),
    };
    let settings = ledger.settings();
    owners
        .into_iter()
        .map(|(owner, kind)| {
            let state = CredentialState::of(&**ledger, owner, kind, now);
            let key = count_of(kind, account, extension);
            let is_locked = key.is_some_and(|key| {
                let standing = ledger.tally(&key).standing(settings.lock_rule(key.scope), now);
                matches!(standing, Standing::Locked { .. })
            });
            let opens: Vec<_> =
                INTERFACES.iter().filter(|row| row.opens_with.contains(&kind)).map(|row| row.title).collect();
            SecretRow {
                title: kind.row().title.into(),
                states: badges(&state, is_locked),
                opens: if opens.is_empty() { "Nothing yet".into() } else { opens.join(", ") },
                set: state.facts.map(|facts| moment::stamp(facts.set_at, now)),
                used: used_in_words(&state),
            }
        })
        .collect()
}

/// How a credential stands, in badges.
pub(super) fn badges(state: &CredentialState, is_locked: bool) -> Vec<Badge> {
    let mut badges = vec![match state.facts {
        None => Badge::new(Tone::Neutral, "Not set"),
        Some(_) if state.has_ended => Badge::new(Tone::Warning, "Expired"),
        Some(_) => Badge::new(Tone::Good, "Set"),
    }];
    if state.is_weak == Some(true) {
        badges.push(Badge::new(Tone::Warning, "Weak"));
    }
    if is_locked && state.facts.is_some() {
        badges.push(Badge::new(Tone::Danger, "Locked"));
    }
    badges
}

/// When and where it was right the last time.
pub(super) fn used_in_words(state: &CredentialState) -> String {
    let Some(LastUse { at, from, by }) = state.used else {
        return if state.facts.is_some() { "Never".into() } else { "–".into() };
    };
    let when = match at {
        Moment::Now => "In use now".into(),
        Moment::At(at) => for_people(at),
        Moment::OnDay(day) => crate::moment::day(day),
    };
    let from = from.map_or_else(String::new, |address| format!(" at {address}"));
    format!("{when}{from}, {}", by.row().title)
}

fn locks(web: &Web, diagnosis: &Diagnosis, now: Timestamp) -> Vec<LockRow> {
    let settings = web.system.ledger.settings();
    let locks = diagnosis.causes.iter().filter_map(Cause::lock);
    let row = |lock: &Lock| LockRow {
        what: lock.key.in_words(),
        failures: format!("{} of {}", lock.tally.failures, settings.lock_rule(lock.key.scope).failures_max),
        last: moment::stamp(lock.tally.failed_at, now),
        until: lock.until.map(|until| moment::until(until, now)),
    };
    locks.map(row).collect()
}

/// Does what a button says.
pub(super) async fn mend(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let asked = Search {
        q: form.get("q").into(),
        domain: form.get("domain").into(),
        nth: form.get("as").parse().unwrap_or_default(),
    };
    let back = href_of(&asked.query(), asked.domain(), asked.nth);
    let Ok(remedy) = serde_json::from_str::<Remedy>(form.get("remedy")) else {
        return who.visitor.error(&web, StatusCode::BAD_REQUEST);
    };
    let done = match remedy {
        Remedy::LiftLocks(keys) => lift(&web, &who, keys).await,
        Remedy::EnableUser(id) => enable(&web, &who, id).await,
        Remedy::Release(id) => {
            let done = web.system.administer(&who.by, move |admin, _| admin.release_quarantine(id)).await;
            done.map(|_| ("It is taken off the list", ""))
        }
        Remedy::ForgetOld(id) => {
            let done = web.system.administer(&who.by, move |admin, _| admin.forget_former(id)).await;
            done.map(|_| {
                ("The old codes are forgotten", "Whoever shows one is counted like any other that is wrong.")
            })
        }
        Remedy::NewSecret(owner, kind) => {
            let set = move |admin: &signin::admin::Admin<'_>, dice: &mut dyn Dice| {
                admin.set_secret(owner, kind, &SecretChoice::Generate, false, dice)
            };
            match web.system.administer(&who.by, set).await {
                Ok(done) => {
                    let (of, extension) = whose(&web, owner);
                    let phone = extension.as_ref().map(|found| (found.domain, found.number.as_str()));
                    let slip = Slip { of: &of, phone, back: &back };
                    return credentials::once(&who, &web, Place::Doctor, &done.generated, &slip);
                }
                Err(refusal) => Err(refusal),
            }
        }
        // These are links.
        Remedy::ServiceUserPage(_)
        | Remedy::UserPage(_)
        | Remedy::MakeUser
        | Remedy::AllowMd5(_)
        | Remedy::EndSessions => return who.visitor.error(&web, StatusCode::BAD_REQUEST),
    };
    match done {
        Ok((title, text)) => guard::redirect_with(&back, Tone::Good, title, text),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    }
}

type Said = Result<(&'static str, &'static str), Refusal>;

async fn lift(web: &Web, who: &SignedIn, keys: Vec<TallyKey>) -> Said {
    let done = web.system.administer(&who.by, move |admin, _| admin.reset_locks(&keys)).await;
    done.map(|_| ("The lock is lifted", "The next try is checked again."))
}

async fn enable(web: &Web, who: &SignedIn, id: signin::ident::AccountId) -> Said {
    let ledger = Arc::clone(&web.system.ledger);
    let enable = move |admin: &signin::admin::Admin<'_>, _: &mut dyn Dice| {
        let account = ledger.account(id).filter(|account| account.kind() == RoleKind::User);
        let account = account.ok_or(signin::admin::Problem::NotFound("user"))?;
        let extension = account.extension().and_then(|id| ledger.extension(id));
        let edit = EditUser {
            version: account.version,
            name: account.name.to_string(),
            full_name: account.full_name.to_string(),
            number: extension.map_or_else(String::new, |extension| extension.number.to_string()),
            condition: Some(Condition::Enabled),
            expires_at: account.expires_at,
        };
        admin.edit_user(id, &edit)
    };
    let done = web.system.administer(&who.by, enable).await;
    done.map(|_| ("The account is enabled", "Its counts and times begin anew."))
}

/// Whose a secret is, for its slip: in words, and the extension that goes with it.
fn whose(web: &Web, owner: Owner) -> (String, Option<Arc<Extension>>) {
    let ledger = &web.system.ledger;
    match owner {
        Owner::Account(id) => {
            let account = ledger.account(id);
            let line = account.as_ref().and_then(|account| account.extension());
            let name = account.map_or_else(String::new, |account| account.name.to_string());
            (name, line.and_then(|id| ledger.extension(id)))
        }
        Owner::Extension(id) => {
            let extension = ledger.extension(id);
            let number = extension.as_ref().map_or("", |extension| extension.number.as_str());
            (format!("extension {number}"), extension)
        }
        Owner::Domain(_) => (ledger.settings().system_name.to_string(), None),
    }
}
