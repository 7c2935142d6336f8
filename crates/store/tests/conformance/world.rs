//! A small office to test in: a domain, an administrator, Ann at 201 and Bob at 202.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
};

use signin::{
    account::{Account, Condition, Role, RoleKind},
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    audit::{Action, Actor, AuditEvent, Outcome, Reason},
    challenge::{Challenger, Nonce},
    credential::{About, Credential, CredentialFacts, CredentialKind, Owner, Traits, payload},
    decide::{Finding, Settled, check, decide},
    dice::SeededDice,
    digest::{DigestAlgorithm, DigestKeys, DigestProof, response},
    dossier::Dossier,
    effect::{Effect, NewSession},
    extension::{Domain, Extension},
    ident::{AccountId, DomainId, ExtensionId, GroupId, Number},
    interface::LoginInterface,
    policy::Settings,
    registration::{Binding, Quarantined, Registration, Transport},
    secret::{Secret, SecretBytes},
    session::{Session, SessionId},
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};
use store::{CommitError, Ledger, MasterKeys, OpenError};

use crate::host::{EngineHost, Fault, FaultyEngine};

pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);
pub(crate) const ADMIN: AccountId = AccountId(1);
pub(crate) const ANN: AccountId = AccountId(2);
pub(crate) const BOB: AccountId = AccountId(3);
pub(crate) const X201: ExtensionId = ExtensionId(1);
pub(crate) const X202: ExtensionId = ExtensionId(2);
pub(crate) const REALM: &str = "office.example";
pub(crate) const CODE: &str = "4813";

pub(crate) fn later(seconds: u32) -> Timestamp {
    NOW.after(Seconds(seconds))
}

pub(crate) fn masters() -> MasterKeys {
    MasterKeys::create(&mut SeededDice(11))
}

pub(crate) fn open(host: &dyn EngineHost) -> Arc<Ledger> {
    try_open(host, masters()).unwrap()
}

pub(crate) fn try_open(host: &dyn EngineHost, keys: MasterKeys) -> Result<Arc<Ledger>, OpenError> {
    Ledger::open(host.open()?, keys, [7; 32], dice())
}

pub(crate) fn open_faulty(host: &dyn EngineHost) -> (Arc<Ledger>, Fault) {
    let fault = Fault::default();
    let engine = FaultyEngine { inner: host.open().unwrap(), fault: fault.clone() };
    (Ledger::open(Box::new(engine), masters(), [7; 32], dice()).unwrap(), fault)
}

/// No nonce is ever drawn twice, so each opening has dice of its own.
pub(crate) fn dice() -> Box<SeededDice> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static SEED: AtomicU64 = AtomicU64::new(1);
    Box::new(SeededDice(SEED.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x5851_f42d_4c95_7f2d)))
}

/// Makes the office.
pub(crate) fn furnish(ledger: &Ledger) {
    ledger
        .commit(vec![
            Effect::PutSettings(Box::new(Settings { version: 1, ..Settings::default() })),
            Effect::PutDomain(domain(1, 1, &["office.example"])),
            Effect::PutAccount(service_user(ADMIN, "Administrator")),
            Effect::PutAccount(user(ANN, "ann", Some(X201))),
            Effect::PutExtension(extension(X201, "201", Some(ANN))),
            Effect::PutAccount(user(BOB, "bob", Some(X202))),
            Effect::PutExtension(extension(X202, "202", Some(BOB))),
            Effect::PutCredential(code(ANN, CODE)),
            Effect::Audit(event("ann", None)),
        ])
        .wait()
        .unwrap();
}

pub(crate) fn furnished(host: &dyn EngineHost) -> Arc<Ledger> {
    let ledger = open(host);
    furnish(&ledger);
    ledger
}

pub(crate) fn domain(id: u32, version: u32, hosts: &[&str]) -> Domain {
    Domain {
        id: DomainId(id),
        version,
        hosts: hosts.iter().map(|host| (*host).into()).collect(),
        realm: REALM.into(),
        md5_allowed: true,
        md5_only_agents: Vec::new(),
        portal: signin::portal::PortalRules::default(),
        phones_administer_as_before: false,
    }
}

pub(crate) fn service_user(id: AccountId, name: &str) -> Account {
    Account { role: Role::ServiceUser { groups: [GroupId(1)].into() }, ..user(id, name, None) }
}

