//! Sessions: five at a time, ended by time, by a new password and by hand.

use signin::{
    admin::SecretChoice,
    attempt::{Held, Purpose},
    credential::{CredentialKind, Owner},
    dice::SeededDice,
    records::Records,
    secret::Secret,
    session::{Session, SessionId},
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};

use crate::house::{ADMIN_PASSWORD, House, PARTNER_PASSWORD, word};

#[test]
fn the_sixth_session_is_refused_without_being_counted_as_a_failure() {
    let house = House::ignited();
    for _ in 0..5 {
        assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "accept");
    }
    for _ in 0..20 {
        assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "too many sessions");
    }
    assert_eq!(
        house.last(),
        "Sign in Refused Administrator (Limit of concurrent sessions per user exceeded)"
    );
    house.wait(Seconds::minutes(10));
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "accept", "idle sessions no longer count");
}

#[test]
fn the_next_session_of_a_browser_takes_the_place_of_the_one_it_holds() {
    let house = House::ignited();
    let mut last = None;
    for _ in 0..5 {
        let Verdict::Accept(accepted) = house.web("Administrator", ADMIN_PASSWORD) else { panic!() };
        last = accepted.session.map(|(session, _)| Held { session, account: accepted.account.unwrap() });
    }
    let held = last.unwrap();
    let next = |name, password| house.web_for(Purpose::Session(Some(held)), "192.0.2.1", name, password);
    let is_open = || house.model.borrow().session(held.session).is_some();
    assert_eq!(word(&next("Administrator", "wrong wrong wrong")), "reject");
    assert_eq!(word(&next("BusinessPartner", PARTNER_PASSWORD)), "accept");
    assert!(is_open(), "neither somebody else nor somebody wrong ends it");
    assert_eq!(word(&next("Administrator", ADMIN_PASSWORD)), "accept");
    assert!(!is_open());
    assert_eq!(house.model.borrow().sessions_of(held.account).len(), 5);
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "too many sessions");
}

#[test]
fn a_session_ends_when_unused_and_when_old() {
    let house = House::ignited();
    let rules = house.model.borrow().settings.sessions;
    let Verdict::Accept(accepted) = house.web("Administrator", ADMIN_PASSWORD) else { panic!() };
    let (id, token) = accepted.session.unwrap();
    assert_eq!(SessionId::of(token.reveal()), id);
    let session: Session = (*house.model.borrow().session(id).unwrap()).clone();
    let opened_at = session.opened_at;
    assert!(session.is_open(&rules, opened_at.after(Seconds(599))));
    assert!(!session.is_open(&rules, opened_at.after(Seconds(600))));
    let used = Session { used_at: opened_at.after(Seconds(12 * 3600)), ..session };
    assert!(!used.is_open(&rules, opened_at.after(Seconds(12 * 3600))));
}

#[test]
fn a_new_password_ends_all_other_sessions_and_says_how_many() {
    let house = House::ignited();
    let mut mine = None;
    for _ in 0..3 {
        let Verdict::Accept(accepted) = house.web("Administrator", ADMIN_PASSWORD) else { panic!() };
        mine = accepted.session.map(|(id, _)| id);
    }
    let mut by = house.by("Administrator");
    by.session = mine;
    let new = Secret::new("a wholly new password");
    let (ended, _) = house.administer_as(&by, |a, dice| a.change_own_password(&new, dice)).unwrap();
    assert_eq!(ended, 2);
    assert!(house.model.borrow().session(mine.unwrap()).is_some());
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "reject");
    assert_eq!(word(&house.web("Administrator", "a wholly new password")), "accept");
}

#[test]
fn one_ends_ones_own_session_and_others_with_the_right_alone() {
    let house = House::ignited();
    let open = || {
        let Verdict::Accept(accepted) = house.web("Administrator", ADMIN_PASSWORD) else { panic!() };
        accepted.session.unwrap().0
    };
    let (mine, other) = (open(), open());
    let mut by = house.by("Administrator");
    by.session = Some(mine);
    house.administer_as(&by, |admin, _| admin.end_session(mine)).unwrap();
    assert_eq!(house.last(), "Sign out Accepted Administrator");
    let mut partner = house.by("BusinessPartner");
    partner.rights.clear();
    let refused = house.administer_as(&partner, |admin, _| admin.end_session(other)).unwrap_err();
    assert_eq!(refused.to_string(), "For this you need the right to control phones, calls and sessions.");
    house.administer(|admin, _| admin.end_session(other)).unwrap();
    assert_eq!(house.last(), "Session ended Accepted Administrator");
    let gone = house.administer(|admin, _| admin.end_session(other)).unwrap_err();
    assert_eq!(gone.to_string(), "This session does not exist any more.");
}

