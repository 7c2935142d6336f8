//! Somebody at the web manager: signs in, changes something, signs out. By the same operations as the pages; only the
//! browser between is left out.

use std::{net::IpAddr, sync::Arc};

use signin::{
    account::RoleKind,
    admin::{Admin, By, Change, Problem},
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    dice::Dice,
    ident::DomainId,
    interface::LoginInterface,
    records::Records as _,
    secret::Secret,
    session::SessionId,
    verdict::Verdict,
};

use crate::{
    flow::{Done, Refusal},
    system::System,
};

/// Where somebody sits, and with what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Desk {
    /// The address.
    pub(super) address: IpAddr,
    /// What the browser calls itself.
    pub(super) browser: &'static str,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    /// For the operations.
    pub(super) by: By,
    session: SessionId,
}

impl Visitor {
    /// Signs in; `None` = refused, whyever.
    pub(super) async fn sign_in(
        system: &Arc<System>,
        name: &str,
        password: &Secret,
        desk: Desk,
    ) -> Option<Self> {
        let attempt = Attempt {
            interface: LoginInterface::WebManager,
            domain: DomainId::FIRST,
            claim: Claim::Account(RoleKind::ServiceUser, name),
            proof: Proof::Plain(password),
            peer: Peer { address: desk.address, agent: desk.browser, device: "" },
            purpose: Purpose::Session(None),
        };
        let Verdict::Accept(accepted) = system.sign_in(attempt).await else { return None };
        let (session, _) = accepted.session?;
        let account = system.ledger.account(accepted.account?)?;
        let by = By::account(&*system.ledger, &account, session, desk.address, desk.browser);
        Some(Self { by, session })
    }

    /// Signs out; nothing happens where the session has ended.
    pub(super) async fn sign_out(self, system: &Arc<System>) {
        let session = self.session;
        attempt(system, &self.by, move |admin, _| admin.end_session(session)).await;
    }
}

/// Does an operation that may be refused: whoever looks at the demo may have changed what it is about.
pub(super) async fn attempt<T, F>(system: &Arc<System>, by: &By, operation: F) -> Option<Done<T>>
where
    T: Send + 'static,
    F: Fn(&Admin<'_>, &mut dyn Dice) -> Result<Change<T>, Problem> + Send + Sync + 'static,
{
    match system.administer(by, operation).await {
        Ok(done) => Some(done),
        Err(Refusal::Problem(problem)) => {
            tracing::debug!(%problem, "the demo was refused something");
            None
        }
        Err(Refusal::Unavailable) => None,
    }
}
