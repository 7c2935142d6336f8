//! The diagnosis: every cause as it comes about, and that it says what `decide` says.

use std::net::IpAddr;

use signin::{
    account::{Condition, RoleKind},
    admin::{By, EditUser, SecretChoice},
    audit::{AuditEvent, Reason},
    credential::{
        CredentialKind, Owner,
        state::{CredentialState, Moment},
    },
    diagnosis::{Cause, Diagnosis, Evidence, OldHash, Patient, Remedy, diagnose, obstacles},
    dice::{SeededDice, below},
    digest::DigestAlgorithm,
    ident::DomainId,
    policy::Lock,
    records::Records,
    registration::{Binding, Quarantined, Registration, Transport},
    rights::Right,
    secret::Secret,
    stale::StalePhone,
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};

use crate::house::{ADMIN_PASSWORD, CODE, House};

const DESK: &str = "192.0.2.7";

fn tell(at: Timestamp) -> String {
    at.as_secs().to_string()
}

impl House {
    fn diagnosis(&self, typed: &str) -> Diagnosis {
        self.diagnosis_with(typed, &[], &[])
    }

    fn diagnosis_with(&self, typed: &str, old_hashes: &[OldHash], quarantine: &[Quarantined]) -> Diagnosis {
        let model = self.model.borrow();
        let audit: Vec<AuditEvent> = model.audit.iter().rev().cloned().collect();
        let stale: Vec<StalePhone> = model.stale.values().cloned().collect();
        let evidence = Evidence { audit: &audit, stale: &stale, quarantine, old_hashes };
        let patient = Patient::find(&*model, typed).swap_remove(0);
        diagnose(&*model, &patient, &evidence, self.now.get())
    }

    /// Every cause in words.
    fn causes(&self, typed: &str) -> Vec<String> {
        self.said(&self.diagnosis(typed))
    }

    fn said(&self, diagnosis: &Diagnosis) -> Vec<String> {
        let model = self.model.borrow();
        diagnosis.causes.iter().map(|cause| cause.in_words(&*model, &tell, self.now.get())).collect()
    }

    fn remedies(&self, typed: &str) -> Vec<Remedy> {
        self.diagnosis(typed).causes.iter().flat_map(Cause::remedies).collect()
    }

    fn edit_ann(&self, edit: impl FnOnce(&mut EditUser)) {
        let ann = self.ann();
        let mut wanted = EditUser {
            version: ann.version,
            name: ann.name.to_string(),
            full_name: ann.full_name.to_string(),
            number: "201".into(),
            condition: None,
            expires_at: ann.expires_at,
        };
        edit(&mut wanted);
        self.administer(|admin, _| admin.edit_user(ann.id, &wanted)).unwrap();
    }

    fn set_code(&self, choice: &SecretChoice) {
        let owner = Owner::Account(self.ann().id);
        self.administer(|a, d| a.set_secret(owner, CredentialKind::LoginCode, choice, false, d)).unwrap();
    }

    fn bind(&self, algorithm: DigestAlgorithm) {
        let extension = self.ann().extension().unwrap();
        let now = self.now.get();
        let binding = Binding {
            contact: "sip:201@192.0.2.7".into(),
            q: 1000,
            instance: None,
            reg_id: 0,
            path: Box::default(),
            call_id: "c".into(),
            cseq: 1,
            agent: "Yealink SIP-T46U".into(),
            source: "192.0.2.7:5060".parse().unwrap(),
            transport: Transport::Udp,
            algorithm,
            since: now,
            expires_at: now.after(Seconds(3600)),
            granted: Seconds(3600),
            print: 0,
        };
        let registration = Registration { extension, bindings: vec![binding].into() };
        self.model.borrow_mut().registrations.insert(extension, registration.into());
    }
}

