//! Ways within a call: to a phone whose connection has ended in the middle of one, or whose call began before a restart.
//!
//! A phone that is reached by a stream opens a new one and registers over it. It proved itself for that, so what belongs to its
//! call goes there from then on. Datagrams need none of this: where a phone is, it stays.

use std::{net::SocketAddr, sync::Arc};

use signin::{ident::ExtensionId, records::Records as _, registration::Binding};

use super::{
    SipInterface,
    calls::{CallKey, Party},
    flows::Flow,
};

/// A way, and how its phone reaches us on it.
type Way = (Flow, Arc<str>);

impl SipInterface {
    /// The way to a phone of a call, which was `known`; `None` where there is none now. Where it is another one, the call goes by
    /// that from now on.
    pub(super) fn way_within(&self, call: CallKey, phone: ExtensionId, known: Flow) -> Option<Way> {
        if let Some(sent_by) = self.flows.sent_by(&known) {
            return Some((known, sent_by));
        }
        let is_meant = |party: &&mut Party| party.phone == phone && party.flow == known;
        self.system.calls.with(call, |call| {
            let parties = std::iter::once(&mut call.caller).chain(&mut call.called);
            let mut meant: Vec<&mut Party> = parties.filter(is_meant).collect();
            let (flow, sent_by) = self.other_way(meant.first()?)?;
            for party in &mut meant {
                party.flow = flow;
            }
            Some((flow, sent_by))
        })?
    }

    /// The way to one end of a call.
    pub(super) fn way_to(&self, party: &Party) -> Option<Way> {
        match self.flows.sent_by(&party.flow) {
            Some(sent_by) => Some((party.flow, sent_by)),
            None => self.other_way(party),
        }
    }

    /// Where the same phone is registered now: the one with the same contact; else the only one at the same address; else the only
    /// one that there is.
    fn other_way(&self, party: &Party) -> Option<Way> {
        let now = self.system.clock.now();
        let registration = self.system.ledger.registration(party.phone)?;
        let live = registration.bindings.iter().filter(|binding| binding.expires_at > now);
        let ways: Vec<(&Binding, Way)> = live
            .filter_map(|binding| {
                let flow = Flow { transport: binding.transport, peer: binding.source };
                self.flows.sent_by(&flow).map(|sent_by| (binding, (flow, sent_by)))
            })
            .collect();
        let bindings: Vec<(&str, SocketAddr)> =
            ways.iter().map(|(binding, _)| (&*binding.contact, binding.source)).collect();
        let chosen = same_phone(&bindings, &party.target, party.flow.peer)?;
        ways.into_iter().nth(chosen).map(|(_, way)| way)
    }
}

fn same_phone(bindings: &[(&str, SocketAddr)], target: &[u8], known: SocketAddr) -> Option<usize> {
    let only = |is_such: &dyn Fn(&(&str, SocketAddr)) -> bool| {
        let mut such = bindings.iter().enumerate().filter(|(_, binding)| is_such(binding));
        such.next().filter(|_| such.next().is_none()).map(|(place, _)| place)
    };
    let target = without_parameters(target);
    only(&|(contact, _)| !target.is_empty() && without_parameters(contact.as_bytes()) == target)
        .or_else(|| only(&|(_, source)| source.ip() == known.ip()))
        .or_else(|| only(&|_| true))
}

/// Phones do not say their Contact with the same parameters each time.
fn without_parameters(uri: &[u8]) -> &[u8] {
    uri.split(|byte| *byte == b';').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_phone_is_the_one_with_its_contact_or_alone_at_its_address_or_alone() {
        let at = |ip: u8, port: u16| SocketAddr::from(([192, 0, 2, ip], port));
        let (desk, sofa) = (("sip:201@a:1;transport=tcp", at(1, 9)), ("sip:201@b:2", at(2, 9)));
        let same = |bindings: &[_], target: &str, known| same_phone(bindings, target.as_bytes(), known);
        assert_eq!(same(&[desk, sofa], "sip:201@b:2;ob", at(1, 9)), Some(1), "its contact says more");
        assert_eq!(same(&[desk, sofa], "sip:201@c:3", at(2, 7)), Some(1));
        assert_eq!(same(&[desk, sofa], "", at(3, 7)), None, "it could be either");
        assert_eq!(same(&[desk, (desk.0, at(1, 8))], "sip:201@a:1", at(1, 7)), None, "it could be either");
        assert_eq!(same(&[sofa], "sip:201@c:3", at(3, 7)), Some(0));
        assert_eq!(same(&[], "sip:201@c:3", at(3, 7)), None);
    }
}
