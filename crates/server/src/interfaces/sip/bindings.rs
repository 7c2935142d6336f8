//! Bindings: what an accepted REGISTER changes (RFC 3261 section 10.3, steps 6 to 8). The rules are `wire`'s; here they
//! meet what is kept, and what happened is told to the audit.

use std::{
    cell::Cell,
    hash::{BuildHasher as _, Hash as _, Hasher},
    net::SocketAddr,
};

use signin::{
    audit::{Action, Actor, AuditEvent, FieldChange, Outcome},
    digest::DigestAlgorithm,
    effect::Effect,
    extension::Extension,
    ident::{DomainId, ExtensionId},
    interface::LoginInterface,
    policy::RegistrationRules,
    records::Records as _,
    registration::{Binding, Quarantined, Refresh, Registration, Transport},
    timestamp::{Seconds, Timestamp},
};
use store::fault;
use wire::sip::{
    ContactLine, HeaderName, Request,
    register::{BindingView, Change, Limits, PathPolicy, Plan, Put, Refusal, SUPPORTED, plan, unsupported},
};

use super::Desk;

/// Of a binding whose request has no print.
const NO_PRINT: u64 = 0;
/// The preference of a contact that names none (RFC 3261 section 20.10 leaves it open; the highest, as everywhere).
const Q_DEFAULT: u16 = 1000;

/// What the answer says of the extensions that are in use.
#[derive(Clone, Copy, Default)]
struct Agreed {
    path: bool,
    outbound: bool,
}

impl Agreed {
    const fn of(plan: &Plan<'_>) -> Self {
        Self { path: plan.path, outbound: plan.outbound }
    }
}

/// A binding that is renewed, and nothing else changes.
struct Renewal {
    binding: usize,
    granted: Seconds,
    agreed: Agreed,
}

/// The bindings of one extension while they are changed.
struct Changing<'a> {
    extension: &'a Extension,
    peer: SocketAddr,
    transport: Transport,
    algorithm: DigestAlgorithm,
    now: Timestamp,
    agent: Box<str>,
    bindings: Vec<Binding>,
    effects: Vec<Effect>,
}

/// A phone that was signed in.
pub(super) struct Signed<'a> {
    pub(super) domain: DomainId,
    pub(super) number: &'a str,
    pub(super) extension: ExtensionId,
    pub(super) algorithm: DigestAlgorithm,
    pub(super) cseq: u32,
    pub(super) rules: &'a RegistrationRules,
}