pub(crate) fn user(id: AccountId, name: &str, extension: Option<ExtensionId>) -> Account {
    Account {
        id,
        version: 1,
        domain: DomainId::FIRST,
        name: name.into(),
        full_name: format!("{name} Example").into(),
        role: Role::User { extension },
        condition: Condition::Enabled,
        created_at: NOW,
        enabled_at: NOW,
        expires_at: None,
    }
}

pub(crate) fn extension(id: ExtensionId, number: &str, user: Option<AccountId>) -> Extension {
    Extension {
        id,
        version: 1,
        domain: DomainId::FIRST,
        number: Number::parse(number).unwrap(),
        user,
        created_at: NOW,
    }
}

pub(crate) fn facts() -> CredentialFacts {
    CredentialFacts { set_at: NOW, expires_at: None, used_at: None }
}

pub(crate) fn code(account: AccountId, code: &str) -> Credential {
    credential(Owner::Account(account), CredentialKind::LoginCode, code)
}

pub(crate) fn credential(owner: Owner, kind: CredentialKind, secret: &str) -> Credential {
    let secret = Secret::new(secret);
    let traits = Traits::of(kind, &secret, &About::default());
    let payload = payload(kind, &secret, &traits, &mut SeededDice(5));
    Credential { owner, kind, payload, facts: facts() }
}

/// A credential that is quickly made, where nobody will sign in with it.
pub(crate) fn unreadable(owner: Owner, kind: CredentialKind) -> Credential {
    Credential { owner, kind, payload: SecretBytes::new(b"\x01*".to_vec()), facts: facts() }
}

pub(crate) fn session(account: AccountId, number: u8, at: Timestamp) -> Session {
    Session {
        id: SessionId::of(&format!("{account} {number}")),
        account,
        interface: LoginInterface::WebManager,
        address: address(1),
        agent: "browser".into(),
        opened_at: at,
        used_at: at,
    }
}

/// Opens it where fewer than five are open, for an account without a password.
pub(crate) fn open_session(session: Session) -> Effect {
    Effect::OpenSession(NewSession { session, concurrent_max: 5, secret_set_at: None })
}

pub(crate) fn binding(contact: &str, expires_at: Timestamp) -> Binding {
    Binding {
        contact: contact.into(),
        q: 1000,
        instance: Some("<urn:uuid:1>".into()),
        reg_id: 1,
        path: vec!["<sip:proxy.example;lr>".into()].into(),
        call_id: "call".into(),
        cseq: 1,
        agent: "Phone 1.0".into(),
        source: "192.0.2.7:5060".parse().unwrap(),
        transport: Transport::Udp,
        algorithm: DigestAlgorithm::Sha256,
        since: NOW,
        expires_at,
        granted: Seconds(0),
        print: 0,
    }
}

pub(crate) fn registration(extension: ExtensionId, ends: &[Timestamp]) -> Registration {
    let bindings =
        ends.iter().enumerate().map(|(at, end)| binding(&format!("sip:{at}@192.0.2.7"), *end)).collect();
    Registration { extension, bindings }
}

pub(crate) fn quarantined(extension: ExtensionId, contact: &str) -> Quarantined {
    Quarantined {
        extension,
        at: NOW,
        contact: contact.into(),
        source: "192.0.2.7:5060".parse().unwrap(),
        agent: "old".into(),
        by_source: "192.0.2.8:5060".parse().unwrap(),
        by_agent: "new".into(),
    }
}

pub(crate) fn event(subject: &str, reason: Option<Reason>) -> AuditEvent {
    AuditEvent {
        at: NOW,
        action: Action::SignIn,
        outcome: if reason.is_some() { Outcome::Refused } else { Outcome::Accepted },
        reason,
        actor: Actor::Unknown,
        domain: DomainId::FIRST,
        subject: subject.into(),
        interface: LoginInterface::SipRegistration,
        address: Some(address(1)),
        agent: "Phone 1.0".into(),
        changes: Vec::new(),
        times: 1,
    }
}

pub(crate) fn address(last: u8) -> IpAddr {
    IpAddr::from([198, 51, 100, last])
}

