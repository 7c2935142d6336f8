//! Moves: logging in at a phone and out of it, and being a guest (SPEC S13, S14).

use std::sync::Arc;

use calls::dialogue::{Changed, Judged};
use signin::{
    admin::{By, Problem},
    attempt::Claim,
    credential::CredentialKind,
    desk::{Desk, Whereabouts},
    document::DocumentKind,
    ident::{AccountId, ExtensionId, Number},
    interface::LoginInterface,
    records::Records as _,
    secret::Secret,
};

use super::{Attendant, Outcome, Served, refusal};
use crate::{flow::Refusal, media::station::Owned, system::System};

impl Attendant {
    /// The lamp of this phone is that of whoever is at it.
    fn tell_phone(&self) {
        self.system.lamp_changed(self.caller.phone);
    }

    /// `*35*N*C#`, or `*35*C#` at the own phone.
    pub(super) async fn log_in(self: Arc<Self>, number: Option<Number>, code: &Secret) -> Served {
        let interface = LoginInterface::PhoneLogin;
        let number = number.map_or_else(|| self.phone_number(), |number| number.as_str().into());
        let outcome = match self.judge(interface, Claim::Extension(&number), code).await {
            (Judged::Right, Some(account)) => {
                let phone = self.caller.phone;
                let done = self
                    .system
                    .administer(&self.by(interface), move |admin, _| admin.log_in_at(phone, account))
                    .await;
                self.tell_phone();
                done.map_or_else(not_moved, |_| Outcome::LoggedIn(number))
            }
            (judged, _) => not_judged(judged),
        };
        self.announce(outcome)
    }

    /// `*36`, and the end of a stay.
    pub(super) async fn log_out(self: Arc<Self>) -> Served {
        let phone = self.caller.phone;
        let by = self.by(LoginInterface::PhoneLogin);
        let done = self.system.administer(&by, move |admin, _| admin.log_out_at(phone)).await;
        self.tell_phone();
        self.announce(done.map_or_else(not_moved, |_| Outcome::LoggedOut))
    }

    /// `*38*N*C#`
    pub(super) async fn be_guest(self: Arc<Self>, number: Number, code: &Secret) -> Served {
        let interface = LoginInterface::Hoteling;
        let outcome = match self.judge(interface, Claim::Extension(number.as_str()), code).await {
            (Judged::Right, Some(account)) => {
                let phone = self.caller.phone;
                let done = self
                    .system
                    .administer(&self.by(interface), move |admin, _| admin.be_guest_at(phone, account))
                    .await;
                self.tell_phone();
                done.map_or_else(not_moved, |_| Outcome::LoggedIn(number.as_str().into()))
            }
            (judged, _) => not_judged(judged),
        };
        self.announce(outcome)
    }

    /// `*60*old*new#`, of whoever is at the phone.
    pub(super) async fn change_login_code(self: Arc<Self>, old: Option<Secret>, new: Secret) -> Served {
        let interface = LoginInterface::PhoneLogin;
        let number = self.caller.number.clone();
        let account = match &old {
            Some(old) => match self.judge(interface, Claim::Extension(&number), old).await {
                (Judged::Right, Some(account)) => account,
                (judged, _) => return self.announce(not_judged(judged)),
            },
            // Only where there is none: else everybody at the phone could choose one.
            None => match self.user_without(CredentialKind::LoginCode) {
                Some(account) => account,
                None => return self.announce(Outcome::Invalid),
            },
        };
        let outcome = match self.change_own_code(interface, account, CredentialKind::LoginCode, new).await {
            Owned::Plain(Changed::Done) => Outcome::Done,
            Owned::Plain(_) => Outcome::Unavailable,
            Owned::Refused(rules) => Outcome::Refused(rules),
        };
        self.announce(outcome)
    }