#[test]
fn nothing_is_wrong_where_nothing_is() {
    let house = House::with_ann();
    assert!(house.phone_from(DESK, "201", CODE).is_accept());
    assert_eq!(house.causes("201"), [] as [&str; 0]);
    assert_eq!(house.causes("Ann"), [] as [&str; 0], "the user is the same line");
    assert_eq!(house.causes("administrator"), [] as [&str; 0]);
}

trait IsAccept {
    fn is_accept(&self) -> bool;
}

impl IsAccept for Verdict {
    fn is_accept(&self) -> bool {
        matches!(self, Self::Accept(_))
    }
}

#[test]
fn a_blacklisted_extension_is_named_with_the_time_left_and_who_did_it() {
    let house = House::with_ann();
    for _ in 0..5 {
        house.phone_from(DESK, "201", "0");
    }
    house.wait(Seconds(240));
    let causes = house.causes("201");
    assert_eq!(
        causes[0],
        "The extension 201 is blacklisted for 6 more minutes, because of 5 failures from 192.0.2.7."
    );
    assert!(
        causes[1].starts_with("The phone at 192.0.2.7 (phone) showed a wrong login code on "),
        "{causes:?}"
    );
    let remedies = house.remedies("201");
    let Remedy::LiftLocks(keys) = &remedies[0] else { panic!("{remedies:?}") };
    assert_eq!(remedies[0].right(), Right::SecurityReset);
    house.administer(|admin, _| admin.reset_locks(keys)).unwrap();
    assert!(house.phone_from(DESK, "201", CODE).is_accept(), "the remedy mends it");
    house.wait(Seconds(1));
    house.bind(DigestAlgorithm::Sha256);
    assert_eq!(house.causes("201"), [] as [&str; 0], "and then nothing is left to say");
}

#[test]
fn a_blacklisted_address_comes_before_what_is_wrong_with_the_line() {
    let house = House::with_ann();
    for n in 0..10 {
        house.phone_from(DESK, &format!("30{n}"), "0");
    }
    house.phone_from(DESK, "201", CODE);
    let diagnosis = house.diagnosis("201");
    assert_eq!(diagnosis.places, [DESK.parse::<IpAddr>().unwrap()]);
    assert_eq!(
        house.said(&diagnosis),
        [
            "The address 192.0.2.7 is blacklisted for 10 more minutes, because of 10 failures from 192.0.2.7 over all \
             interfaces."
        ]
    );
    assert_eq!(house.causes(DESK), house.said(&diagnosis), "asked for by its address it is the same");
}

#[test]
fn an_old_code_is_told_from_a_wrong_one() {
    let house = House::with_ann();
    house.phone_from(DESK, "201", CODE);
    house.wait(Seconds(60));
    house.set_code(&SecretChoice::Set(Secret::new("59274")));
    let replaced_at = house.now.get();
    house.wait(Seconds(60));
    house.phone_from(DESK, "201", CODE);
    house.phone_from("192.0.2.8", "201", "0");
    assert_eq!(
        house.causes("201"),
        [
            format!("The phone at 192.0.2.8 (phone) showed a wrong login code on {}.", tell(house.now.get())),
            format!(
                "The phone at 192.0.2.7 (phone) showed a login code that was replaced on {}.",
                tell(replaced_at)
            ),
        ]
    );
    let extension = house.ann().extension().unwrap();
    assert!(house.remedies("201").contains(&Remedy::ForgetOld(extension)));
    house.bind(DigestAlgorithm::Sha256);
    let left = house.causes("201");
    assert!(left.len() == 1 && left[0].contains("192.0.2.8"), "the phone at .7 is registered now: {left:?}");
}

