//! Known places and former secrets: kept through a restart, within a bound, sealed where they are secret, gone with
//! their owner.

use std::{
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use signin::{
    account::Account,
    attempt::Attempt,
    audit::Reason,
    credential::{Credential, CredentialFacts, CredentialKind, Owner},
    decide::Finding,
    dice::SeededDice,
    effect::Effect,
    lockout::TallyKey,
    place::PLACES_MAX,
    records::Records,
    secret::Secret,
    stale::FORMER_MAX,
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};
use store::{AuditQuery, Ledger, engine::Shelf};

use crate::{host::EngineHost, world::*};

fn subject_of(attempt: &Attempt<'_>) -> TallyKey {
    attempt.subject_key()
}

fn says(ledger: &Ledger, phone: Phone<'_>, now: Timestamp) -> &'static str {
    match (Phone { nonce: nonce(), ..phone }).sign_in(ledger, now).0 {
        Verdict::Accept(_) => "accept",
        Verdict::Reject => "reject",
        Verdict::Wait { .. } => "wait",
        Verdict::Challenge | Verdict::TooManySessions | Verdict::NewSecretFirst | Verdict::Unavailable => {
            "something else"
        }
    }
}

fn finds(ledger: &Ledger, phone: Phone<'_>, now: Timestamp) -> Finding {
    Phone { nonce: nonce(), ..phone }.sign_in(ledger, now).1
}

fn lock_from_elsewhere(ledger: &Ledger) {
    for n in 0..5 {
        says(ledger, Phone::new("201", "0000").at(far_address(n)), NOW);
    }
    assert_eq!(says(ledger, Phone::new("201", CODE).at(far_address(9)), NOW), "wait");
}

/// Sets Ann's code, as it was chosen then.
fn set_code(ledger: &Ledger, secret: &str, set_at: Timestamp) {
    let facts = CredentialFacts { set_at, ..facts() };
    let credential = Credential { facts, ..code(ANN, secret) };
    ledger.commit(vec![Effect::PutCredential(credential)]).wait().unwrap();
}

pub(crate) fn a_known_place_goes_on_while_the_extension_is_locked_from_elsewhere(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let known = Phone::new("201", CODE);
    assert_eq!(says(&ledger, known, NOW), "accept");
    lock_from_elsewhere(&ledger);
    assert_eq!(says(&ledger, known, NOW), "accept");
    // Nor does it matter what others did at the same address.
    for number in 300..310 {
        says(&ledger, Phone::new(&number.to_string(), "0"), NOW);
    }
    assert_eq!(says(&ledger, Phone::new("299", "0"), NOW), "wait");
    assert_eq!(says(&ledger, known, NOW), "accept");
    let wrong = Phone::new("201", "0000");
    let said: Vec<_> = (0..6).map(|_| says(&ledger, wrong, NOW)).collect();
    // What a stranger is told there: see `who_shows_a_wrong_code_at_a_locked_address_is_told_what_strangers_are`.
    assert_eq!(said, ["wait"; 6]);
    assert_eq!(says(&ledger, known, NOW), "wait", "what is guessed there is bounded like anywhere");
}

pub(crate) fn an_attack_on_many_threads_takes_no_place_from_who_is_known(host: &dyn EngineHost) {
    let ledger = furnished(host);
    assert_eq!(says(&ledger, Phone::new("201", CODE), NOW), "accept");
    let (is_over, refused) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (begin, has_begun) = mpsc::sync_channel(1);
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (ledger, is_over, refused, begin) = (&ledger, &is_over, &refused, begin.clone());
            scope.spawn(move || {
                for n in 0..u32::MAX {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let phone = Phone::new("201", "0000").at(far_address(thread * 1_000_000 + n));
                    refused.fetch_add(usize::from(says(ledger, phone, NOW) != "accept"), Ordering::Relaxed);
                    let _ = begin.try_send(());
                }
            });
        }
        // Where there are few cores, a thousand may be over before the attack begins.
        let _ = has_begun.recv_timeout(Duration::from_secs(60));
        let answers: Vec<_> = (0..1000).map(|_| says(&ledger, Phone::new("201", CODE), NOW)).collect();
        is_over.store(true, Ordering::Relaxed);
        assert!(answers.iter().all(|answer| *answer == "accept"));
    });
    assert!(refused.into_inner() > 0);
}

