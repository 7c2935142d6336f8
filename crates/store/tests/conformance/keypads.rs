//! What is typed at keypads: held against what is kept, counted like everything, and in everybody's lane.

use std::sync::atomic::{AtomicUsize, Ordering};

use signin::{
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    audit::Reason,
    credential::{CredentialFacts, CredentialKind, Owner},
    decide::{Finding, check},
    effect::Effect,
    ident::DomainId,
    interface::LoginInterface,
    lockout::TallyKey,
    place::Lane,
    records::Records,
    secret::Secret,
    verdict::Verdict,
};
use store::{Admission, Ledger};

use crate::{host::EngineHost, world::*};

/// Every interface that digits open, whose they are, and the digits.
const KEYPADS: [(LoginInterface, Owner, CredentialKind, &str); 4] = [
    (LoginInterface::VoicemailMailbox, Owner::Account(ANN), CredentialKind::VoicemailCode, "7294"),
    (LoginInterface::PhoneLogin, Owner::Account(ANN), CredentialKind::LoginCode, CODE),
    (LoginInterface::Hoteling, Owner::Account(ANN), CredentialKind::PortalPasscode, "58203"),
    (
        LoginInterface::PhoneAdministration,
        Owner::Domain(DomainId::FIRST),
        CredentialKind::SystemPassword,
        "8350",
    ),
];

fn attempt<'a>(by: LoginInterface, number: &'a str, digits: &'a Secret, from: u32) -> Attempt<'a> {
    let is_of_system = by == LoginInterface::PhoneAdministration;
    Attempt {
        interface: by,
        domain: DomainId::FIRST,
        claim: if is_of_system { Claim::System(number) } else { Claim::Extension(number) },
        proof: Proof::Digits(digits),
        peer: Peer { address: far_address(from), agent: "Phone 1.0", device: "" },
        purpose: Purpose::Once,
    }
}

fn typed(ledger: &Ledger, by: LoginInterface, number: &str, digits: &str) -> Finding {
    let digits = Secret::new(digits);
    sign_in(ledger, &attempt(by, number, &digits, 1), NOW).1
}

fn is_right(finding: Finding) -> bool {
    matches!(finding, Finding::Right(_))
}

fn set_all(ledger: &Ledger) {
    let put = KEYPADS.map(|(_, owner, kind, digits)| Effect::PutCredential(credential(owner, kind, digits)));
    ledger.commit(put.into()).wait().unwrap();
}

/// Which of the kinds opens at which of the interfaces; each from an address of its own, for most are wrong.
fn opens(ledger: &Ledger, number: &str) -> [[bool; 4]; 4] {
    KEYPADS.map(|(by, ..)| {
        KEYPADS.map(|(.., digits)| {
            let digits = Secret::new(digits);
            is_right(sign_in(ledger, &attempt(by, number, &digits, by as u32), NOW).1)
        })
    })
}

pub(crate) fn digits_open_what_they_are_for_also_after_a_restart_and_a_new_number_or_realm(
    host: &dyn EngineHost,
) {
    let each_its_own = [0, 1, 2, 3].map(|row| [0, 1, 2, 3].map(|column| row == column));
    let ledger = furnished(host);
    set_all(&ledger);
    assert_eq!(opens(&ledger, "201"), each_its_own);
    for (by, ..) in KEYPADS {
        let digits = Secret::new("");
        let attempt = attempt(by, "201", &digits, by as u32);
        let forgotten = [attempt.subject_key(), attempt.address_key()].map(Effect::ClearTally);
        ledger.commit(forgotten.into()).wait().unwrap();
    }
    ledger.close().unwrap();
    let ledger = open(host);
    assert_eq!(opens(&ledger, "201"), each_its_own);
    let mut moved = extension(X201, "301", Some(ANN));
    moved.version = 2;
    let mut renamed = domain(1, 2, &["office.example"]);
    renamed.realm = "new.example".into();
    let changes = vec![Effect::PutExtension(moved), Effect::PutDomain(renamed)];
    ledger.commit(changes).wait().unwrap();
    for (by, _, _, digits) in KEYPADS {
        assert!(is_right(typed(&ledger, by, "301", digits)), "{by:?}");
        assert_eq!(typed(&ledger, by, "201", digits), Finding::Wrong(Reason::UnknownName), "{by:?}");
    }
}