impl Desk<'_> {
    /// Changes the bindings as the request asks, and writes the answer.
    pub(super) fn bind(&mut self, request: &Request<'_>, signed: &Signed<'_>, out: &mut Vec<u8>) {
        fault::at("sip.bind");
        // What is read here is changed here: two phones of one extension take turns.
        let _turn = self.sip.stripe(signed.extension).map(parking_lot::Mutex::lock);
        if !self.refresh(request, signed, out) {
            self.change(request, signed, out);
        }
    }

    /// The way of nearly all registrations: a phone that says once more what it said before. Allocates nothing. `false`
    /// where anything is otherwise; nothing was changed then.
    fn refresh(&mut self, request: &Request<'_>, signed: &Signed<'_>, out: &mut Vec<u8>) -> bool {
        let date = self.scratch.date(self.now);
        let print = self.print(request, signed.rules);
        let (granted, agreed) = (Cell::new(Seconds(0)), Cell::new(Agreed::default()));
        let find = |bindings: &[Binding]| {
            let renewal = self.renewal(request, signed, print, bindings)?;
            granted.set(renewal.granted);
            agreed.set(renewal.agreed);
            Some(Refresh {
                binding: renewal.binding,
                cseq: signed.cseq,
                source: self.peer,
                transport: self.transport,
                algorithm: signed.algorithm,
                granted: renewal.granted,
                expires_at: self.now.after(renewal.granted),
                print,
            })
        };
        let tell = |bindings: &[Binding]| self.registered(&date, request, agreed.get(), bindings, out);
        let is_refreshed = self.sip.system.ledger.refresh(signed.domain, signed.number, find, tell);
        if is_refreshed {
            self.registered_for = granted.get();
        }
        is_refreshed
    }

    /// Which of the bindings the request renews, if that is all that it does.
    fn renewal(
        &self,
        request: &Request<'_>,
        signed: &Signed<'_>,
        print: u64,
        bindings: &[Binding],
    ) -> Option<Renewal> {
        if bindings.iter().any(|binding| self.now >= binding.expires_at) {
            return None;
        }
        let (one, many);
        let views = if let [binding] = bindings {
            // Nearly always the only phone says word for word what it said before, and what comes of that is known.
            if print != NO_PRINT && binding.print == print && signed.cseq > binding.cseq {
                // A `reg-id` is kept only where outbound was agreed on, and with a Path there is no print.
                let agreed = Agreed { path: false, outbound: binding.reg_id > 0 };
                return Some(Renewal { binding: 0, granted: binding.granted, agreed });
            }
            one = [view(binding)];
            &one[..]
        } else {
            many = bindings.iter().map(view).collect::<Vec<_>>();
            &many[..]
        };
        let plan = plan(request, views, &limits(signed.rules), self.now.as_secs()).ok()?;
        let (binding, put) = plan.renewal()?;
        says_the_same(&plan, put, request, bindings.get(binding)?).then(|| Renewal {
            binding,
            granted: Seconds(put.expires),
            agreed: Agreed::of(&plan),
        })
    }

    /// A print of all that [`plan`] goes by, but for the CSeq and the bindings there are, and of what is kept beside;
    /// [`NO_PRINT`] where there is more to look at.
    fn print(&self, request: &Request<'_>, rules: &RegistrationRules) -> u64 {
        let fields = &request.fields;
        let has = |name| fields.first(name).is_some();
        if has(HeaderName::Path) || has(HeaderName::Require) {
            return NO_PRINT;
        }
        let mut hasher = self.sip.prints.build_hasher();
        for name in [HeaderName::Contact, HeaderName::Expires, HeaderName::CallId, HeaderName::Supported] {
            match fields.single(name) {
                Ok(row) => hash_row(&mut hasher, row.map(|(value, _)| value)),
                Err(_) => return NO_PRINT,
            }
        }
        hash_row(&mut hasher, fields.user_agent());
        // Outbound goes by whether there was a proxy before us.
        hasher.write_u8(u8::from(fields.is_direct()));
        [rules.expires_min.0, rules.expires_default.0, rules.expires_max.0].hash(&mut hasher);
        hasher.finish().max(1)
    }

    fn change(&mut self, request: &Request<'_>, signed: &Signed<'_>, out: &mut Vec<u8>) {
        let date = self.scratch.date(self.now);
        let (ledger, id, algorithm) = (&self.sip.system.ledger, signed.extension, signed.algorithm);
        let Some(extension) = ledger.extension(id) else {
            // Deleted since it was looked up.
            return self.forbidden(request, out);
        };
        let before = ledger.registration(id);
        let bindings = before.as_ref().map_or(&[][..], |registration| &registration.bindings);
        let views: Vec<BindingView<'_>> = bindings.iter().map(view).collect();
        let plan = match plan(request, &views, &limits(signed.rules), self.now.as_secs()) {
            Ok(plan) => plan,
            // The first one was heard, only its answer was not.
            Err(Refusal::Repeated) => {
                return self.registered(&date, request, Agreed::default(), bindings, out);
            }
            Err(refusal) => return self.refuse(request, refusal, out),
        };
        // A mere question changes nothing.
        if plan.is_empty() {
            return self.registered(&date, request, Agreed::of(&plan), bindings, out);
        }
        let mut changing = Changing {
            extension: &extension,
            peer: self.peer,
            transport: self.transport,
            algorithm,
            now: self.now,
            agent: agent(request),
            bindings: Vec::with_capacity(bindings.len() + 1),
            effects: Vec::new(),
        };
        if changing.apply(&plan, request, bindings).is_err() {
            self.start(out, request, 400, "Contact Is Not Text").finish();
            return;
        }
        let registered_for = plan.changes().filter_map(|change| match change {
            Change::Put(put) => Some(Seconds(put.expires)),
            Change::Remove(_) => None,
        });
        self.registered_for = registered_for.max().unwrap_or_default();
        changing.push_out(usize::from(signed.rules.bindings_max));
        let Changing { bindings, mut effects, .. } = changing;
        self.registered(&date, request, Agreed::of(&plan), &bindings, out);
        effects.push(Effect::PutRegistration(Registration { extension: id, bindings: bindings.into() }));
        ledger.commit_behind(effects);
    }

    /// 200 with every binding there is now (step 8).
    fn registered(
        &self,
        date: &[u8],
        request: &Request<'_>,
        agreed: Agreed,
        bindings: &[Binding],
        out: &mut Vec<u8>,
    ) {
        let mut answer = self.start(out, request, 200, "OK");
        for binding in bindings.iter().filter(|binding| binding.expires_at > self.now) {
            let left = self.now.seconds_until(binding.expires_at);
            answer.contact(&ContactLine {
                uri: binding.contact.as_bytes(),
                expires: u32::try_from(left).unwrap_or(u32::MAX),
                q: (binding.q != Q_DEFAULT).then_some(binding.q),
                instance: binding.instance.as_ref().map(|instance| instance.as_bytes()),
                reg_id: (binding.reg_id > 0).then_some(binding.reg_id),
            });
        }
        if agreed.path {
            // RFC 3327 section 5.3.
            answer.copy(HeaderName::Path, request);
        }
        if agreed.outbound {
            // RFC 5626 section 6.
            answer.list(HeaderName::Require, [b"outbound".as_slice()]);
        }
        answer.header(HeaderName::Supported, SUPPORTED.as_bytes());
        answer.header(HeaderName::Date, date);
        answer.finish();
    }

    fn refuse(&self, request: &Request<'_>, refusal: Refusal, out: &mut Vec<u8>) {
        let (status, reason) = refusal.answer();
        let mut answer = self.start(out, request, status, reason);
        match refusal {
            Refusal::IntervalTooBrief { expires_min } => {
                answer.number(HeaderName::MinExpires, expires_min.into());
            }
            Refusal::BadExtension => {
                answer.list(HeaderName::Unsupported, unsupported(request));
            }
            Refusal::PathUnsupported => {
                answer.list(HeaderName::Unsupported, [b"path".as_slice()]);
            }
            Refusal::Malformed(_)
            | Refusal::StarExpires
            | Refusal::OutOfOrder
            | Refusal::Repeated
            | Refusal::TooManyBindings
            | Refusal::SeveralFlows
            | Refusal::FirstHopLacksOutbound => {}
        }
        answer.finish();
    }
}

