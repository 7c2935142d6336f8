//! How much was mailed of late: to one address, and at the wish of one network. Whoever asks for mails to somebody else again and
//! again must not fill a mailbox. In memory alone; how often one account is mailed is kept with its profile.

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
};

use crate::{
    lockout::network,
    mail::MailAddress,
    timestamp::{Seconds, Timestamp},
};

/// So many mails in [`WINDOW`].
pub const MAILS_MAX: usize = 3;
/// See [`MAILS_MAX`].
pub const WINDOW: Seconds = Seconds::minutes(60);
/// Most addresses and networks that are remembered; then the one that was mailed longest ago is forgotten.
const REMEMBERED_MAX: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    Address(Box<str>),
    Network(IpAddr),
}

/// What was mailed in the last hour.
#[derive(Debug, Default)]
pub struct Mailed(BTreeMap<Whom, VecDeque<Timestamp>>);

impl Mailed {
    /// Whether one more may go to this address, at the wish of somebody there.
    pub fn allows(&mut self, to: &MailAddress, asked_from: IpAddr, now: Timestamp) -> bool {
        keys(to, asked_from).iter().all(|key| {
            self.0.get_mut(key).is_none_or(|mails| {
                mails.retain(|at| now < at.after(WINDOW));
                mails.len() < MAILS_MAX
            })
        })
    }

    /// Notes that one goes.
    pub fn note(&mut self, to: &MailAddress, asked_from: IpAddr, now: Timestamp) {
        for key in keys(to, asked_from) {
            if self.0.len() >= REMEMBERED_MAX && !self.0.contains_key(&key) {
                self.0.retain(|_, mails| mails.back().is_some_and(|last| now < last.after(WINDOW)));
                let oldest = self.0.iter().min_by_key(|(_, mails)| mails.back().copied());
                if let Some(oldest) = oldest.map(|(key, _)| key.clone())
                    && self.0.len() >= REMEMBERED_MAX
                {
                    self.0.remove(&oldest);
                }
            }
            self.0.entry(key).or_default().push_back(now);
        }
    }
}

/// Mail servers take no notice of how the domain is written, and few of the rest.
fn keys(to: &MailAddress, asked_from: IpAddr) -> [Whom; 2] {
    [Whom::Address(to.as_str().to_ascii_lowercase().into()), Whom::Network(network(asked_from))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_an_hour_go_to_one_address_and_three_for_one_network() {
        let mut mailed = Mailed::default();
        let at = |last: u8| IpAddr::from([192, 0, 2, last]);
        let to = |name: &str| MailAddress::parse(&format!("{name}@example.com")).unwrap();
        let minute = |n: u64| Timestamp(n * 60_000);
        for n in 0..3 {
            assert!(mailed.allows(&to("ann"), at(1), minute(n.into())));
            mailed.note(&to(if n == 0 { "Ann" } else { "ann" }), at(n), minute(n.into()));
        }
        assert!(!mailed.allows(&to("ANN"), at(9), minute(3)), "in whatever letters");
        assert!(mailed.allows(&to("ben"), at(9), minute(3)));
        assert!(mailed.allows(&to("ann"), at(9), minute(60)), "the first is an hour ago");
        for name in ["a", "b", "c"] {
            mailed.note(&to(name), at(7), minute(100));
        }
        assert!(!mailed.allows(&to("d"), at(7), minute(101)));
        let wide: IpAddr = "2001:db8::1".parse().unwrap();
        for name in ["e", "f", "g"] {
            mailed.note(&to(name), wide, minute(100));
        }
        assert!(!mailed.allows(&to("h"), "2001:db8::ffff".parse().unwrap(), minute(101)), "one network");
    }

    #[test]
    fn so_many_are_remembered_and_no_more() {
        let mut mailed = Mailed::default();
        for n in 0..12_000_u32 {
            let to = MailAddress::parse(&format!("x{n}@example.com")).unwrap();
            mailed.note(&to, IpAddr::from(n.to_be_bytes()), Timestamp(n.into()));
        }
        assert!(mailed.0.len() <= REMEMBERED_MAX);
    }
}