pub(crate) fn places_survive_a_restart_are_bounded_and_go_with_their_extension(host: &dyn EngineHost) {
    let ledger = furnished(host);
    for n in 0..40 {
        assert_eq!(says(&ledger, Phone::new("201", CODE).at(far_address(n)), NOW), "accept");
    }
    ledger.flush().wait().unwrap();
    let transactions = ledger.figures().transactions;
    for _ in 0..10 {
        assert_eq!(says(&ledger, Phone::new("201", CODE).at(far_address(39)), NOW), "accept");
    }
    ledger.flush().wait().unwrap();
    assert_eq!(ledger.figures().transactions, transactions, "a refresh writes nothing");
    ledger.close().unwrap();
    assert_eq!(host.rows(Shelf::Places).len(), 1);
    let ledger = open(host);
    for n in 100..105 {
        says(&ledger, Phone::new("201", "0000").at(far_address(n)), NOW);
    }
    let known =
        (0..40).filter(|n| says(&ledger, Phone::new("201", CODE).at(far_address(*n)), NOW) == "accept");
    assert_eq!(known.count(), PLACES_MAX);
    ledger.commit(vec![Effect::DeleteExtension(X201)]).wait().unwrap();
    ledger.close().unwrap();
    assert_eq!(host.rows(Shelf::Places), []);
}

pub(crate) fn a_lock_of_a_known_place_survives_a_restart_and_a_reset_takes_all_lanes(host: &dyn EngineHost) {
    let ledger = furnished(host);
    for place in [1, 2] {
        assert_eq!(says(&ledger, Phone::new("201", CODE).at(address(place)), NOW), "accept");
        for _ in 0..5 {
            says(&ledger, Phone::new("201", "0000").at(address(place)), NOW);
        }
    }
    lock_from_elsewhere(&ledger);
    let locks = |ledger: &Ledger| ledger.locks(NOW).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    let before = locks(&ledger);
    assert_eq!(before.iter().filter(|key| key.name.as_str() == "201").count(), 3, "{before:?}");
    ledger.close().unwrap();
    let ledger = open(host);
    assert_eq!(locks(&ledger), before);
    let open_key = Phone::new("201", "").attempt(subject_of);
    ledger.commit(vec![Effect::ClearTally(open_key)]).wait().unwrap();
    assert!(locks(&ledger).iter().all(|key| key.name.as_str() != "201"));
    for place in [1, 2, 3] {
        assert_eq!(says(&ledger, Phone::new("201", CODE).at(address(place)), NOW), "accept");
    }
}

pub(crate) fn a_browser_is_known_after_a_restart_until_its_password_is_replaced(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let set = |ledger: &Ledger, password: &str, set_at| {
        let owner = Owner::Account(ADMIN);
        let new = credential(owner, CredentialKind::ServicePassword, password);
        let new = Credential { facts: CredentialFacts { set_at, ..facts() }, ..new };
        ledger.commit(vec![Effect::PutCredential(new)]).wait().unwrap();
    };
    set(&ledger, "correct horse battery", NOW);
    let token = ledger.device_token(ADMIN, "", NOW, &mut SeededDice(3)).unwrap();
    let try_with = |ledger: &Ledger, device: &str, password: &str| {
        let password = Secret::new(password);
        let mut attempt = web("Administrator", &password);
        attempt.peer.device = device;
        sign_in(ledger, &attempt, NOW).0
    };
    for n in 0..3 {
        try_with(&ledger, "", &format!("wrong {n}"));
    }
    let is_open = |ledger: &Ledger, device: &str| {
        matches!(try_with(ledger, device, "correct horse battery"), Verdict::Accept(_))
    };
    assert!(!is_open(&ledger, "") && is_open(&ledger, token.reveal()));
    ledger.close().unwrap();
    let ledger = open(host);
    assert!(!is_open(&ledger, "") && is_open(&ledger, token.reveal()));
    set(&ledger, "correct horse battery", later(1));
    assert!(!is_open(&ledger, token.reveal()), "another password was set");
}

pub(crate) fn the_same_wrong_password_again_is_counted_once(host: &dyn EngineHost) {
    let ledger = furnished(host);
    for name in ["Administrator", "nobody"] {
        let password = Secret::new("wrong");
        for n in 0..10 {
            let (verdict, finding, _) = sign_in(&ledger, &web(name, &password), NOW);
            assert!(matches!(verdict, Verdict::Reject), "{name}");
            assert_eq!(finding == Finding::Repeated, n > 0, "{name}");
        }
    }
    assert_eq!(ledger.tally(&TallyKey::address(address(2))).failures, 2);
}

pub(crate) fn what_the_same_wrong_password_costs_tells_nothing_of_a_name(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let password = Secret::new("wrong");
    let are_repeated = |ledger: &Ledger| {
        ["Administrator", "nobody"]
            .map(|name| sign_in(ledger, &web(name, &password), NOW).1 == Finding::Repeated)
    };
    assert_eq!(are_repeated(&ledger), [false, false]);
    assert_eq!(are_repeated(&ledger), [true, true]);
    let edited = Account { version: 2, ..service_user(ADMIN, "Administrator") };
    ledger.commit(vec![Effect::PutAccount(edited)]).wait().unwrap();
    assert_eq!(are_repeated(&ledger), [false, false], "looked at again, whoever was edited");
    assert_eq!(are_repeated(&ledger), [true, true]);
}