    /// Whoever is at the phone, if they have no such code.
    pub(super) fn user_without(&self, kind: CredentialKind) -> Option<AccountId> {
        let ledger = &*self.system.ledger;
        let account = ledger.extension(self.caller.extension)?.user?;
        let is_set = ledger.credential(signin::credential::Owner::Account(account), kind).is_some();
        (!is_set).then_some(account)
    }

    /// Changes a code of somebody who has proven to be it, by the rules for one's own.
    pub(super) async fn change_own_code(
        &self,
        interface: LoginInterface,
        account: AccountId,
        kind: CredentialKind,
        new: Secret,
    ) -> Owned {
        let Some(account) = self.system.ledger.account(account) else {
            return Owned::Plain(Changed::NoSuchExtension);
        };
        let by = By::at_phone(&account, interface, self.caller.address, &self.caller.agent);
        let done =
            self.system.administer(&by, move |admin, dice| admin.change_own_code(kind, &new, dice)).await;
        done.map_or_else(refusal, |_| Owned::Plain(Changed::Done))
    }

    fn phone_number(&self) -> Box<str> {
        let phone = self.system.ledger.extension(self.caller.phone);
        phone.map_or_else(|| self.caller.number.clone(), |phone| phone.number.as_str().into())
    }
}

fn not_judged(judged: Judged) -> Outcome {
    match judged {
        // Right, and nobody's: there is nobody to be.
        Judged::Right | Judged::RightButOld | Judged::Wrong | Judged::NotConfigured => Outcome::Invalid,
        Judged::Wait(until) => Outcome::Wait(until),
        Judged::Unavailable => Outcome::Unavailable,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what an operation ends with")]
fn not_moved(refused: Refusal) -> Outcome {
    match refused {
        Refusal::Problem(Problem::Never(_) | Problem::NoRight(_)) => Outcome::NotAllowed,
        Refusal::Problem(Problem::NotFound(_) | Problem::Invalid(_)) => Outcome::Invalid,
        Refusal::Problem(Problem::Changed(_)) | Refusal::Unavailable => Outcome::Unavailable,
    }
}

/// Ends the stays whose time is over: of guests, and of those who have not called for too long. Whoever talks is left until
/// they have hung up.
pub async fn end_stays(system: &Arc<System>) {
    let now = system.clock.now();
    let is_over = |phone: ExtensionId| {
        let seat = system.ledger.document(signin::document::DocumentId::Seat(phone))?;
        let seat = seat.seat()?;
        if seat.until.is_some_and(|until| now >= until) {
            return Some(true);
        }
        let extension = system.ledger.extension(phone)?;
        let account = signin::desk::occupant(&*system.ledger, &extension)?;
        let idle = Desk::of(&*system.ledger, account).idle;
        let used_at = system.calls.used_at(phone).unwrap_or(seat.since).max(seat.since);
        Some(idle.0 > 0 && now >= used_at.after(idle))
    };
    let mut phones: Vec<ExtensionId> = Vec::new();
    for document in system.ledger.documents(DocumentKind::Seat) {
        phones.extend(document.seat().map(|seat| seat.extension));
    }
    // Who must log in at the own phone is at it without anybody having moved.
    for document in system.ledger.documents(DocumentKind::Desk) {
        let Some(desk) = document.desk().filter(|desk| desk.is_forced && desk.idle.0 > 0) else { continue };
        if desk.whereabouts == Whereabouts::Home {
            phones.extend(system.ledger.account(desk.account).and_then(|account| account.extension()));
        }
    }
    if phones.is_empty() {
        return;
    }
    phones.sort_unstable();
    phones.dedup();
    let talking: std::collections::BTreeSet<ExtensionId> =
        system.calls.going_on().iter().flat_map(crate::interfaces::sip::Call::phones).collect();
    for phone in phones.into_iter().filter(|phone| !talking.contains(phone)) {
        if is_over(phone) != Some(true) {
            continue;
        }
        let done = system.administer(&By::system(), move |admin, _| admin.log_out_at(phone)).await;
        if let Err(error) = done {
            tracing::warn!(?error, "a stay at a phone could not be ended");
        }
    }
}