#[test]
fn no_code_a_disabled_user_and_an_account_past_its_last_day_are_each_named() {
    let house = House::with_ann();
    house.set_code(&SecretChoice::Remove);
    assert_eq!(house.causes("201"), ["No login code is set."]);
    assert_eq!(
        house.remedies("201"),
        [Remedy::NewSecret(Owner::Account(house.ann().id), CredentialKind::LoginCode)]
    );
    house.set_code(&SecretChoice::Set(Secret::new("59274")));
    house.edit_ann(|edit| edit.condition = Some(Condition::Disabled));
    assert_eq!(house.causes("201"), ["The account Ann is disabled."]);
    assert_eq!(house.remedies("201"), [Remedy::EnableUser(house.ann().id)]);
    let end = house.now.get().after(Seconds(60));
    house.edit_ann(|edit| (edit.condition, edit.expires_at) = (Some(Condition::Enabled), Some(end)));
    house.wait(Seconds(60));
    assert_eq!(
        house.causes("201"),
        [format!("The account Ann has expired: its last moment was {}.", tell(end))]
    );
}

#[test]
fn whoever_nobody_has_and_whoever_has_no_phone_is_told_so() {
    let house = House::with_ann();
    house.edit_ann(|edit| edit.number = String::new());
    assert_eq!(house.causes("ann"), ["Ann has no extension, and so no phone can register."]);
    assert_eq!(house.causes("299"), ["Nobody has the name or number “299”."]);
    for _ in 0..5 {
        house.phone_from(DESK, "299", "0");
    }
    assert_eq!(
        house.causes("299"),
        [
            "The extension 299 is blacklisted for 10 more minutes, because of 5 failures from 192.0.2.7.",
            "Nobody has the name or number “299”."
        ],
        "names that nobody has are locked like all"
    );
}

#[test]
fn a_phone_that_knows_md5_alone_is_named_where_it_is_not_allowed() {
    let house = House::with_ann();
    let phone = OldHash { address: DESK.parse().unwrap(), agent: "baresip v0.6".into(), at: house.now.get() };
    let asked = |house: &House| house.said(&house.diagnosis_with("201", std::slice::from_ref(&phone), &[]));
    house.bind(DigestAlgorithm::Md5);
    assert_eq!(asked(&house), [] as [&str; 0], "it is allowed");
    let mut domain = (*house.model.borrow().domain(DomainId::FIRST).unwrap()).clone();
    domain.md5_allowed = false;
    house.model.borrow_mut().domains.insert(DomainId::FIRST, domain.into());
    assert_eq!(
        asked(&house),
        ["MD5 is not allowed, and the phone at 192.0.2.7 (Yealink SIP-T46U) knows no other."]
    );
    house.model.borrow_mut().registrations.clear();
    assert_eq!(
        asked(&house),
        ["MD5 is not allowed, and the phone at 192.0.2.7 (baresip v0.6) knows no other."]
    );
    house.wait(Seconds::days(1));
    assert_eq!(asked(&house), [] as [&str; 0], "that was yesterday");
}

#[test]
fn a_phone_that_was_pushed_out_is_named_with_the_one_that_did_it() {
    let house = House::with_ann();
    let at = house.now.get();
    let entry = Quarantined {
        extension: house.ann().extension().unwrap(),
        at,
        contact: "sip:201@192.0.2.7".into(),
        source: "192.0.2.7:5060".parse().unwrap(),
        agent: "Cisco".into(),
        by_source: "192.0.2.8:5060".parse().unwrap(),
        by_agent: "Linphone".into(),
    };
    let diagnosis = house.diagnosis_with("201", &[], std::slice::from_ref(&entry));
    let said = house.said(&diagnosis);
    assert_eq!(
        said,
        [format!(
            "The phone at 192.0.2.7 (Cisco) was pushed out on {} by another phone of the same extension, at 192.0.2.8.",
            tell(at)
        )]
    );
    assert_eq!(diagnosis.causes[0].remedies(), [Remedy::Release(entry.extension)]);
}

