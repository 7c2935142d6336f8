//! Notifying: what those who watch are told, and when (RFC 6665 section 4.2, RFC 4235, RFC 3842).
//!
//! Changes are noted as they happen and told at the next tick, so that a call that rings and is answered within it is told
//! once. Numbers and names are those of the house: nothing that a phone has said of itself or of others is passed on.

use bytes::Bytes;
use signin::{
    account::Account, extension::Extension, ident::ExtensionId, records::Records as _, timestamp::Timestamp,
};
use wire::sip::{
    HeaderName, RequestWriter, Times,
    events::{
        Package,
        dialog_info::{Dialog, DialogInfoWriter, Identity, State},
        message_summary::{self, Counts},
    },
    relay::{Kind, Relay},
};

use super::{
    SipInterface,
    calls::Call,
    events::{Ending, Notice, Subscription, SubscriptionKey, Watch},
    flows::Outgoing,
    passages::{Branch, PASSAGES_MAX, Passage, branch},
};

/// Calls of one line that are told of at most: no lamp shows more, and a datagram has an end.
const DIALOGS_MAX: usize = 16;

impl SipInterface {
    /// A call has begun, or is otherwise than it was.
    pub(super) fn line_changed(&self, call: &Call) {
        self.events.lines.changed(call);
    }

    /// What happens at a line is known from now on, and what goes on there already.
    pub(super) fn follow(&self, package: Package, line: ExtensionId) {
        if package == Package::Dialog && self.events.lines.watch(line) {
            self.system.calls.each_of(line, |call| self.line_changed(call));
        }
    }

    /// The messages in the mailbox of an extension are others, or heard now: whoever waits for them is told.
    pub fn mailbox_changed(&self, extension: ExtensionId) {
        self.events.mark_watchers(extension, Package::MessageSummary);
    }

    /// How many messages wait in the mailbox of whoever is at the phone of an extension.
    fn mailbox_counts(&self, extension: &Extension) -> Counts {
        let user = signin::desk::occupant(&*self.system.ledger, extension);
        let Some(user) = user else { return Counts { new: 0, old: 0 } };
        let mailbox = self.system.ledger.mailbox(user);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let new = mailbox.new_messages();
        Counts { new: number(new), old: number(mailbox.messages.len().saturating_sub(new)) }
    }

    /// Tells all who watch something that has changed.
    pub(super) fn tell_watchers(&self, now: Timestamp, out: &mut Vec<Outgoing>) {
        for extension in self.events.lines.take_changed() {
            self.events.mark_watchers(extension, Package::Dialog);
        }
        // They are due until there is room.
        if self.passages.len() >= PASSAGES_MAX {
            return;
        }
        for Notice { key, passage } in
            self.events.take_due(now, |key, subscription| self.notice(key, subscription, now))
        {
            let sent = passage.branches.iter();
            out.extend(sent.map(|branch| Outgoing { to: branch.flow, bytes: branch.request.clone() }));
            self.passages.insert(key, passage);
        }
    }

    /// Ends subscriptions whose time is up, or whose ends are not there any more.
    pub(super) fn sweep_watchers(&self) {
        let (ledger, now) = (&self.system.ledger, self.system.clock.now());
        self.events.sweep(now, |&Watch { watcher, watched, flow, .. }| {
            if ledger.extension(watched).is_none() {
                return Some(Ending::NoResource);
            }
            let registration = ledger.registration(watcher);
            let is_there = registration.is_some_and(|registration| {
                let mut live = registration.bindings.iter().filter(|binding| binding.expires_at > now);
                live.any(|binding| binding.source.ip() == flow.peer.ip())
            });
            let is_there = is_there && self.flows.sent_by(&flow).is_some();
            (!is_there).then_some(Ending::Deactivated)
        });
        self.events.lines.retain(|line| self.events.is_watched(line, Package::Dialog));
    }