#[test]
fn session_ids_survive_being_written_down() {
    let (id, token) = SessionId::issue(&mut SeededDice(4));
    assert_eq!(token.reveal().len(), 32);
    let text = String::from(id);
    assert_eq!(SessionId::try_from(text), Ok(id));
    assert_eq!(SessionId::from_bytes(*id.as_bytes()), id);
    for bad in ["", "short", "!!!!"] {
        assert!(SessionId::try_from(bad.to_string()).is_err());
    }
}

#[test]
fn generated_secrets_are_shown_once_and_work() {
    let house = House::with_ann();
    let kinds = [CredentialKind::LoginCode, CredentialKind::UserPassword];
    for kind in kinds {
        let owner = Owner::Account(house.ann().id);
        let (_, shown) = house
            .administer(|a, dice| a.set_secret(owner, kind, &SecretChoice::Generate, false, dice))
            .unwrap();
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].0, kind);
        if kind == CredentialKind::LoginCode {
            assert_eq!(word(&house.phone("201", shown[0].1.reveal())), "accept");
        }
    }
}

#[test]
fn the_present_password_shown_once_more_is_counted_like_a_sign_in_and_opens_nothing() {
    use signin::{
        account::RoleKind,
        attempt::{Attempt, Claim, Peer, Proof, Purpose},
        ident::DomainId,
        interface::LoginInterface,
    };
    let house = House::ignited();
    let show = |password: &str, purpose: Purpose| {
        let secret = Secret::new(password);
        let attempt = Attempt {
            interface: LoginInterface::WebManager,
            domain: DomainId::FIRST,
            claim: Claim::Account(RoleKind::ServiceUser, "Administrator"),
            proof: Proof::Plain(&secret),
            peer: Peer { address: "192.0.2.1".parse().unwrap(), agent: "browser", device: "" },
            purpose,
        };
        house.attempt(&attempt).verdict
    };
    let confirm = |password: &str| show(password, Purpose::Confirmation);
    assert_eq!(word(&confirm("wrong wrong wrong")), "reject");
    let Verdict::Accept(accepted) = confirm(ADMIN_PASSWORD) else { panic!() };
    assert!(accepted.session.is_none());
    assert!(house.model.borrow().sessions.is_empty());
    assert!(house.last().contains("Confirm password"), "{}", house.last());
    let Verdict::Accept(accepted) = show(ADMIN_PASSWORD, Purpose::Once) else { panic!() };
    assert!(accepted.session.is_none(), "one thing and no more");
    assert!(house.last().contains("Sign in"), "{}", house.last());
    for n in 0..3 {
        confirm(&format!("wrong wrong wrong {n}"));
    }
    assert_eq!(word(&confirm(ADMIN_PASSWORD)), "wait");
}

#[test]
fn a_session_from_the_future_is_over() {
    let house = House::ignited();
    house.web("Administrator", ADMIN_PASSWORD);
    let session = house.model.borrow().sessions.values().next().cloned().unwrap();
    let rules = house.model.borrow().settings.sessions;
    let now = house.now.get();
    assert!(session.is_open(&rules, Timestamp(now.0 - 60_000)));
    assert!(!session.is_open(&rules, Timestamp(now.0 - 60_001)));
}

#[test]
fn who_must_choose_a_new_password_first_gets_nothing_done_where_none_can_be_chosen() {
    let house = House::ignited();
    house.settings(|settings| settings.ages.secret = Seconds::days(90));
    house.wait(Seconds::days(91));
    let once = |password: &str| word(&house.web_for(Purpose::Once, "192.0.2.1", "Administrator", password));
    assert_eq!(once("wrong wrong wrong"), "reject");
    assert_eq!(once(ADMIN_PASSWORD), "new secret first");
    assert_eq!(house.last(), "Sign in Refused Administrator (A new password must be chosen first)");
    let account = house.account_named(signin::account::RoleKind::ServiceUser, "Administrator");
    assert_eq!(house.model.borrow().activity(account.id).signed_in_at, None, "nothing was opened");
    assert_eq!(word(&house.web("Administrator", ADMIN_PASSWORD)), "accept", "pages have the form for it");
}