pub(crate) fn who_shows_a_wrong_code_at_a_locked_address_is_told_what_strangers_are(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let told = |number: &str, code: &str| {
        let phone = Phone { nonce: nonce(), ..Phone::new(number, code) };
        let verdict = phone.sign_in(&ledger, later(1)).0;
        if let Verdict::Wait { until } = verdict { Some(until) } else { None }
    };
    assert_eq!(says(&ledger, Phone::new("201", CODE), NOW), "accept");
    for number in 300..310 {
        says(&ledger, Phone::new(&number.to_string(), "0"), NOW);
    }
    let stranger = told("299", "0");
    assert!(stranger.is_some());
    for _ in 0..6 {
        assert_eq!(told("201", "0000"), stranger, "also once its own count is full");
    }
    set_code(&ledger, "730194", later(1));
    assert_eq!(told("201", CODE), stranger, "an old code is told the same");
}

pub(crate) fn who_shows_a_wrong_code_of_an_extension_locked_from_elsewhere_is_told_so(host: &dyn EngineHost) {
    let ledger = furnished(host);
    assert_eq!(says(&ledger, Phone::new("201", CODE), NOW), "accept");
    lock_from_elsewhere(&ledger);
    assert_eq!(says(&ledger, Phone::new("201", "0000"), NOW), "wait");
    assert_eq!(says(&ledger, Phone::new("201", CODE), NOW), "accept");
}

pub(crate) fn a_message_that_comes_twice_is_one_try_of_a_stale_phone(host: &dyn EngineHost) {
    let ledger = furnished(host);
    set_code(&ledger, "730194", later(1));
    let tries = |ledger: &Ledger| ledger.stale_phones().iter().map(|phone| phone.times).sum::<u32>();
    let sent = Phone::new("201", CODE);
    for _ in 0..10 {
        assert!(matches!(sent.sign_in(&ledger, later(2)).0, Verdict::Reject));
    }
    assert_eq!(tries(&ledger), 1);
    let said: Vec<_> = (0..4).map(|_| says(&ledger, Phone::new("201", CODE), later(3))).collect();
    assert_eq!((said, tries(&ledger)), (vec!["reject", "reject", "reject", "wait"], 5));
}

pub(crate) fn former_codes_are_sealed_bounded_and_survive_a_restart(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let codes = [CODE, "730194", "730285", "730376", "730467"];
    for (code, at) in codes[1..].iter().zip(1..) {
        set_code(&ledger, code, later(at));
    }
    set_code(&ledger, codes[4], later(9));
    let check = |ledger: &Ledger| {
        for (code, at) in codes[1..4].iter().zip(2..) {
            let finding = finds(ledger, Phone::new("201", code).at(far_address(at)), later(10));
            assert_eq!(finding, Finding::Stale(later(at)), "{code}");
        }
        let oldest = finds(ledger, Phone::new("201", CODE).at(far_address(50)), later(10));
        assert_eq!(oldest, Finding::Wrong(Reason::WrongSecret));
        assert_eq!(says(ledger, Phone::new("201", codes[4]), later(10)), "accept");
    };
    check(&ledger);
    ledger.close().unwrap();
    let rows = host.rows(Shelf::Former);
    assert_eq!(rows.len(), FORMER_MAX);
    let text: String = rows.iter().map(|row| row.body.clone()).collect();
    assert!(codes.iter().all(|code| !text.contains(code)));
    let ledger = open(host);
    check(&ledger);
    // Derived anew for another number, like the code itself.
    let mut moved = extension(X201, "301", Some(ANN));
    moved.version = 2;
    ledger.commit(vec![Effect::PutExtension(moved)]).wait().unwrap();
    assert_eq!(finds(&ledger, Phone::new("301", "730376"), later(10)), Finding::Stale(later(4)));
}

pub(crate) fn former_codes_go_with_their_owner_by_hand_and_after_ninety_days(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let rows = |ledger: &Ledger| {
        ledger.flush().wait().unwrap();
        ledger.close().unwrap();
        host.rows(Shelf::Former).len()
    };
    set_code(&ledger, "730194", later(1));
    assert_eq!(rows(&ledger), 1);
    let ledger = open(host);
    let owner = Owner::Account(ANN);
    ledger.commit(vec![Effect::ForgetFormer(owner, CredentialKind::LoginCode)]).wait().unwrap();
    assert_eq!(finds(&ledger, Phone::new("201", CODE), later(2)), Finding::Wrong(Reason::WrongSecret));
    assert_eq!(rows(&ledger), 0);
    let ledger = open(host);
    set_code(&ledger, "730285", later(3));
    let much_later = later(3).after(Seconds::days(90));
    assert_eq!(finds(&ledger, Phone::new("201", "730194"), later(4)), Finding::Stale(later(3)));
    assert_eq!(finds(&ledger, Phone::new("201", "730194"), much_later), Finding::Wrong(Reason::WrongSecret));
    ledger.sweep(much_later);
    assert_eq!(rows(&ledger), 0);
    let ledger = open(host);
    set_code(&ledger, "730376", later(5));
    ledger.commit(vec![Effect::DeleteAccount(ANN)]).wait().unwrap();
    assert_eq!(rows(&ledger), 0);
}