#[test]
fn an_administrator_is_diagnosed_too() {
    let house = House::ignited();
    for guess in ["wrong one", "wrong two", "wrong three"] {
        house.web("Administrator", guess);
    }
    let causes = house.causes("ADMINISTRATOR");
    assert_eq!(
        causes[0],
        "The password of administrator is locked for 60 more seconds, because of 3 failures from 192.0.2.1."
    );
    assert!(
        causes[1].starts_with("Somebody at 192.0.2.1 (browser) showed a wrong password on "),
        "{causes:?}"
    );
    let house = House::ignited();
    for _ in 0..5 {
        assert!(house.web("Administrator", ADMIN_PASSWORD).is_accept());
    }
    assert_eq!(
        house.causes("Administrator"),
        ["Administrator has 5 sessions open, and no more are allowed."]
    );
    assert_eq!(house.remedies("Administrator"), [Remedy::EndSessions]);
    let house = House::ignited();
    house.settings(|settings| settings.ages.idle = Seconds::days(30));
    house.wait(Seconds::days(40));
    assert_eq!(house.causes("Administrator"), ["The account Administrator was not used for too long."]);
}

#[test]
fn every_remedy_names_a_right_and_has_words_and_no_cause_is_without_one() {
    let house = House::with_ann();
    let by = By::console();
    for cause in [
        Cause::NoExtension(house.ann().id),
        Cause::Disabled(house.ann().id, RoleKind::ServiceUser),
        Cause::UnknownName("x".into()),
        Cause::SessionLimit(house.ann().id, 5),
    ] {
        assert!(!cause.advice().is_empty() && !cause.remedies().is_empty(), "{cause:?}");
        for remedy in cause.remedies() {
            assert!(by.may(remedy.right()) && !remedy.title().is_empty(), "{remedy:?}");
        }
    }
}

#[test]
fn what_it_says_of_the_right_secret_is_what_decide_says() {
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for seed in 0..40 {
        let house = House::with_ann();
        let mut dice = SeededDice(seed);
        if seed % 4 == 0 {
            house.settings(|settings| settings.extension_lock.lock = Lock::Permanent);
        }
        let mut code = Some(CODE.to_owned());
        for step in 0..120 {
            disturb(&house, &mut dice, &mut code);
            agree_about_the_line(&house, &mut dice, code.as_deref(), &mut seen, (seed, step));
        }
    }
    for _ in 0..2 {
        agree_about_the_administrator(&House::ignited(), &mut seen);
    }
    for reason in
        ["none", "AddressLocked", "SubjectLocked", "NoSecret", "Disabled", "Expired", "SessionLimit"]
    {
        assert!(seen.get(reason).copied().unwrap_or(0) > 1, "{reason} was hardly met: {seen:?}");
    }
}

/// Something happens.
fn disturb(house: &House, dice: &mut SeededDice, code: &mut Option<String>) {
    let address = format!("192.0.2.{}", below(dice, 3));
    match below(dice, 100) {
        0..45 => drop(house.phone_from(&address, "201", "0")),
        45..65 => drop(house.phone_from(&address, &format!("30{}", below(dice, 9)), "0")),
        65..80 => house.wait(Seconds(u32::from(below(dice, 200)))),
        80..84 => {
            house.set_code(&SecretChoice::Remove);
            *code = None;
        }
        84..90 => {
            let new = ["59274", "73926", "86403"][usize::from(below(dice, 3))];
            house.set_code(&SecretChoice::Set(Secret::new(new)));
            *code = Some(new.into());
        }
        90..93 => house.edit_ann(|edit| edit.condition = Some(Condition::Disabled)),
        93..95 => {
            let end = house.now.get().after(Seconds(60));
            house.edit_ann(|edit| edit.expires_at = Some(end));
        }
        _ => house.edit_ann(|edit| edit.condition = Some(Condition::Enabled)),
    }
}

