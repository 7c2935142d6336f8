//! What looks like no secret opens nothing: for every kind of credential everything that could stand in its place, and for
//! each of them everything that somebody might show.

use signin::{
    account::RoleKind,
    credential::{
        self, Binding, Credential, CredentialFacts, CredentialKind, KINDS, Owner, Traits, Verifier, payload,
    },
    dice::SeededDice,
    digest::DigestAlgorithm,
    ident::DomainId,
    secret::{Secret, SecretBytes},
    timestamp::Timestamp,
};

use crate::{
    house::{House, word},
    portal,
};

/// The right secret, for the controls.
const RIGHT: &str = "4815926";

/// Payloads that hold no secret: none, a hash of nothing, unknown versions and schemes, cut off, and zeros.
pub(crate) fn hollow(kind: CredentialKind) -> Vec<Vec<u8>> {
    let whole = payload(kind, &Secret::new(RIGHT), &Traits::default(), &mut SeededDice(5)).reveal().to_vec();
    let of_nothing =
        payload(kind, &Secret::new(""), &Traits::default(), &mut SeededDice(6)).reveal().to_vec();
    let mut other_version = whole.clone();
    other_version[0] = 3;
    let mut all: Vec<Vec<u8>> =
        vec![vec![], vec![0], vec![1], of_nothing, other_version, whole[1..].to_vec()];
    all.extend(
        [
            &b"\x01\0"[..],
            b"\x01\0\0\0\0\0\0\0\0",
            b"\x01 ",
            b"\x01\t\r\n",
            b"\0\0\0\0\0\0",
            b"\x01\xff\xfe\xfd",
        ]
        .map(<[u8]>::to_vec),
    );
    if !kind.row().is_digits && kind != CredentialKind::PhonePassword {
        let schemes = [
            "*",
            "!",
            "x",
            "4815926",
            "$1$salt$hash",
            "$2b$12$abc",
            "{SHA}abc=",
            "$argon2id$",
            "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
            "$argon2id$v=19$m=19456,t=2,p=1$$",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$",
            "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
        ];
        all.extend(schemes.map(|scheme| [b"\x01", scheme.as_bytes()].concat()));
        all.extend([1, 2, 8, 40].map(|less| whole[..whole.len() - less].to_vec()));
    }
    if kind.row().is_digits {
        // A code is digits; whatever else stands there is none, such as the hash of another kind.
        let hash = payload(
            CredentialKind::UserPassword,
            &Secret::new(RIGHT),
            &Traits::default(),
            &mut SeededDice(7),
        );
        all.push(hash.reveal().to_vec());
        all.extend(["48a1", "-1", "4815926 ", "*"].map(|code| [b"\x01", code.as_bytes()].concat()));
    }
    all
}

/// What somebody might show for such a payload.
pub(crate) fn shown_for(kept: &[u8]) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let hash = text(kept).rsplit('$').next().unwrap_or_default().to_owned();
    let mut all = vec![String::new(), "\0".into(), text(kept), text(kept.get(1..).unwrap_or_default()), hash];
    all.extend([RIGHT, "0", "null"].map(String::from));
    all.dedup();
    all
}

#[test]
fn what_holds_no_secret_is_no_verifier() {
    let binding = Binding { username: "201", realm: "office", domain: DomainId::FIRST };
    for kind in KINDS.map(|row| row.kind) {
        let whole = payload(kind, &Secret::new(RIGHT), &Traits::default(), &mut SeededDice(5));
        assert!(credential::verifier(kind, &whole, &binding) != Verifier::Unset, "{kind:?}");
        for kept in hollow(kind) {
            let verifier = credential::verifier(kind, &SecretBytes::new(kept.clone()), &binding);
            let is_hash = matches!(verifier, Verifier::Argon2(_));
            // A hash is looked at when a password is held against it, and then opens nothing.
            assert!(verifier == Verifier::Unset || is_hash, "{kind:?} {kept:?}");
            for shown in shown_for(&kept) {
                let is_kept = credential::is_kept(&Secret::new(&*shown), &verifier, None);
                assert!(!is_kept, "{kind:?} {kept:?} {shown:?}");
            }
        }
    }
}

#[test]
fn what_holds_no_secret_opens_no_door() {
    let (mut tried, mut opened) = (0, 0);
    for kind in [
        CredentialKind::ServicePassword,
        CredentialKind::UserPassword,
        CredentialKind::LoginCode,
        CredentialKind::PhonePassword,
    ] {
        let house = House::with_ann();
        house.settings(|settings| {
            settings.service_password_lock.failures_max = 0;
            settings.user_password_lock.failures_max = 0;
            settings.extension_lock.failures_max = 0;
            settings.address_lock.failures_max = 0;
        });
        let owner = match kind {
            CredentialKind::ServicePassword => {
                Owner::Account(house.account_named(RoleKind::ServiceUser, "BusinessPartner").id)
            }
            CredentialKind::LoginCode
            | CredentialKind::UserPassword
            | CredentialKind::VoicemailCode
            | CredentialKind::PortalPasscode => Owner::Account(house.ann().id),
            CredentialKind::PhonePassword => Owner::Extension(house.ann().extension().unwrap()),
            CredentialKind::SystemPassword => Owner::Domain(DomainId::FIRST),
        };
        let put = |kept: &[u8], expires_at: Option<Timestamp>| {
            let facts = CredentialFacts { set_at: house.now.get(), expires_at, used_at: None };
            let kept = Credential { owner, kind, payload: SecretBytes::new(kept.to_vec()), facts };
            house.model.borrow_mut().credentials.insert((owner, kind), kept);
        };
        let mut opens = |shown: &str| {
            tried += 1;
            let verdict = match kind {
                CredentialKind::ServicePassword => house.web("BusinessPartner", shown),
                CredentialKind::UserPassword => portal::sign_in(&house, "201", shown),
                _ => {
                    let address = "192.0.2.9".parse().unwrap();
                    house.phone_with(address, "201", shown, DigestAlgorithm::Md5).verdict
                }
            };
            word(&verdict) == "accept"
        };
        let whole =
            payload(kind, &Secret::new(RIGHT), &Traits::default(), &mut SeededDice(5)).reveal().to_vec();
        for kept in hollow(kind) {
            put(&kept, None);
            opened += shown_for(&kept).iter().filter(|shown| opens(shown)).count();
        }
        put(&whole, Some(house.now.get()));
        opened += shown_for(&whole).iter().filter(|shown| opens(shown)).count();
        house.model.borrow_mut().credentials.remove(&(owner, kind));
        if kind != CredentialKind::PhonePassword {
            opened += shown_for(&whole).iter().filter(|shown| opens(shown)).count();
        }
        put(&whole, None);
        assert!(opens(RIGHT), "{kind:?}: the right one");
    }
    println!("empty_looking_tried {tried}\nempty_looking_opened {opened}");
    assert!(tried > 250, "{tried}");
    assert_eq!(opened, 0);
}
