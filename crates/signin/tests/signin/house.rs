//! A house of the scenarios: the model of the store, a clock and dice.

use std::{
    cell::{Cell, RefCell},
    net::IpAddr,
    sync::{Arc, Mutex},
};

use signin::{
    account::{Account, RoleKind},
    admin::{Admin, By, Change, Ignition, NewUser, Problem, SecretChoice},
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    audit::AuditEvent,
    challenge::Challenger,
    credential::CredentialKind,
    decide::{Decision, check, decide},
    dice::SeededDice,
    digest::{DigestAlgorithm, DigestKeys, DigestProof, response},
    ident::{DomainId, FoldedName},
    interface::LoginInterface,
    policy::Settings,
    records::Records,
    secret::Secret,
    session::SessionId,
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};

use crate::model::Model;

pub(crate) const ADMIN_PASSWORD: &str = "correct horse battery";
pub(crate) const PARTNER_PASSWORD: &str = "another horse entirely";
pub(crate) const CODE: &str = "48159";

/// An office with Administrator, BusinessPartner, and Ann at 201.
pub(crate) struct House {
    pub(crate) model: RefCell<Model>,
    pub(crate) now: Cell<Timestamp>,
    pub(crate) dice: RefCell<SeededDice>,
    challenger: Challenger,
    /// What browsers show to be known by.
    pub(crate) device: RefCell<String>,
}

impl House {
    pub(crate) fn empty() -> Self {
        Self {
            model: RefCell::default(),
            now: Cell::new(Timestamp(1_800_000_000_000)),
            dice: RefCell::new(SeededDice(1)),
            challenger: Challenger::new(Seconds(600), &mut SeededDice(2)),
            device: RefCell::default(),
        }
    }

    /// Hashing its passwords costs more than most of what is tried in it: they are hashed for all.
    pub(crate) fn ignited() -> Self {
        static IGNITED: Mutex<Option<(Model, SeededDice)>> = Mutex::new(None);
        let house = Self::empty();
        let mut ignited = IGNITED.lock().unwrap();
        if let Some((model, dice)) = &*ignited {
            house.model.replace(model.clone());
            house.dice.replace(dice.clone());
        } else {
            house.administer(|admin, dice| admin.ignite(&ignition(), dice)).unwrap();
            *ignited = Some((house.model.borrow().clone(), house.dice.borrow().clone()));
        }
        drop(ignited);
        house
    }

    pub(crate) fn with_ann() -> Self {
        let house = Self::ignited();
        house.administer(|admin, dice| admin.create_user(DomainId::FIRST, &ann(), dice)).unwrap();
        house
    }

    pub(crate) fn wait(&self, time: Seconds) {
        self.now.set(self.now.get().after(time));
    }

