//! The proxy: calls and messages between phones (RFC 3261 section 16, RFC 5658, RFC 6026).
//!
//! Who begins something proves to be a phone as it does to register, and must be registered from where it is. Within a call,
//! requests are passed between its two ways alone; from anywhere else they are asked for a proof again. Media go directly
//! from phone to phone: bodies are never looked into.

use std::borrow::Cow;

use bytes::Bytes;
use signin::{
    account::Account,
    desk,
    extension::Extension,
    ident::{DomainId, ExtensionId, Number},
    records::Records as _,
    registration::Binding,
    timestamp::Seconds,
};
use wire::sip::{
    Essentials, HeaderName, Hop, Host, Method, Onward, Request, Response, Times,
    relay::{Act, BRANCHES_MAX, Kind, Relay},
    write_identity,
};

use super::{
    Desk, Written,
    calls::{CALLS_MAX, Call, CallKey, Dialog, Party},
    flows::{Flow, Outgoing},
    office::Office,
    passages::{Branch, PASSAGES_MAX, Passage, PassageKey, branch, read_branch},
    proof::PROXY,
};
use crate::attendant;

/// How long phones ring where there is a mailbox behind them.
pub(super) const RINGS: Seconds = Seconds(20);

/// Who begins something: proven, and registered from here.
pub(super) struct Sender<'a> {
    /// The phone's own extension.
    pub(super) phone: ExtensionId,
    /// That of whoever is at it; the phone's where nobody is.
    pub(super) extension: ExtensionId,
    /// The number of that.
    pub(super) number: Cow<'a, str>,
    /// What they are called.
    name: Box<str>,
    /// Nobody is at the phone, though somebody could be.
    is_vacant: bool,
    host: Option<Host<'a>>,
}

/// A phone that is asked.
struct Target {
    phone: ExtensionId,
    extension: ExtensionId,
    flow: Flow,
    contact: Box<str>,
    path: Box<[Box<str>]>,
}

/// Where a request within a call goes.
struct Passed {
    call: CallKey,
    domain: DomainId,
    to: Flow,
    phone: ExtensionId,
    extension: ExtensionId,
    /// Who has to prove to be there, where the request came by another way than the call's.
    stranger: Option<ExtensionId>,
    /// It ends at a station of ours.
    is_ours: bool,
}