pub(crate) fn of_a_thousand_parallel_guesses_at_a_keypad_at_most_four_are_checked(host: &dyn EngineHost) {
    let ledger = furnished(host);
    set_all(&ledger);
    for (by, _, _, right) in KEYPADS {
        let checked = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (ledger, checked) = (&ledger, &checked);
                scope.spawn(move || {
                    for n in 0..125 {
                        let number = if by == LoginInterface::PhoneAdministration && n % 2 == 0 {
                            "299"
                        } else {
                            "201"
                        };
                        let guess = Secret::new(format!("1{:03}", thread * 125 + n));
                        let attempt = attempt(by, number, &guess, 2 + thread * 125 + n);
                        // As the flow does it: the short way is not theirs.
                        let Admission::Begun(dossier) = ledger.admit(&attempt, NOW).unwrap() else {
                            panic!("the short way is for phones that register")
                        };
                        checked.fetch_add(usize::from(dossier.may_be_checked()), Ordering::SeqCst);
                        let finding = check(&dossier, &attempt, NOW);
                        assert!(!is_right(finding));
                        ledger.settle(&dossier, &attempt, finding, NOW);
                    }
                });
            }
        });
        assert!((1..=4).contains(&checked.load(Ordering::SeqCst)), "{by:?} {checked:?}");
        let right = Secret::new(right);
        let at = |seconds| sign_in(&ledger, &attempt(by, "201", &right, 9_999), later(seconds)).0;
        assert!(matches!(at(89), Verdict::Wait { until: Some(until) } if until == later(90)), "{by:?}");
        assert!(matches!(at(90), Verdict::Accept(_)), "{by:?}");
    }
}

pub(crate) fn where_a_phone_is_known_its_keypad_is_counted_like_any(host: &dyn EngineHost) {
    let ledger = furnished(host);
    set_all(&ledger);
    let phone = Phone::new("201", CODE).at(far_address(1));
    assert!(matches!(phone.sign_in(&ledger, NOW).0, Verdict::Accept(_)), "which notes where it is known");
    for (by, ..) in KEYPADS {
        typed(&ledger, by, "201", "0000");
        let digits = Secret::new("0000");
        let attempt = attempt(by, "201", &digits, 1);
        assert_eq!(ledger.tally(&attempt.subject_key()).failures, 1, "{by:?}");
        let lane = Lane::Network(far_address(1));
        assert_eq!(ledger.tally(&attempt.subject_in(lane)).failures, 0, "{by:?}");
    }
    assert_eq!(ledger.tally(&TallyKey::address(far_address(1))).failures, 4);
    // And nobody makes a place known for phones by typing the right one there.
    let right = Secret::new("7294");
    let elsewhere = attempt(LoginInterface::VoicemailMailbox, "201", &right, 7);
    assert!(matches!(sign_in(&ledger, &elsewhere, NOW).0, Verdict::Accept(_)));
    Phone::new("201", "0").at(far_address(7)).sign_in(&ledger, NOW);
    assert_eq!(ledger.tally(&TallyKey::extension(&extension(X201, "201", Some(ANN)))).failures, 1);
}

pub(crate) fn what_is_not_set_or_has_expired_opens_nothing_by_digits(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let forget = |by: LoginInterface| {
        let digits = Secret::new("");
        let key = attempt(by, "201", &digits, 1).subject_key();
        let forgotten = [key, TallyKey::address(far_address(1))].map(Effect::ClearTally);
        ledger.commit(forgotten.into()).wait().unwrap();
    };
    set_all(&ledger);
    for (by, owner, kind, digits) in KEYPADS {
        ledger.commit(vec![Effect::DeleteCredential(owner, kind)]).wait().unwrap();
        for shown in ["", "*", digits] {
            assert_eq!(typed(&ledger, by, "201", shown), Finding::Wrong(Reason::NoSecret), "{by:?}");
        }
        forget(by);
        for payload in [&b""[..], b"\x01", b"\x01*", b"\x01 ", b"\x037294"] {
            let put = signin::credential::Credential {
                payload: signin::secret::SecretBytes::new(payload.to_vec()),
                ..credential(owner, kind, digits)
            };
            ledger.commit(vec![Effect::PutCredential(put)]).wait().unwrap();
            assert_eq!(typed(&ledger, by, "201", "7294"), Finding::Wrong(Reason::NoSecret), "{by:?}");
            forget(by);
        }
        ledger.commit(vec![Effect::PutCredential(credential(owner, kind, digits))]).wait().unwrap();
        assert!(is_right(typed(&ledger, by, "201", digits)), "{by:?}");
        let ended = CredentialFacts { expires_at: Some(NOW), ..facts() };
        ledger.commit(vec![Effect::PutCredentialFacts(owner, kind, ended)]).wait().unwrap();
        assert_eq!(typed(&ledger, by, "201", digits), Finding::Wrong(Reason::NoSecret), "{by:?}");
        forget(by);
    }
}