/// A contact that is no text and so no URI either (RFC 3261 section 25.1).
struct NotText;

impl Changing<'_> {
    /// What is kept, what goes, what comes; in the order in which it was kept.
    fn apply(&mut self, plan: &Plan<'_>, request: &Request<'_>, before: &[Binding]) -> Result<(), NotText> {
        let now = self.now;
        for (index, binding) in before.iter().enumerate() {
            if binding.expires_at <= now {
                // Time ended it, and the sweep that would tell will not see it any more.
                self.note_lost(binding);
                continue;
            }
            let is_removed = plan.removes_all
                || plan
                    .changes()
                    .any(|change| matches!(change, Change::Remove(removed) if *removed == index));
            let renewed = plan.changes().find_map(|change| match change {
                Change::Put(put) if put.replaces == Some(index) => Some(put),
                Change::Put(_) | Change::Remove(_) => None,
            });
            if is_removed {
                self.note(Action::Unregistered, binding);
            } else if let Some(put) = renewed {
                self.bindings.push(self.binding(plan, put, request, Some(binding.since))?);
            } else {
                self.bindings.push(binding.clone());
            }
        }
        for change in plan.changes() {
            let Change::Put(put) = change else { continue };
            let replaced = put.replaces.and_then(|index| before.get(index));
            if replaced.is_none_or(|replaced| replaced.expires_at <= now) {
                let binding = self.binding(plan, put, request, None)?;
                self.note(Action::Registered, &binding);
                self.bindings.push(binding);
            }
        }
        Ok(())
    }

    fn binding(
        &self,
        plan: &Plan<'_>,
        put: &Put<'_>,
        request: &Request<'_>,
        since: Option<Timestamp>,
    ) -> Result<Binding, NotText> {
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(Box::<str>::from).map_err(|_| NotText);
        let path = if plan.path {
            let hops = request.fields.addresses(HeaderName::Path);
            hops.filter_map(Result::ok).map(|hop| text(hop.uri.raw())).collect::<Result<_, _>>()?
        } else {
            Box::default()
        };
        Ok(Binding {
            contact: text(put.contact.raw())?,
            q: put.q.unwrap_or(Q_DEFAULT),
            instance: put.instance.map(text).transpose()?,
            reg_id: put.reg_id.unwrap_or(0),
            path,
            call_id: String::from_utf8_lossy(plan.call_id).into(),
            cseq: plan.cseq,
            agent: (&*self.agent).into(),
            source: self.peer,
            transport: self.transport,
            algorithm: self.algorithm,
            since: since.unwrap_or(self.now),
            expires_at: self.now.after(Seconds(put.expires)),
            granted: Seconds(put.expires),
            print: NO_PRINT,
        })
    }

    /// Where there are too many, the one that has been there longest goes, and is shown as pushed out.
    fn push_out(&mut self, most: usize) {
        while self.bindings.len() > most.max(1) {
            let oldest = self.bindings.iter().enumerate().min_by_key(|(_, binding)| binding.since);
            let Some((index, _)) = oldest else { return };
            let gone = self.bindings.remove(index);
            self.note(Action::PushedOut, &gone);
            self.effects.push(Effect::Quarantine(Quarantined {
                extension: self.extension.id,
                at: self.now,
                contact: gone.contact,
                source: gone.source,
                agent: (&*gone.agent).into(),
                by_source: self.peer,
                by_agent: self.agent.clone(),
            }));
        }
    }

    fn note(&mut self, action: Action, binding: &Binding) {
        let event = self.event(action, binding);
        self.effects.push(Effect::Audit(event));
    }

    /// A phone that said nothing any more, as the sweep tells it: nobody did it, and it was where it was.
    fn note_lost(&mut self, binding: &Binding) {
        let event = self.event(Action::PhoneLost, binding);
        self.effects.push(Effect::Audit(AuditEvent {
            actor: Actor::System,
            address: Some(binding.source.ip()),
            agent: AuditEvent::text(&binding.agent),
            ..event
        }));
    }

    fn event(&self, action: Action, binding: &Binding) -> AuditEvent {
        let contact = AuditEvent::text(&binding.contact);
        let (before, after) =
            if action == Action::Registered { ("".into(), contact) } else { (contact, "".into()) };
        AuditEvent {
            at: self.now,
            action,
            outcome: Outcome::Accepted,
            reason: None,
            actor: Actor::Extension(self.extension.id, self.extension.number.as_str().into()),
            domain: self.extension.domain,
            subject: self.extension.number.as_str().into(),
            interface: LoginInterface::SipRegistration,
            address: Some(self.peer.ip()),
            agent: (&*self.agent).into(),
            changes: vec![FieldChange { field: "contact".into(), before, after }],
            times: 1,
        }
    }
}