    pub(crate) fn administer<T>(
        &self,
        operation: impl FnOnce(&Admin<'_>, &mut SeededDice) -> Result<Change<T>, Problem>,
    ) -> Result<(T, Vec<(CredentialKind, Secret)>), Problem> {
        self.administer_as(&By::console(), operation)
    }

    pub(crate) fn administer_as<T>(
        &self,
        by: &By,
        operation: impl FnOnce(&Admin<'_>, &mut SeededDice) -> Result<Change<T>, Problem>,
    ) -> Result<(T, Vec<(CredentialKind, Secret)>), Problem> {
        let change = {
            let model = self.model.borrow();
            let admin = Admin::new(&*model, by, self.now.get());
            operation(&admin, &mut self.dice.borrow_mut())?
        };
        self.model.borrow_mut().apply(change.effects);
        Ok((change.value, change.generated))
    }

    pub(crate) fn settings(&self, edit: impl FnOnce(&mut Settings)) {
        let mut settings = (*self.model.borrow().settings).clone();
        edit(&mut settings);
        self.administer(|admin, _| admin.save_settings(&settings)).unwrap();
    }

    pub(crate) fn attempt(&self, attempt: &Attempt<'_>) -> Decision {
        let now = self.now.get();
        let dossier = self.model.borrow_mut().begin(attempt, now);
        let finding = check(&dossier, attempt, now);
        let settled = self.model.borrow_mut().settle(&dossier, attempt, finding, now);
        let decision = decide(&dossier, attempt, finding, &settled, now, &mut *self.dice.borrow_mut());
        self.model.borrow_mut().apply(decision.effects.clone());
        decision
    }

    pub(crate) fn web(&self, name: &str, password: &str) -> Verdict {
        self.web_from("192.0.2.1", name, password)
    }

    pub(crate) fn web_from(&self, address: &str, name: &str, password: &str) -> Verdict {
        self.web_for(Purpose::Session(None), address, name, password)
    }

    pub(crate) fn web_for(&self, purpose: Purpose, address: &str, name: &str, password: &str) -> Verdict {
        let secret = Secret::new(password);
        let attempt = Attempt {
            interface: LoginInterface::WebManager,
            domain: DomainId::FIRST,
            claim: Claim::Account(RoleKind::ServiceUser, name),
            proof: Proof::Plain(&secret),
            peer: Peer { address: address.parse().unwrap(), agent: "browser", device: &self.device.borrow() },
            purpose,
        };
        self.attempt(&attempt).verdict
    }

    pub(crate) fn phone(&self, number: &str, code: &str) -> Verdict {
        self.phone_from("192.0.2.9", number, code)
    }

    pub(crate) fn phone_from(&self, address: &str, number: &str, code: &str) -> Verdict {
        self.phone_with(address.parse().unwrap(), number, code, DigestAlgorithm::Sha256).verdict
    }

    pub(crate) fn phone_with(
        &self,
        address: IpAddr,
        number: &str,
        code: &str,
        algorithm: DigestAlgorithm,
    ) -> Decision {
        self.with_phone(address, number, code, algorithm, |attempt| self.attempt(attempt))
    }

    /// What `use_it` makes of a phone's request; called twice, it is the same request twice.
    pub(crate) fn with_phone<R>(
        &self,
        address: IpAddr,
        number: &str,
        code: &str,
        algorithm: DigestAlgorithm,
        use_it: impl FnOnce(&Attempt<'_>) -> R,
    ) -> R {
        let nonce = self.challenger.nonce(DomainId::FIRST, address, self.now.get());
        let proof = DigestProof {
            algorithm,
            nonce: nonce.as_bytes(),
            nonce_count: 1.into(),
            cnonce: b"c",
            method: b"REGISTER",
            uri: b"sip:office",
            response: b"",
            request_hash: None,
        };
        let answer = response(&DigestKeys::derive(number, "office", code), &proof);
        let proof = DigestProof { response: answer.as_bytes(), ..proof };
        use_it(&Attempt {
            interface: LoginInterface::SipRegistration,
            domain: DomainId::FIRST,
            claim: Claim::Extension(number),
            proof: Proof::Digest(nonce, proof),
            peer: Peer { address, agent: "phone", device: "" },
            purpose: Purpose::Registration,
        })
    }

    /// The last row of the audit, in one line.
    pub(crate) fn last(&self) -> String {
        self.model.borrow().audit.last().map(line).unwrap_or_default()
    }

    pub(crate) fn account_named(&self, kind: RoleKind, name: &str) -> Arc<Account> {
        self.model.borrow().account_named(kind, DomainId::FIRST, &FoldedName::of(name)).unwrap()
    }

    pub(crate) fn ann(&self) -> Arc<Account> {
        self.account_named(RoleKind::User, "Ann")
    }

    /// Somebody signed in at the web manager as this service user.
    pub(crate) fn by(&self, name: &str) -> By {
        let account = self.account_named(RoleKind::ServiceUser, name);
        let (id, _) = SessionId::issue(&mut *self.dice.borrow_mut());
        let model = self.model.borrow();
        By::account(&*model, &account, id, "192.0.2.1".parse().unwrap(), "browser")
    }
}

pub(crate) fn ignition() -> Ignition {
    Ignition {
        system_name: "Office".into(),
        administrator: Secret::new(ADMIN_PASSWORD),
        business_partner: Some(Secret::new(PARTNER_PASSWORD)),
        lan1: vec!["192.168.0.0/16".parse().unwrap()],
        lan2: Vec::new(),
        realm: String::new(),
        hosts: Vec::new(),
    }
}

pub(crate) fn ann() -> NewUser {
    NewUser {
        name: "Ann".into(),
        full_name: "Ann Smith".into(),
        number: "201".into(),
        login_code: SecretChoice::Set(Secret::new(CODE)),
        ..NewUser::default()
    }
}

/// A verdict in one word, as the scenarios write it.
pub(crate) fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accept(_) => "accept",
        Verdict::Challenge => "challenge",
        Verdict::Reject => "reject",
        Verdict::Wait { until: Some(_) } => "wait",
        Verdict::Wait { until: None } => "wait for an administrator",
        Verdict::TooManySessions => "too many sessions",
        Verdict::NewSecretFirst => "new secret first",
        Verdict::Unavailable => "unavailable",
    }
}

/// An audit row in one line.
pub(crate) fn line(event: &AuditEvent) -> String {
    let reason = event.reason.map_or(String::new(), |reason| format!(" ({})", reason.title()));
    let changes: Vec<_> = event
        .changes
        .iter()
        .map(|change| format!(" {}: {:?} → {:?}", change.field, change.before, change.after))
        .collect();
    format!("{} {:?} {}{}{}", event.action.title(), event.outcome, event.subject, reason, changes.concat())
}