    /// Writes the next NOTIFY of a subscription; `None` where there is no way to the phone any more.
    fn notice(
        &self,
        key: SubscriptionKey,
        subscription: &mut Subscription,
        now: Timestamp,
    ) -> Option<Notice> {
        let flow = subscription.flow;
        let sent_by = self.flows.sent_by(&flow)?;
        let watched = self.system.ledger.extension(subscription.watched);
        if watched.is_none() {
            subscription.ending = subscription.ending.or(Some(Ending::NoResource));
        }
        subscription.cseq += 1;
        let passage_key = self.passages.own_key(("notify", key, subscription.cseq));
        let mut relay = Relay::new(Kind::Other, true, Times::STANDARD, now.0);
        let number = relay.branch(flow.is_reliable(), now.0)?;
        let mut document = Vec::new();
        if let Some(watched) = &watched {
            self.document(watched, subscription, &mut document);
        }
        let state = match subscription.ending {
            None => format!("active;expires={}", now.seconds_until(subscription.expires_at)),
            Some(ending) => format!("terminated;reason={}", ending.reason()),
        };
        let transport = flow.transport.name();
        let line = watched.as_ref().map_or("", |watched| watched.number.as_str());
        let contact = contact(line, &sent_by, transport);
        let Subscription { package, id, .. } = &*subscription;
        let event = event(*package, id);
        let mut bytes = Vec::with_capacity(1024);
        let mut notify = RequestWriter::start(&mut bytes, b"NOTIFY", &subscription.target);
        notify
            .via(transport.to_uppercase().as_bytes(), sent_by.as_bytes(), &branch(passage_key, number))
            .number(HeaderName::MaxForwards, 70);
        if !subscription.routes.is_empty() {
            notify.header(HeaderName::Route, &subscription.routes);
        }
        notify
            .address(HeaderName::From, &subscription.local_uri, &subscription.local_tag)
            .address(HeaderName::To, &subscription.remote_uri, &subscription.remote_tag)
            .header(HeaderName::CallId, &subscription.call_id)
            .cseq(subscription.cseq, b"NOTIFY")
            .header(HeaderName::Contact, contact.as_bytes())
            .header(HeaderName::Event, &event)
            .header(HeaderName::SubscriptionState, state.as_bytes());
        if document.is_empty() {
            notify.finish();
        } else {
            notify.finish_with(package.content_type().as_bytes(), &document);
        }
        let mut passage = Passage::new(relay, None);
        passage.branches.push(Branch {
            flow,
            phone: subscription.watcher,
            extension: subscription.watcher,
            request: Bytes::from(bytes),
        });
        Some(Notice { key: passage_key, passage })
    }

    /// How things stand with what is watched.
    fn document(&self, watched: &Extension, subscription: &mut Subscription, out: &mut Vec<u8>) {
        match subscription.package {
            Package::Dialog => self.dialogs(watched, subscription, out),
            Package::MessageSummary => {
                let account = uri(watched, &subscription.host);
                message_summary::write(&account, self.mailbox_counts(watched), out);
            }
        }
    }

    fn dialogs(&self, watched: &Extension, subscription: &mut Subscription, out: &mut Vec<u8>) {
        let ledger = &self.system.ledger;
        let entity = uri(watched, &subscription.host);
        let mut document = DialogInfoWriter::start(out, subscription.version, &entity);
        subscription.version = subscription.version.wrapping_add(1);
        let mut calls = self.events.lines.calls(watched.id);
        calls.truncate(DIALOGS_MAX);
        for call in &calls {
            let remote = call.remote.and_then(|remote| ledger.extension(remote));
            let name = remote.as_ref().and_then(|remote| ledger.account(remote.user?));
            let address = remote.as_ref().map(|remote| uri(remote, &subscription.host));
            document.dialog(&Dialog {
                id: call.id,
                direction: Some(call.direction),
                state: call.state,
                local: Some(Identity { name: "", uri: &entity }),
                remote: address
                    .as_deref()
                    .map(|uri| Identity { name: name.as_deref().map_or("", Account::shown_name), uri }),
            });
        }
        // What was told of and is over is said to be, once: some phones wait for that.
        for id in subscription.told.drain(..).filter(|told| !calls.iter().any(|call| call.id == *told)) {
            document.dialog(&Dialog {
                id,
                direction: None,
                state: State::Terminated,
                local: None,
                remote: None,
            });
        }
        document.finish();
        subscription.told.extend(calls.iter().map(|call| call.id));
    }
}

/// The address of an extension, by the name that the subscriber has for this house.
fn uri(extension: &Extension, host: &str) -> String {
    format!("sip:{}@{host}", extension.number.as_str())
}

/// Where we are reached within a subscription.
pub(super) fn contact(line: &str, sent_by: &str, transport: &str) -> String {
    let user = if line.is_empty() { String::new() } else { format!("{line}@") };
    format!("<sip:{user}{sent_by};transport={transport}>")
}

/// An Event header.
fn event(package: Package, id: &[u8]) -> Vec<u8> {
    let mut event = package.name().as_bytes().to_vec();
    if !id.is_empty() {
        event.extend_from_slice(b";id=");
        event.extend_from_slice(id);
    }
    event
}
