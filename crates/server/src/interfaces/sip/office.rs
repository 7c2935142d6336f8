//! Offices: what the requests to one organisation have in common, looked up once for as long as nothing changes.

use std::sync::Arc;

use signin::{extension::Domain, policy::RegistrationRules, records::Records as _};
use wire::sip::{Host, Uri};

use super::SipInterface;

/// An organisation as its phones meet it.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) domain: Arc<Domain>,
    pub(super) rules: RegistrationRules,
    /// The name by which the last request meant it, as it was written; of those that named an address nothing.
    host: Box<[u8]>,
    /// How often anything had changed before it was looked up.
    changes: u64,
}

impl Office {
    /// The organisation that a URI means; none before ignition.
    pub(super) fn of(uri: &Uri<'_>, sip: &SipInterface) -> Option<Self> {
        let ledger = &sip.system.ledger;
        let changes = ledger.changes();
        let domain = ledger.domain(sip.domain_of(uri))?;
        let host = name(uri).unwrap_or_default().into();
        Some(Self { domain, rules: ledger.registration_rules(), host, changes })
    }

    /// Whether the URI means it, and it is still as it was.
    pub(super) fn is_meant(&self, uri: &Uri<'_>, sip: &SipInterface) -> bool {
        name(uri) == Some(&*self.host) && self.changes == sip.system.ledger.changes()
    }
}

fn name<'a>(uri: &Uri<'a>) -> Option<&'a [u8]> {
    match uri.host? {
        Host::Name(name) => Some(name),
        Host::Address(_) => None,
    }
}