/// Whether nothing is new about a phone but the time.
fn says_the_same(plan: &Plan<'_>, put: &Put<'_>, request: &Request<'_>, binding: &Binding) -> bool {
    let seen = view(binding);
    (put.contact.raw(), put.instance, put.reg_id) == (seen.contact, seen.instance, seen.reg_id)
        && put.q.unwrap_or(Q_DEFAULT) == binding.q
        && plan.call_id == seen.call_id
        && !plan.path
        && binding.path.is_empty()
        // One that had to be cleaned or cut before it was kept is not found to be the same.
        && request.fields.user_agent().unwrap_or_default() == binding.agent.as_bytes()
}

/// So that no two lists of rows are hashed as the same bytes.
pub(super) fn hash_row(hasher: &mut impl Hasher, row: Option<&[u8]>) {
    hasher.write_usize(row.map_or(usize::MAX, <[u8]>::len));
    hasher.write(row.unwrap_or_default());
}

/// What the rules need to know of a binding that is kept.
fn view(binding: &Binding) -> BindingView<'_> {
    BindingView {
        contact: binding.contact.as_bytes(),
        q: (binding.q != Q_DEFAULT).then_some(binding.q),
        instance: binding.instance.as_ref().map(|instance| instance.as_bytes()),
        reg_id: (binding.reg_id > 0).then_some(binding.reg_id),
        call_id: binding.call_id.as_bytes(),
        cseq: binding.cseq,
        expires_at: binding.expires_at.as_secs(),
    }
}

const fn limits(rules: &RegistrationRules) -> Limits {
    Limits {
        expires_min: rules.expires_min.0,
        expires_default: rules.expires_default.0,
        expires_max: rules.expires_max.0,
        // One too many pushes the oldest out; it is not refused.
        bindings_max: usize::MAX,
        // A phone without `Supported: path` behind a proxy is better served than refused.
        path: PathPolicy::Accept,
    }
}

/// What the phone calls itself, as it is kept and shown.
fn agent(request: &Request<'_>) -> Box<str> {
    AuditEvent::text(&String::from_utf8_lossy(request.fields.user_agent().unwrap_or_default()))
}