impl Desk<'_> {
    /// A request that begins something with another phone.
    pub(super) fn begin(
        &mut self,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        out: &mut Vec<u8>,
    ) -> Written {
        let Some(key) = self.sip.passages.key(request) else { return Written::Nothing };
        if self.is_repeated(key) {
            return Written::Nothing;
        }
        if let Some(written) = self.cannot_go_on(request, essentials, out) {
            return written;
        }
        let Some(office) = self.take_office(&essentials.uri) else {
            self.unavailable(request, out);
            return Written::ToAnybody;
        };
        let written = self.begin_at(&office, request, essentials, key, out);
        self.scratch.office = Some(office);
        written
    }

    fn begin_at(
        &mut self,
        office: &Office,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        key: PassageKey,
        out: &mut Vec<u8>,
    ) -> Written {
        let caller = match self.prove_caller(office, request, essentials, out) {
            Ok(caller) => caller,
            Err(written) => return written,
        };
        let Some(sender) = self.sender(caller.extension, &caller.number, caller.uri.host) else {
            self.unavailable(request, out);
            return Written::ToProven;
        };
        match self.route(office, request, essentials, &sender, key) {
            Ok(()) => Written::Nothing,
            Err((status, reason)) => {
                self.start(out, request, status, reason).finish();
                Written::ToProven
            }
        }
    }

    /// Sends the request to every phone of whoever is meant.
    fn route(
        &mut self,
        office: &Office,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        sender: &Sender<'_>,
        key: PassageKey,
    ) -> Result<(), (u16, &'static str)> {
        let sip = self.sip;
        let ledger = &sip.system.ledger;
        let here = self.flow_back(request);
        if !self.is_registered_here(sender.phone) {
            return Err((403, "Register First"));
        }
        if sip.passages.len() >= PASSAGES_MAX || sip.system.calls.len() >= CALLS_MAX {
            return Err((503, "Service Unavailable"));
        }
        let is_call = request.method == Method::Invite;
        let number = super::proof::text(essentials.uri.user_decoded().unwrap_or_default());
        if is_call && let Some(dialled) = attendant::short_code(&sip.system, office.domain.id, &number) {
            return self.serve(office, request, essentials, sender, (key, dialled));
        }
        if sender.is_vacant {
            return Err((403, "Log In First"));
        }
        let called = Number::parse(&number)
            .and_then(|number| ledger.extension_numbered(office.domain.id, &number))
            .ok_or((404, "Not Found"))?;
        let has_mailbox = is_call && attendant::has_mailbox(&sip.system, &called);
        let targets = self.targets(&called, here);
        if targets.is_empty() {
            if has_mailbox {
                return self.to_mailbox(office, request, essentials, sender, (key, &called));
            }
            return Err((480, "Temporarily Unavailable"));
        }
        let kind = if is_call { Kind::Invite } else { Kind::Other };
        let mut passage =
            Passage::new(Relay::new(kind, here.is_reliable(), Times::STANDARD, self.now.0), Some(here));
        passage.tag = self.tag(request);
        // Who calls, in our own word (RFC 3325): the name that the office knows, not the one that the phone says.
        let mut asserted = Vec::with_capacity(64);
        write_identity(sender.name.as_bytes(), sender.number.as_bytes(), sender.host, &mut asserted);
        let sent_before = self.outbox.len();
        for target in &targets {
            self.ask_phone(request, office, target, (key, &asserted), &mut passage);
        }
        if passage.branches.is_empty() {
            if has_mailbox {
                return self.to_mailbox(office, request, essentials, sender, (key, &called));
            }
            return Err((480, "Temporarily Unavailable"));
        }
        if is_call {
            let dialled = (key, called.number.as_str(), Some(called.id));
            let call = self.begin_call(office, request, essentials, sender, dialled);
            passage.call = Some(call.inspect_err(|_| self.outbox.truncate(sent_before))?);
            passage.begins = true;
            if has_mailbox {
                passage.otherwise = Some(request.fields.bytes().to_vec().into());
                passage.relay.ring_until(self.now.after(RINGS).0);
            }
        }
        sip.passages.insert(key, passage);
        Ok(())
    }

    /// A call begins.
    pub(super) fn begin_call(
        &self,
        office: &Office,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        sender: &Sender<'_>,
        (key, dialled, line): (PassageKey, &str, Option<ExtensionId>),
    ) -> Result<CallKey, (u16, &'static str)> {
        let calls = &self.sip.system.calls;
        let fields = &request.fields;
        let call_id = fields.call_id().map_err(|_| (400, "Bad Request"))?;
        let tag = fields.tag_of_from().unwrap_or_default();
        let call = calls.key(call_id, tag);
        let caller = Party {
            phone: sender.phone,
            extension: sender.extension,
            number: (*sender.number).into(),
            tag: tag.into(),
            flow: self.flow_back(request),
            target: request.target().unwrap_or_default().into(),
            cseq: essentials.cseq.number,
            has_answered: true,
            has_ended: false,
            is_ours: false,
        };
        let number = calls.next_number();
        let begun = Call::begun(number, office.domain.id, (call_id, key), caller, (dialled, line), self.now);
        // Section 8.2.2.2: one call is begun once; and nobody takes over another's.
        if !calls.begin(call, begun) {
            return Err((482, "Merged Request"));
        }
        calls.note_use(sender.phone, self.now);
        calls.with(call, |call| self.sip.line_changed(call));
        Ok(call)
    }

    /// Sends the request to one phone, if there is a way to it.
    fn ask_phone(
        &mut self,
        request: &Request<'_>,
        office: &Office,
        target: &Target,
        (key, asserted): (PassageKey, &[u8]),
        passage: &mut Passage,
    ) {
        let here = passage.from.unwrap_or(target.flow);
        let flows = &self.sip.flows;
        let (Some(out_by), Some(in_by)) = (flows.sent_by(&target.flow), flows.sent_by(&here)) else { return };
        let Some(number) = passage.relay.branch(target.flow.is_reliable(), self.now.0) else { return };
        let path = target.path.join(", ");
        let onward = Onward {
            uri: target.contact.as_bytes(),
            peer: self.peer,
            out: Hop { transport: target.flow.transport.name(), sent_by: &out_by },
            record: (request.method == Method::Invite)
                .then(|| Hop { transport: here.transport.name(), sent_by: &in_by }),
            branch: &branch(key, number),
            path: path.as_bytes(),
            realm: office.domain.realm.as_bytes(),
            asserted,
        };
        let mut bytes = Vec::with_capacity(self.length + 512);
        onward.write(request, &mut bytes);
        let bytes = Bytes::from(bytes);
        self.outbox.push(Outgoing { to: target.flow, bytes: bytes.clone() });
        let Target { phone, extension, flow, .. } = *target;
        passage.branches.push(Branch { flow, phone, extension, request: bytes });
    }

    /// A request within a call (section 16.4): to the other end of it, and nowhere else.
    pub(super) fn within(
        &mut self,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        out: &mut Vec<u8>,
    ) -> Written {
        let Some(key) = self.sip.passages.key(request) else { return Written::Nothing };
        let is_ack = request.method == Method::Ack;
        if !is_ack && self.is_repeated(key) {
            return Written::Nothing;
        }
        if is_ack && self.is_refusal_acknowledged(key) {
            return Written::Nothing;
        }
        if let Some(written) = self.cannot_go_on(request, essentials, out) {
            return if is_ack { Written::Nothing } else { written };
        }
        let Some(passed) = self.passed(request, essentials) else {
            return self.no_such_call(request, out);
        };
        if let Some(phone) = passed.stranger {
            // An ACK cannot be asked for a proof, and changes nothing: it goes by the call's own ways alone.
            if is_ack {
                return Written::Nothing;
            }
            if let Err(written) = self.prove_moved(request, essentials, phone, out) {
                return written;
            }
        }
        if passed.is_ours {
            return self.at_station(request, passed.call, out);
        }
        self.pass(request, key, &passed);
        Written::Nothing
    }

    fn pass(&mut self, request: &Request<'_>, key: PassageKey, passed: &Passed) {
        let sip = self.sip;
        let here = self.flow_back(request);
        let Some((to, sent_by)) = sip.way_within(passed.call, passed.phone, passed.to) else { return };
        let domain = sip.system.ledger.domain(passed.domain);
        // A passage of one branch has its first number.
        let onward = Onward {
            uri: request.uri_raw,
            peer: self.peer,
            out: Hop { transport: to.transport.name(), sent_by: &sent_by },
            record: None,
            branch: &branch(key, 0),
            path: b"",
            // An ACK repeats the proof of its INVITE (section 22.1): whoever is called could try secrets with it.
            realm: domain.as_ref().map_or(b"", |domain| domain.realm.as_bytes()),
            asserted: b"",
        };
        let mut bytes = Vec::with_capacity(self.length + 256);
        onward.write(request, &mut bytes);
        let bytes = Bytes::from(bytes);
        self.outbox.push(Outgoing { to, bytes: bytes.clone() });
        // An ACK is no transaction: nobody answers it.
        if request.method == Method::Ack {
            return;
        }
        let kind = if request.method == Method::Invite { Kind::Invite } else { Kind::Other };
        let mut relay = Relay::new(kind, here.is_reliable(), Times::STANDARD, self.now.0);
        relay.branch(to.is_reliable(), self.now.0);
        let mut passage = Passage::new(relay, Some(here));
        passage.call = Some(passed.call);
        passage.tag = self.tag(request);
        let Passed { phone, extension, .. } = *passed;
        passage.branches.push(Branch { flow: to, phone, extension, request: bytes });
        sip.passages.insert(key, passage);
    }

    /// Where a request within a call goes, and what it tells of the call; `None` where there is no such call.
    fn passed(&self, request: &Request<'_>, essentials: &Essentials<'_>) -> Option<Passed> {
        let fields = &request.fields;
        let (call_id, to_tag) = (fields.call_id().ok()?, fields.tag_of_to()?);
        let from_tag = fields.tag_of_from().unwrap_or_default();
        let here = self.flow_back(request);
        let (peer, transport, now) = (self.peer, self.transport, self.now);
        let pass = |mut dialog: Dialog<'_>| {
            dialog.touch(now);
            let receiver = dialog.receiver()?;
            let (to, is_ours) = (receiver.flow, receiver.is_ours);
            let (phone, extension) = (receiver.phone, receiver.extension);
            let (call, domain) = (dialog.key, dialog.call.domain);
            let sender = dialog.sender()?;
            let is_here = sender.flow.transport == transport
                && (sender.flow.peer == peer || sender.flow.peer == here.peer);
            let stranger = (!is_here).then_some(sender.phone);
            if is_here {
                sender.cseq = sender.cseq.max(essentials.cseq.number);
                if let Some(target) = request.target().filter(|target| **target != *sender.target) {
                    sender.target = target.into();
                }
            }
            if is_here && !dialog.call.is_certain {
                dialog.call.is_certain = true;
                self.sip.line_changed(dialog.call);
            }
            if is_here && request.method == Method::Bye {
                if dialog.end(now) {
                    self.sip.over(dialog.call);
                } else {
                    self.sip.line_changed(dialog.call);
                }
            }
            Some(Passed { call, domain, to, phone, extension, stranger, is_ours })
        };
        self.sip.system.calls.dialog(call_id, from_tag, to_tag, pass).flatten()
    }

    /// A phone of a call that speaks from elsewhere (a new address, a new connection) proves to be the same.
    fn prove_moved(
        &mut self,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        phone: ExtensionId,
        out: &mut Vec<u8>,
    ) -> Result<(), Written> {
        let from = match &request.fields.from() {
            Ok(from) => from.uri,
            Err(wrong) => return Err(self.malformed(request, wrong, out)),
        };
        let Some(office) = self.take_office(&from) else {
            self.unavailable(request, out);
            return Err(Written::ToAnybody);
        };
        let proven = self.prove(&office, request, essentials, (&PROXY, &from), out).and_then(|shown| {
            if shown.extension() == Some(phone) {
                return Ok(());
            }
            let written = self.refuse_proof(request, &office.domain, &PROXY, &shown.judged.verdict, out);
            Err(self.conclude(request, shown.judged, written))
        });
        self.scratch.office = Some(office);
        proven?;
        let here = self.flow_back(request);
        let fields = &request.fields;
        if let (Ok(call_id), Some(to_tag)) = (fields.call_id(), fields.tag_of_to()) {
            let from_tag = fields.tag_of_from().unwrap_or_default();
            self.sip.system.calls.dialog(call_id, from_tag, to_tag, |mut dialog| {
                if let Some(sender) = dialog.sender() {
                    sender.flow = here;
                }
            });
        }
        // Seen again as the call's own now.
        self.passed(request, essentials);
        Ok(())
    }

    /// CANCEL (section 9.2, 16.10).
    pub(super) fn cancel(&mut self, request: &Request<'_>, out: &mut Vec<u8>) -> Written {
        let sip = self.sip;
        let (peer, now) = (self.peer.ip(), self.now);
        let (acts, outbox) = (&mut *self.acts, &mut *self.outbox);
        acts.clear();
        let cancelled = sip.passages.key_of_invite(request).and_then(|key| {
            sip.passages.with(key, |passage| {
                if passage.from.is_none_or(|from| from.peer.ip() != peer) {
                    return None;
                }
                let otherwise = passage.otherwise.take();
                passage.relay.cancel(now.0, acts);
                passage.perform(acts, None, outbox);
                // No phone is there that would say so.
                otherwise.filter(|_| passage.branches.is_empty()).map(|request| (key, request))
            })
        });
        match cancelled {
            Some(alone) => {
                self.start(out, request, 200, "OK").finish();
                if let Some((key, request)) = alone {
                    sip.refuse_passage(key, &request, (487, "Request Terminated"), self.outbox);
                }
            }
            None => {
                self.start(out, request, 481, "Call/Transaction Does Not Exist").finish();
            }
        }
        Written::ToAnybody
    }

    /// A response of a phone, to a request that we passed on (section 16.7).
    pub(super) fn response(&mut self, response: &Response<'_>) {
        let fields = &response.fields;
        let Ok(cseq) = fields.cseq() else { return };
        let Some((key, number)) = fields.branch().and_then(read_branch) else { return };
        let (sip, peer, now) = (self.sip, self.peer.ip(), self.now);
        let (acts, outbox) = (&mut *self.acts, &mut *self.outbox);
        acts.clear();
        let come_of_it = sip.passages.with(key, |passage| {
            let branch = passage.branches.get(number)?;
            // Only who was asked answers.
            if branch.flow.peer.ip() != peer {
                return None;
            }
            if cseq.method == Method::Cancel {
                passage.relay.cancel_answered(number);
                return None;
            }
            let (flow, of) = (branch.flow, (branch.phone, branch.extension));
            passage.relay.response(number, response.status, now.0, acts);
            if passage.from.is_none() {
                sip.events.answered(key, response.status);
            }
            if let Some(call) = passage.call.filter(|_| passage.begins)
                && acts.contains(&Act::Back)
            {
                heard(sip, call, response, (flow, of), now);
            }
            passage.perform(acts, Some(response), outbox)
        });
        if let Some(outcome) = come_of_it.flatten() {
            sip.unanswered(key, outcome, now, self.outbox);
        }
    }

    /// A request that is on its way already is not begun again: what was said is said again.
    pub(super) fn is_repeated(&mut self, key: PassageKey) -> bool {
        let (acts, outbox) = (&mut *self.acts, &mut *self.outbox);
        acts.clear();
        let seen = self.sip.passages.with(key, |passage| {
            passage.relay.again(acts);
            passage.perform(acts, None, outbox);
        });
        seen.is_some()
    }

    /// The ACK of a refusal ends at this hop (section 17.2.1).
    fn is_refusal_acknowledged(&self, key: PassageKey) -> bool {
        let now = self.now.0;
        self.sip.passages.with(key, |passage| passage.relay.acknowledged(now)) == Some(true)
    }

    /// Section 16.3, steps 3 to 5.
    pub(super) fn cannot_go_on(
        &self,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Written> {
        if essentials.max_forwards == Some(0) {
            self.start(out, request, 483, "Too Many Hops").finish();
            return Some(Written::ToAnybody);
        }
        // A request of ours that comes back would be forked again and again.
        let is_ours = |branch: Option<&[u8]>| branch.and_then(read_branch).is_some();
        let fields = &request.fields;
        if is_ours(fields.branch())
            || !fields.is_direct() && fields.vias().flatten().any(|via| is_ours(via.branch))
        {
            self.start(out, request, 482, "Loop Detected").finish();
            return Some(Written::ToAnybody);
        }
        let required = request.fields.tokens(HeaderName::ProxyRequire);
        let unknown: Vec<&[u8]> = required.collect();
        if !unknown.is_empty() && request.method != Method::Ack {
            let mut answer = self.start(out, request, 420, "Bad Extension");
            answer.list(HeaderName::Unsupported, unknown);
            answer.finish();
            return Some(Written::ToAnybody);
        }
        None
    }

    pub(super) fn no_such_call(&self, request: &Request<'_>, out: &mut Vec<u8>) -> Written {
        if request.method == Method::Ack {
            return Written::Nothing;
        }
        self.start(out, request, 481, "Call/Transaction Does Not Exist").finish();
        Written::ToAnybody
    }

    /// Whether a phone of the extension is registered from where this request comes.
    pub(super) fn is_registered_here(&self, extension: ExtensionId) -> bool {
        let registration = self.sip.system.ledger.registration(extension);
        registration.is_some_and(|registration| {
            let mut live = registration.bindings.iter().filter(|binding| binding.expires_at > self.now);
            live.any(|binding| binding.source.ip() == self.peer.ip())
        })
    }

    /// The phones at which whoever is called is now, but for the one that calls.
    fn targets(&self, called: &Extension, here: Flow) -> Vec<Target> {
        let ledger = &*self.sip.system.ledger;
        let phone = match called.user.and_then(|user| ledger.account(user)) {
            Some(user) => desk::phone_of(ledger, &user),
            None => Some(called.id),
        };
        let Some(registration) = phone.and_then(|phone| ledger.registration(phone)) else {
            return Vec::new();
        };
        let target = |binding: &Binding| {
            let flow = Flow { transport: binding.transport, peer: binding.source };
            (binding.expires_at > self.now && flow != here).then(|| Target {
                phone: registration.extension,
                extension: called.id,
                flow,
                contact: binding.contact.clone(),
                path: binding.path.clone(),
            })
        };
        registration.bindings.iter().filter_map(target).take(BRANCHES_MAX).collect()
    }

    /// Who is at a phone; `None` where it is no longer there.
    fn sender<'a>(&self, phone: ExtensionId, number: &'a str, host: Option<Host<'a>>) -> Option<Sender<'a>> {
        let ledger = &*self.sip.system.ledger;
        let own = ledger.extension(phone)?;
        let user = desk::occupant(ledger, &own).and_then(|user| ledger.account(user));
        let home = user.as_ref().and_then(|user| user.extension()).filter(|home| *home != phone);
        let elsewhere = home.and_then(|home| ledger.extension(home));
        Some(Sender {
            phone,
            extension: elsewhere.as_ref().map_or(phone, |extension| extension.id),
            number: match &elsewhere {
                Some(extension) => Cow::Owned(extension.number.as_str().to_owned()),
                None => Cow::Borrowed(number),
            },
            is_vacant: user.is_none() && own.user.is_some(),
            name: user.as_deref().map_or("", Account::shown_name).into(),
            host,
        })
    }

    /// The way by which answers to this request go.
    pub(super) fn flow_back(&self, request: &Request<'_>) -> Flow {
        let transport = self.transport;
        let flow = Flow { transport, peer: self.peer };
        if flow.is_reliable() { flow } else { Flow { transport, peer: request.answer_to(self.peer) } }
    }
}

/// A phone that is called has said something.
fn heard(
    sip: &super::SipInterface,
    call: CallKey,
    response: &Response<'_>,
    (flow, (phone, extension)): (Flow, (ExtensionId, ExtensionId)),
    now: signin::timestamp::Timestamp,
) {
    let Some(tag) = response.fields.tag_of_to() else { return };
    let has_answered = (200..300).contains(&response.status);
    sip.system.calls.with(call, |call| {
        if call.called.iter().any(|party| *party.tag == *tag && party.has_answered == has_answered) {
            return;
        }
        let target = response.target().unwrap_or_default();
        if !call.heard_again(tag, flow, target, has_answered, now) {
            let number = sip.system.ledger.extension(extension);
            let party = Party {
                phone,
                extension,
                number: number.map(|extension| extension.number.as_str().into()).unwrap_or_default(),
                tag: tag.into(),
                flow,
                target: target.into(),
                cseq: 0,
                has_answered,
                has_ended: false,
                is_ours: false,
            };
            call.heard(party, now);
        }
        sip.line_changed(call);
    });
}