/// Asks both: the diagnosis, and on a copy of the house the decision.
fn agree_about_the_line(
    house: &House,
    dice: &mut SeededDice,
    code: Option<&str>,
    seen: &mut std::collections::BTreeMap<String, u32>,
    at: (u64, u32),
) {
    let from: IpAddr = format!("192.0.2.{}", below(dice, 4)).parse().unwrap();
    let causes = {
        let model = house.model.borrow();
        let patient = Patient::find(&*model, "201").swap_remove(0);
        obstacles(&*model, &patient, Some(from), house.now.get())
    };
    let before = house.model.borrow().clone();
    let shown = code.unwrap_or("0");
    let decision = house.phone_with(from, "201", shown, DigestAlgorithm::Sha256);
    let told = house.model.borrow().audit.last().and_then(|event| event.reason);
    house.model.replace(before);
    let expected = causes.first().and_then(Cause::reason);
    *seen.entry(expected.map_or("none".into(), |reason| format!("{reason:?}"))).or_default() += 1;
    assert_eq!(causes.is_empty(), decision.verdict.is_accept(), "{at:?}: {causes:?} {:?}", decision.verdict);
    if !causes.is_empty() {
        assert_eq!(expected, told, "{at:?}: {causes:?}");
    }
    if let (Some(Cause::Locked(lock) | Cause::AddressLocked(lock)), Verdict::Wait { until }) =
        (causes.first(), &decision.verdict)
        && lock.key.lane.is_open()
    {
        assert_eq!(lock.until, *until, "{at:?}");
    }
}

fn agree_about_the_administrator(house: &House, seen: &mut std::collections::BTreeMap<String, u32>) {
    // The passwords are hashed: one try at each of a few states is enough.
    for _ in 0..6 {
        let from: IpAddr = "198.51.100.1".parse().unwrap();
        let causes = {
            let model = house.model.borrow();
            let patient = Patient::find(&*model, "Administrator").swap_remove(0);
            obstacles(&*model, &patient, Some(from), house.now.get())
        };
        let verdict = house.web_from("198.51.100.1", "Administrator", ADMIN_PASSWORD);
        assert_eq!(causes.is_empty(), verdict.is_accept(), "{causes:?} {verdict:?}");
        if let Some(cause) = causes.first() {
            assert_eq!(cause.reason(), Some(Reason::SessionLimit));
            *seen.entry("SessionLimit".into()).or_default() += 1;
        }
    }
}

#[test]
fn a_credential_says_how_it_stands_and_never_what_it_is() {
    let house = House::with_ann();
    let owner = Owner::Account(house.ann().id);
    let state = |kind| {
        let model = house.model.borrow();
        CredentialState::of(&*model, owner, kind, house.now.get())
    };
    let code = state(CredentialKind::LoginCode);
    assert_eq!((code.is_weak, code.used, code.has_ended), (Some(false), None, false));
    assert!(state(CredentialKind::UserPassword).facts.is_none());
    house.wait(Seconds::days(2));
    house.phone_from(DESK, "201", CODE);
    let used = state(CredentialKind::LoginCode).used.unwrap();
    assert_eq!(used.from, Some(DESK.parse().unwrap()));
    assert!(matches!(used.at, Moment::OnDay(day) if day <= house.now.get()));
    house.bind(DigestAlgorithm::Sha256);
    assert_eq!(state(CredentialKind::LoginCode).used.unwrap().at, Moment::Now);
    house.model.borrow_mut().registrations.clear();
    assert!(!state(CredentialKind::LoginCode).is_unused(house.now.get()));
    house.wait(Seconds::days(92));
    assert!(state(CredentialKind::LoginCode).is_unused(house.now.get()));
    house.set_code(&SecretChoice::Set(Secret::new("59274")));
    let renewed = state(CredentialKind::LoginCode);
    assert!(renewed.used.is_none() && !renewed.is_unused(house.now.get()), "the new one was not used yet");
    house.settings(|settings| settings.login_code.length_min = 6);
    assert_eq!(state(CredentialKind::LoginCode).is_weak, Some(true), "by the rules of today");
}