/// An address that no other one shares.
pub(crate) fn far_address(number: u32) -> IpAddr {
    let [_, b, c, d] = number.to_be_bytes();
    IpAddr::from([10, b, c, d])
}

/// A phone: what it signs in with.
#[derive(Clone, Copy)]
pub(crate) struct Phone<'a> {
    pub(crate) number: &'a str,
    pub(crate) code: &'a str,
    pub(crate) realm: &'a str,
    pub(crate) address: IpAddr,
    pub(crate) nonce: Nonce,
    pub(crate) count: u32,
}

impl<'a> Phone<'a> {
    pub(crate) fn new(number: &'a str, code: &'a str) -> Self {
        Self { number, code, realm: REALM, address: address(1), nonce: nonce(), count: 1 }
    }

    pub(crate) fn at(self, address: IpAddr) -> Self {
        Self { address, ..self }
    }

    /// Shows the attempt to `look`.
    pub(crate) fn attempt<R>(&self, look: impl FnOnce(&Attempt<'_>) -> R) -> R {
        let keys = DigestKeys::derive(self.number, self.realm, self.code);
        let proof = DigestProof {
            algorithm: DigestAlgorithm::Sha256,
            nonce: self.nonce.as_bytes(),
            nonce_count: self.count.into(),
            cnonce: b"c",
            method: b"REGISTER",
            uri: b"sip:office.example",
            response: b"",
            request_hash: None,
        };
        let answer = response(&keys, &proof);
        let proof = DigestProof { response: answer.as_bytes(), ..proof };
        look(&Attempt {
            interface: LoginInterface::SipRegistration,
            domain: DomainId::FIRST,
            claim: Claim::Extension(self.number),
            proof: Proof::Digest(self.nonce, proof),
            peer: Peer { address: self.address, agent: "Phone 1.0", device: "" },
            purpose: Purpose::Registration,
        })
    }

    pub(crate) fn begin(&self, ledger: &Ledger, now: Timestamp) -> Dossier {
        self.attempt(|attempt| ledger.begin(attempt, now).unwrap())
    }

    /// Signs in, where the disk may refuse.
    pub(crate) fn try_to_sign_in(
        &self,
        ledger: &Ledger,
        now: Timestamp,
    ) -> Result<(Verdict, Finding, Settled), CommitError> {
        self.attempt(|attempt| try_to_sign_in(ledger, attempt, now))
    }

    /// Signs in, all the way.
    pub(crate) fn sign_in(&self, ledger: &Ledger, now: Timestamp) -> (Verdict, Finding, Settled) {
        self.attempt(|attempt| sign_in(ledger, attempt, now))
    }
}

pub(crate) fn sign_in(ledger: &Ledger, attempt: &Attempt<'_>, now: Timestamp) -> (Verdict, Finding, Settled) {
    try_to_sign_in(ledger, attempt, now).unwrap()
}

fn try_to_sign_in(
    ledger: &Ledger,
    attempt: &Attempt<'_>,
    now: Timestamp,
) -> Result<(Verdict, Finding, Settled), CommitError> {
    let dossier = ledger.begin(attempt, now).unwrap();
    let finding = check(&dossier, attempt, now);
    let settled = ledger.settle(&dossier, attempt, finding, now);
    let decision = decide(&dossier, attempt, finding, &settled, now, &mut *dice());
    if decision.must_last {
        ledger.commit(decision.effects).wait()?;
    } else {
        ledger.commit_behind(decision.effects);
    }
    Ok((decision.verdict, finding, settled))
}

pub(crate) fn web<'a>(name: &'a str, password: &'a Secret) -> Attempt<'a> {
    Attempt {
        interface: LoginInterface::WebManager,
        domain: DomainId::FIRST,
        claim: Claim::Account(RoleKind::ServiceUser, name),
        proof: Proof::Plain(password),
        peer: Peer { address: address(2), agent: "browser", device: "" },
        purpose: Purpose::Session(None),
    }
}

/// Each one made after the one before: a line takes none that is older than its latest.
pub(crate) fn nonce() -> Nonce {
    static CHALLENGER: LazyLock<Challenger> =
        LazyLock::new(|| Challenger::new(Seconds(600), &mut SeededDice(5)));
    CHALLENGER.nonce(DomainId::FIRST, address(1), NOW)
}
