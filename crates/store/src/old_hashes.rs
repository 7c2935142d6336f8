//! Phones that answered a challenge with MD5 where it is not allowed, in memory alone: they are asked again, which leaves no
//! row in the audit, and somebody may want to know why they never register.

use std::net::IpAddr;

use hashbrown::HashMap;
use parking_lot::Mutex;
use signin::{
    audit::AuditEvent, diagnosis::OldHash, ident::DomainId, lockout::network, timestamp::Timestamp,
};

use crate::ledger::Ledger;

/// Most that are remembered; the one that tried longest ago goes.
const PHONES_MAX: usize = 1000;
/// Longest number that is remembered; a phone that claims a longer one is none of ours.
const NUMBER_MAX: usize = 32;

type Phones = HashMap<(DomainId, Box<str>, IpAddr), OldHash>;

/// By whom they claim to be, and where.
#[derive(Default)]
pub(crate) struct OldHashes(Mutex<Phones>);

impl OldHashes {
    fn note(&self, domain: DomainId, number: &str, phone: OldHash) {
        let key = (domain, number.into(), network(phone.address));
        let mut phones = self.0.lock();
        if phones.len() >= PHONES_MAX && !phones.contains_key(&key) {
            let oldest = phones.iter().min_by_key(|(_, phone)| phone.at).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| phones.remove(&oldest));
        }
        phones.insert(key, phone);
    }
}

impl Ledger {
    /// Notes a phone that knows MD5 alone, where it is not allowed. Whoever it claims to be has not been proved.
    pub fn note_old_hash(&self, domain: DomainId, number: &str, at: (IpAddr, &str), now: Timestamp) {
        if number.len() <= NUMBER_MAX {
            let (address, agent) = at;
            self.old_hashes.note(
                domain,
                number,
                OldHash { address, agent: AuditEvent::text(agent), at: now },
            );
        }
    }

    /// Those that claimed this number, the last one first.
    pub fn old_hashes(&self, domain: DomainId, number: &str) -> Vec<OldHash> {
        let phones = self.old_hashes.0.lock();
        let of_it = phones.iter().filter(|((of, claimed, _), _)| *of == domain && **claimed == *number);
        let mut found: Vec<OldHash> = of_it.map(|(_, phone)| phone.clone()).collect();
        found.sort_unstable_by_key(|phone| std::cmp::Reverse(phone.at));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_remembered_than_there_is_room_for_and_the_oldest_goes() {
        let phones = OldHashes::default();
        let count = u32::try_from(PHONES_MAX).unwrap() + 5;
        for n in 0..count {
            let phone =
                OldHash { address: IpAddr::from(n.to_be_bytes()), agent: "".into(), at: Timestamp(n.into()) };
            phones.note(DomainId::FIRST, "201", phone);
        }
        let left = phones.0.lock();
        assert_eq!(left.len(), PHONES_MAX);
        assert!(left.values().all(|phone| phone.at >= Timestamp(5)));
    }
}
