//! The doctor's words: every cause has them, and remedies that somebody may press.

use std::net::IpAddr;

use signin::{
    account::RoleKind,
    audit::Reason,
    credential::{CredentialKind, Owner},
    diagnosis::{Cause, Evidence, Lock, Patient, Remedy, Sighting, diagnose},
    ident::{DomainId, FoldedName},
    interface::CountScope,
    lockout::{Origin, Tally, TallyKey},
    place::Lane,
    rights::Right,
    timestamp::{Seconds, Timestamp},
};

use crate::{edges::make, house::*};

const DESK: &str = "192.0.2.7";

fn lock(scope: CountScope, name: &str, lane: Lane, until: Option<u32>, from: (u16, Origin)) -> Lock {
    let (failures, origin) = from;
    Lock {
        key: TallyKey { lane, ..TallyKey::open(scope, DomainId::FIRST, FoldedName::of(name)) },
        tally: Tally { failures, origin, ..Tally::default() },
        until: until.map(|seconds| Timestamp(1_000_000).after(Seconds(seconds))),
    }
}

/// Each cause, what the audit calls it, its words, and its remedies with their rights.
#[test]
fn each_cause_has_words_and_remedies_that_somebody_may_press() {
    let house = House::with_ann();
    let (ann, extension) = (house.ann().id, house.ann().extension().unwrap());
    let (owner, kind) = (Owner::Account(ann), CredentialKind::LoginCode);
    let here: IpAddr = DESK.parse().unwrap();
    let at = Timestamp(1_000_000);
    let sighting = |agent: &str| Sighting { address: here, agent: agent.into(), at };
    let administrator = house.account_named(RoleKind::ServiceUser, "Administrator").id;
    let address = lock(CountScope::Address, DESK, Lane::Open, None, (10, Origin::Several));
    let line = lock(CountScope::Extension, "201", Lane::Open, Some(30), (1, Origin::One(here)));
    let place = lock(CountScope::Extension, "201", Lane::Network(here), Some(600), (5, Origin::Nowhere));
    let password = CountScope::Credential(CredentialKind::ServicePassword);
    let password = lock(password, "administrator", Lane::Open, Some(9000), (3, Origin::Several));
    let own = CredentialKind::ServicePassword;
    let service = Owner::Account(administrator);
    let lift = |lock: &Lock| vec![Remedy::LiftLocks(vec![lock.key.clone()])];
    let set_new = Remedy::NewSecret(owner, kind);
    let page = || vec![Remedy::ServiceUserPage(administrator)];
    type Row = (Cause, Option<Reason>, &'static str, Vec<Remedy>);
    let rows: Vec<Row> = vec![
        (
            Cause::AddressLocked(address.clone()),
            Some(Reason::AddressLocked),
            "The address 192.0.2.7 is blacklisted until somebody lifts the lock, because of 10 failures from several \
             addresses over all interfaces.",
            lift(&address),
        ),
        (
            Cause::Locked(line.clone()),
            Some(Reason::SubjectLocked),
            "The extension 201 is blacklisted for 30 more seconds, because of 1 failure from 192.0.2.7.",
            lift(&line),
        ),
        (
            Cause::Locked(place.clone()),
            Some(Reason::SubjectLocked),
            "The extension 201 is locked at 192.0.2.7 for 10 more minutes, because of 5 failures.",
            lift(&place),
        ),
        (
            Cause::Locked(password.clone()),
            Some(Reason::SubjectLocked),
            "The password of administrator is locked for 3 more hours, because of 3 failures from several addresses.",
            lift(&password),
        ),
        (
            Cause::UnknownName("299".into()),
            Some(Reason::UnknownName),
            "Nobody has the name or number “299”.",
            vec![Remedy::MakeUser],
        ),
        (
            Cause::NoSecret { owner, kind },
            Some(Reason::NoSecret),
            "No login code is set.",
            vec![set_new.clone()],
        ),
        (
            Cause::SecretEnded { owner: service, kind: own, at },
            Some(Reason::NoSecret),
            "The password ended on 1000.",
            page(),
        ),
        (
            Cause::Disabled(ann, RoleKind::User),
            Some(Reason::Disabled),
            "The account Ann is disabled.",
            vec![Remedy::EnableUser(ann)],
        ),
        (
            Cause::Expired(ann, RoleKind::User, None),
            Some(Reason::Expired),
            "The account Ann has expired.",
            vec![Remedy::EnableUser(ann)],
        ),
        (
            Cause::Expired(administrator, RoleKind::ServiceUser, Some(at)),
            Some(Reason::Expired),
            "The account Administrator has expired: its last moment was 1000.",
            page(),
        ),
        (
            Cause::Idle(administrator, RoleKind::ServiceUser),
            Some(Reason::Idle),
            "The account Administrator was not used for too long.",
            page(),
        ),
        (
            Cause::SessionLimit(administrator, 5),
            Some(Reason::SessionLimit),
            "Administrator has 5 sessions open, and no more are allowed.",
            vec![Remedy::EndSessions],
        ),
        (
            Cause::NoExtension(ann),
            None,
            "Ann has no extension, and so no phone can register.",
            vec![Remedy::UserPage(ann)],
        ),
        (
            Cause::OldSecret { owner, kind, extension, phone: sighting("Cisco"), replaced_at: at },
            Some(Reason::OldSecret),
            "The phone at 192.0.2.7 (Cisco) showed a login code that was replaced on 1000.",
            vec![set_new.clone(), Remedy::ForgetOld(extension)],
        ),
        (
            Cause::WrongSecret { owner, kind, by: sighting("") },
            Some(Reason::WrongSecret),
            "The phone at 192.0.2.7 showed a wrong login code on 1000.",
            vec![set_new],
        ),
        (
            Cause::WrongSecret { owner: service, kind: own, by: sighting("browser") },
            Some(Reason::WrongSecret),
            "Somebody at 192.0.2.7 (browser) showed a wrong password on 1000.",
            page(),
        ),
        (
            Cause::OnlyMd5(DomainId::FIRST, sighting("")),
            None,
            "MD5 is not allowed, and the phone at 192.0.2.7 knows no other.",
            vec![Remedy::AllowMd5(DomainId::FIRST)],
        ),
        (
            Cause::PushedOut { extension, phone: sighting(""), by: here },
            None,
            "The phone at 192.0.2.7 was pushed out on 1000 by another phone of the same extension, at 192.0.2.7.",
            vec![Remedy::Release(extension)],
        ),
    ];
    let model = house.model.borrow();
    for (cause, reason, words, remedies) in rows {
        let tell = |at: Timestamp| at.as_secs().to_string();
        assert_eq!(cause.in_words(&*model, &tell, at), words);
        assert_eq!((cause.reason(), cause.remedies()), (reason, remedies), "{words}");
        let is_lock = matches!(cause, Cause::AddressLocked(_) | Cause::Locked(_));
        assert_eq!(cause.lock().is_some(), is_lock, "{words}");
        assert!(cause.advice().ends_with('.'), "{words}");
    }
    for (remedy, right, title) in [
        (Remedy::LiftLocks(vec![line.key.clone()]), Right::SecurityReset, "Lift the lock"),
        (Remedy::LiftLocks(vec![line.key, address.key]), Right::SecurityReset, "Lift the locks"),
        (Remedy::NewSecret(owner, kind), Right::SecurityReset, "Set a new login code"),
        (Remedy::EnableUser(ann), Right::UsersWrite, "Enable the account"),
        (Remedy::Release(extension), Right::StatusControl, "Take it off the list"),
        (Remedy::ForgetOld(extension), Right::SecurityReset, "Forget the old code"),
        (Remedy::ServiceUserPage(ann), Right::SecurityWrite, "Open the account"),
        (Remedy::UserPage(ann), Right::UsersWrite, "Give them an extension"),
        (Remedy::MakeUser, Right::UsersWrite, "Create a user"),
        (Remedy::AllowMd5(DomainId::FIRST), Right::SystemWrite, "Look at the rules for phones"),
        (Remedy::EndSessions, Right::StatusControl, "End a session"),
    ] {
        assert_eq!((remedy.right(), &*remedy.title()), (right, title));
    }
}

#[test]
fn a_secret_that_has_ended_is_named_and_each_patient_by_what_they_claim() {
    let house = House::with_ann();
    let key = (Owner::Account(house.ann().id), CredentialKind::LoginCode);
    let at = house.now.get();
    house.model.borrow_mut().credentials.get_mut(&key).unwrap().facts.expires_at = Some(at);
    make(&house, "Bob", "");
    let model = house.model.borrow();
    let patient = |typed: &str| Patient::find(&*model, typed).swap_remove(0);
    let found = diagnose(&*model, &patient("201"), &Evidence::default(), at);
    assert_eq!(found.causes, [Cause::SecretEnded { owner: key.0, kind: key.1, at }]);
    for (typed, claim) in [
        ("Ann", "201"),
        (" bob ", "Bob"),
        ("administrator", "Administrator"),
        (DESK, DESK),
        ("nobody", "nobody"),
    ] {
        assert_eq!(&*patient(typed).claim(), claim);
    }
}