pub(crate) fn earlier_passwords_are_sealed_and_compared_as_long_as_the_rules_say(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let kind = CredentialKind::ServicePassword;
    let owner = Owner::Account(ADMIN);
    let texts =
        ["first odd row of all", "second odd row of all", "third odd row of all", "fourth odd row of all"];
    for (text, at) in texts.iter().zip(1..) {
        let facts = CredentialFacts { set_at: later(at), ..facts() };
        let put = Credential { facts, ..credential(owner, kind, text) };
        ledger.commit(vec![Effect::PutCredential(put)]).wait().unwrap();
    }
    let is_former =
        |ledger: &Ledger, text: &str, last| ledger.is_former(owner, kind, &Secret::new(text), last);
    let check = |ledger: &Ledger| {
        assert!(texts[..3].iter().all(|text| is_former(ledger, text, 23)));
        assert!(is_former(ledger, texts[2], 1) && !is_former(ledger, texts[1], 1), "the latest come first");
        assert!(!is_former(ledger, texts[3], 23) && ledger.holds_secret(owner, kind, &Secret::new(texts[3])));
        let traits = ledger.traits(owner, kind, &signin::credential::About::default()).unwrap();
        assert_eq!(traits.length, 21);
    };
    check(&ledger);
    ledger.close().unwrap();
    // Their words have spaces, which no sealed text has by chance, as it has any three letters now and then.
    for row in host.rows(Shelf::Former) {
        assert!(!row.body.contains("argon2") && !texts.iter().any(|text| row.body.contains(text)));
    }
    let ledger = open(host);
    check(&ledger);
    let years_later = later(1).after(Seconds::days(900));
    ledger.sweep(years_later);
    check(&ledger);
    let mut settings = (*ledger.settings()).clone();
    (settings.version, settings.service_password.history) = (settings.version + 1, 2);
    ledger.commit(vec![Effect::PutSettings(Box::new(settings))]).wait().unwrap();
    ledger.sweep(years_later);
    assert!(is_former(&ledger, texts[2], 23) && !is_former(&ledger, texts[1], 23));
}

pub(crate) fn a_phone_with_the_login_code_of_before_its_phone_password_is_stale(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let put = credential(Owner::Extension(X201), CredentialKind::PhonePassword, "long and odd");
    ledger.commit(vec![Effect::PutCredential(put)]).wait().unwrap();
    assert_eq!(finds(&ledger, Phone::new("201", CODE), later(1)), Finding::Stale(NOW));
    assert_eq!(says(&ledger, Phone::new("201", "long and odd"), later(1)), "accept");
}

pub(crate) fn stale_phones_are_named_and_told_of(host: &dyn EngineHost) {
    let ledger = furnished(host);
    set_code(&ledger, "730194", later(1));
    for second in 0..7200 {
        if second % 60 == 0 {
            let said = says(&ledger, Phone::new("201", CODE), later(second));
            assert!(["reject", "wait"].contains(&said));
            assert_eq!(says(&ledger, Phone::new("201", "730194"), later(second)), "accept");
        }
        if second % 5 == 0 {
            ledger.sweep(later(second));
        }
    }
    let phones = ledger.stale_phones();
    assert_eq!(phones.len(), 1);
    let phone = &phones[0];
    assert_eq!((phone.extension, phone.address, phone.times), (X201, address(1), 120));
    assert_eq!((phone.first_at, phone.last_at), (NOW, later(7140)));
    assert_eq!((&*phone.agent, phone.replaced_at), ("Phone 1.0", later(1)));
    assert_eq!(ledger.locks(later(7140)), []);
    ledger.flush().wait().unwrap();
    let query = AuditQuery { limit: 100, ..AuditQuery::default() };
    let rows = ledger.audit(&query).unwrap();
    let told: Vec<u32> = rows
        .iter()
        .filter(|row| row.event.reason == Some(Reason::OldSecret))
        .map(|row| row.event.times)
        .collect();
    assert!(told.len() <= 3, "{told:?}");
    let quiet = later(7140).after(Seconds::days(1));
    ledger.sweep(quiet);
    assert_eq!(ledger.stale_phones(), []);
}
