//! What looks like no secret opens no door: put into the store in good order (sealed, with a right tag), read back from
//! the disk, and tried at a phone's door, on the sign-in page, and as digits of a keypad. What each kind makes of every such payload is a test of
//! `signin`.

use std::{net::SocketAddr, time::Duration};

use signin::{
    account::RoleKind,
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    credential::{Credential, CredentialFacts, CredentialKind, Owner, Traits, payload},
    dice::SeededDice,
    effect::Effect,
    ident::{DomainId, FoldedName},
    interface::LoginInterface,
    policy::Lock,
    records::Records as _,
    secret::{Secret, SecretBytes},
    verdict::Verdict,
};

use crate::{browser::Browser, house::House};

/// The right secret, for the controls.
const RIGHT: &str = "4815926";
/// Payloads that hold no secret, whatever the kind.
const HOLLOW: [&[u8]; 12] = [
    b"",
    b"\0",
    b"\x01",
    b"\x01\0",
    b"\x01\0\0\0\0\0\0\0",
    b"\x01 ",
    b"\x01\t\r\n",
    b"\x01\xff\xfe",
    b"\x024815926",
    b"4815926",
    b"\0\0\0\0",
    b"\x01\xe2\x80\x83",
];
/// Payloads that are no hash, where there should be one.
const NO_HASH: [&[u8]; 6] = [
    b"\x01*",
    b"\x014815926",
    b"\x01$1$salt$hash",
    b"\x01$argon2id$",
    b"\x01$argon2id$v=19$m=19456,t=2,p=1$$",
    b"\x01$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
];

/// Puts this payload in the place of a secret.
async fn put(house: &House, owner: Owner, kind: CredentialKind, kept: &[u8], is_expired: bool) {
    // A secret that takes the place of another is a moment younger: what was wrong before is looked at again.
    house.clock.advance(Duration::from_secs(1));
    let now = house.clock.now();
    let facts = CredentialFacts { set_at: now, expires_at: is_expired.then_some(now), used_at: None };
    let kept = Credential { owner, kind, payload: SecretBytes::new(kept.to_vec()), facts };
    house.system.commit(vec![Effect::PutCredential(kept)]).await.expect("put");
}

/// What somebody might show for it.
fn shown_for(kept: &[u8]) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    vec![String::new(), "\0".into(), text(kept), text(kept.get(1..).unwrap_or_default()), RIGHT.into()]
}

/// At which door a kind is tried.
async fn opens(house: &House, kind: CredentialKind, https: SocketAddr, shown: &str) -> bool {
    match kind {
        CredentialKind::LoginCode | CredentialKind::PhonePassword => {
            house.phone("201", shown).await.register(600).await.status == 200
        }
        CredentialKind::ServicePassword | CredentialKind::UserPassword => {
            let mut browser = Browser::at(https);
            let status = browser.sign_in("BusinessPartner", shown).await.status;
            status == 303 || browser.get("/manager").await.status == 200
        }
        CredentialKind::VoicemailCode => typed(house, LoginInterface::VoicemailMailbox, shown).await,
        CredentialKind::PortalPasscode => typed(house, LoginInterface::Hoteling, shown).await,
        CredentialKind::SystemPassword => typed(house, LoginInterface::PhoneAdministration, shown).await,
    }
}

/// Whether digits that are typed at the keypad of 201 open.
async fn typed(house: &House, interface: LoginInterface, shown: &str) -> bool {
    let digits = Secret::new(shown);
    let is_of_system = interface == LoginInterface::PhoneAdministration;
    let attempt = Attempt {
        interface,
        domain: DomainId::FIRST,
        claim: if is_of_system { Claim::System("201") } else { Claim::Extension("201") },
        proof: Proof::Digits(&digits),
        peer: Peer { address: [192, 0, 2, 7].into(), agent: "phone", device: "" },
        purpose: Purpose::Once,
    };
    matches!(house.system.sign_in(attempt).await, Verdict::Accept(_))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_holds_no_secret_opens_no_door_also_after_it_was_read_from_the_disk() {
    let house = House::start().await.ignited().await.with_user("Ann", "201", "472839").await;
    let mut house = house
        .with_settings(|settings| {
            settings.service_password_lock.lock = Lock::LogOnly;
            settings.extension_lock.lock = Lock::LogOnly;
            settings.address_lock.lock = Lock::LogOnly;
            settings.voicemail_code_lock.lock = Lock::LogOnly;
            settings.portal_passcode_lock.lock = Lock::LogOnly;
            settings.keypad_lock.lock = Lock::LogOnly;
            settings.sessions.concurrent_max = 50;
        })
        .await;
    let named = |house: &House, kind, name| {
        let account = house.system.ledger.account_named(kind, DomainId::FIRST, &FoldedName::of(name));
        Owner::Account(account.expect("an account").id)
    };
    let (mut tried, mut opened) = (0, 0);
    for kind in [
        CredentialKind::ServicePassword,
        CredentialKind::LoginCode,
        CredentialKind::PhonePassword,
        CredentialKind::VoicemailCode,
        CredentialKind::PortalPasscode,
        CredentialKind::SystemPassword,
    ] {
        let owner = match kind {
            CredentialKind::ServicePassword => named(&house, RoleKind::ServiceUser, "BusinessPartner"),
            CredentialKind::LoginCode
            | CredentialKind::UserPassword
            | CredentialKind::VoicemailCode
            | CredentialKind::PortalPasscode => named(&house, RoleKind::User, "Ann"),
            CredentialKind::PhonePassword => Owner::Extension(house.extension("201")),
            CredentialKind::SystemPassword => Owner::Domain(DomainId::FIRST),
        };
        let whole =
            payload(kind, &Secret::new(RIGHT), &Traits::default(), &mut SeededDice(5)).reveal().to_vec();
        let no_hash = if kind == CredentialKind::ServicePassword { &NO_HASH[..] } else { &[] };
        let hollow = HOLLOW.iter().chain(no_hash).copied().map(|kept| (kept, false));
        for (kept, is_expired) in hollow.chain([(&*whole, true)]) {
            put(&house, owner, kind, kept, is_expired).await;
            for shown in shown_for(kept) {
                tried += 1;
                let is_open = opens(&house, kind, house.https(), &shown).await;
                assert!(!is_open, "{kind:?} {kept:?} {shown:?}");
                opened += u32::from(is_open);
            }
        }
        // The last but one, as it comes back from the disk.
        put(&house, owner, kind, HOLLOW[4], false).await;
        house = house.restarted().await;
        for shown in shown_for(HOLLOW[4]) {
            tried += 1;
            opened += u32::from(opens(&house, kind, house.https(), &shown).await);
        }
        put(&house, owner, kind, &whole, false).await;
        assert!(opens(&house, kind, house.https(), RIGHT).await, "{kind:?}: the right one");
    }
    println!("empty_looking_tried_at_doors {tried}\nempty_looking_opened_at_doors {opened}");
    assert_eq!(opened, 0);
    house.stop().await;
}
