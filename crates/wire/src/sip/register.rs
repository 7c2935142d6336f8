//! The registrar: what a REGISTER changes (RFC 3261 §10.3, RFC 3327 for Path, RFC 5626 for outbound).
//!
//! Pure: the bindings an address of record has now go in, and what to change comes out; keeping them is another
//! room's work. Steps 1 (domain), 3 and 4 (who asks, and may they) and 5 (whose bindings) come before and are not
//! done here. Nothing allocates where there is one contact, until a new binding is made to be kept
//! ([`Plan::binding`]).

use super::contact::Contact;
use super::fields::CONTACTS_MAX;
use super::writer::ContactLine;
use super::{Fields, HeaderName, Malformed, Request, Rule, Uri};

/// The option tags this registrar knows: what a REGISTER may require.
pub const EXTENSIONS: [&str; 2] = ["path", "outbound"];
/// The same as the value of a header.
pub const SUPPORTED: &str = "path, outbound";

/// An hour: shorter expiries than this, and only those, may be refused as too brief (§10.3 step 7).
const HOUR: u32 = 3600;

/// What the operator allows. Seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Shorter expiries are refused with 423, unless they are an hour or more.
    pub expires_min: u32,
    /// For a contact that names none.
    pub expires_default: u32,
    /// Longer expiries are cut to this.
    pub expires_max: u32,
    /// Bindings of one address of record.
    pub bindings_max: usize,
    /// What to do with a Path the phone did not say it understands.
    pub path: PathPolicy,
}

/// RFC 3327 §5.3: a Path from a proxy, but no `Supported: path` from the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathPolicy {
    /// Keep it.
    Accept,
    /// Refuse with 420.
    Refuse,
}

/// A binding as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The contact's URI, as written, without angle brackets.
    pub contact: Box<[u8]>,
    /// In thousandths.
    pub q: Option<u16>,
    /// `+sip.instance`, angle brackets included.
    pub instance: Option<Box<[u8]>>,
    /// `reg-id`, only where outbound was agreed on.
    pub reg_id: Option<u32>,
    /// The Path rows joined by commas; empty if there were none.
    pub path: Box<[u8]>,
    /// Of the REGISTER that made or renewed it.
    pub call_id: Box<[u8]>,
    /// Of the REGISTER that made or renewed it.
    pub cseq: u32,
    /// User-Agent, its control characters replaced by spaces; empty if there was none.
    pub user_agent: Box<[u8]>,
    /// Seconds since 1970.
    pub expires_at: u64,
}

impl Binding {
    /// What [`plan`] needs to know of it.
    #[must_use]
    pub fn view(&self) -> BindingView<'_> {
        BindingView {
            contact: &self.contact,
            q: self.q,
            instance: self.instance.as_deref(),
            reg_id: self.reg_id,
            call_id: &self.call_id,
            cseq: self.cseq,
            expires_at: self.expires_at,
        }
    }
}

/// A binding that is kept elsewhere, in whatever form.
#[derive(Clone, Copy, Debug)]
pub struct BindingView<'b> {
    /// As [`Binding::contact`].
    pub contact: &'b [u8],
    /// As [`Binding::q`].
    pub q: Option<u16>,
    /// As [`Binding::instance`].
    pub instance: Option<&'b [u8]>,
    /// As [`Binding::reg_id`].
    pub reg_id: Option<u32>,
    /// As [`Binding::call_id`].
    pub call_id: &'b [u8],
    /// As [`Binding::cseq`].
    pub cseq: u32,
    /// As [`Binding::expires_at`].
    pub expires_at: u64,
}

/// One change to the bindings. Indices are those of the slice given to [`plan`].
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// A contact is bound, or bound again.
    Put(Put<'a>),
    /// A binding goes.
    Remove(usize),
}

/// A contact that is bound.
#[derive(Clone, Copy, Debug)]
pub struct Put<'a> {
    /// The binding it takes the place of.
    pub replaces: Option<usize>,
    /// The contact's URI.
    pub contact: Uri<'a>,
    /// In thousandths.
    pub q: Option<u16>,
    /// `+sip.instance`, angle brackets included.
    pub instance: Option<&'a [u8]>,
    /// `reg-id`, only where outbound was agreed on.
    pub reg_id: Option<u32>,
    /// Seconds granted.
    pub expires: u32,
}

/// Why a REGISTER changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 400: its bytes break a rule.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// 420, with Unsupported listing [`unsupported`]: step 2.
    #[error("an extension is required that is not known")]
    BadExtension,
    /// 420 with `Unsupported: path`: a Path the phone does not understand, and the operator refuses it.
    #[error("Path without support for it")]
    PathUnsupported,
    /// 400: `*` with an Expires other than zero, or none: step 6.
    #[error("contact * without Expires: 0")]
    StarExpires,
    /// 423, with Min-Expires: step 7.
    #[error("expiry below the minimum")]
    IntervalTooBrief {
        /// The least that is granted, seconds.
        expires_min: u32,
    },
    /// 500 (as §12.2.2 has it): an older CSeq of the same Call-ID: steps 6 and 7.
    #[error("out of order")]
    OutOfOrder,
    /// The same Call-ID and CSeq again: a retransmission. The bindings are as they were left by the first;
    /// answer with them.
    #[error("repeated")]
    Repeated,
    /// 403: more bindings than the operator allows.
    #[error("too many bindings")]
    TooManyBindings,
    /// 400: several contacts with `reg-id` in one request (RFC 5626 §6).
    #[error("several contacts with reg-id")]
    SeveralFlows,
    /// 439: outbound was asked for through a proxy that knows nothing of it (RFC 5626 §6).
    #[error("first hop lacks outbound support")]
    FirstHopLacksOutbound,
}

impl Refusal {
    /// Status code and reason phrase of the answer.
    #[must_use]
    pub const fn answer(&self) -> (u16, &'static str) {
        match self {
            Self::Malformed(wrong) => (wrong.status(), wrong.reason()),
            Self::BadExtension | Self::PathUnsupported => (420, "Bad Extension"),
            Self::StarExpires => (400, "Contact * Needs Expires 0"),
            Self::IntervalTooBrief { .. } => (423, "Interval Too Brief"),
            // No header's name in it: SIPp looks for the method behind the first "CSeq" of an answer.
            Self::OutOfOrder => (500, "Request Out of Order"),
            Self::Repeated => (200, "OK"),
            Self::TooManyBindings => (403, "Too Many Contacts"),
            Self::SeveralFlows => (400, "Several Contacts With reg-id"),
            Self::FirstHopLacksOutbound => (439, "First Hop Lacks Outbound Support"),
        }
    }
}

/// What a REGISTER changes.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Nearly always all there is; the others come behind it.
    first: Option<Change<'a>>,
    others: Vec<Option<Change<'a>>>,
    length: usize,
    /// `*`: all bindings go.
    pub removes_all: bool,
    /// Outbound was agreed on: the answer has `Require: outbound`, and may have Flow-Timer (RFC 5626 §6).
    pub outbound: bool,
    /// Path rows are kept, and the answer repeats them (RFC 3327 §5.3).
    pub path: bool,
    /// The request's Call-ID.
    pub call_id: &'a [u8],
    /// The request's CSeq.
    pub cseq: u32,
    fields: Fields<'a>,
}

impl<'a> Plan<'a> {
    /// The changes, in order; no two of them are about one binding. None, and not [`Plan::removes_all`]: a mere
    /// question (step 6 skipped to 8).
    pub fn changes(&self) -> impl Iterator<Item = &Change<'a>> {
        self.first.iter().chain(self.others.iter().flatten())
    }

    /// The binding that is bound again, where that is all that happens.
    #[must_use]
    pub fn renewal(&self) -> Option<(usize, &Put<'a>)> {
        match &self.first {
            Some(Change::Put(put)) if self.others.is_empty() && !self.removes_all => {
                put.replaces.map(|index| (index, put))
            }
            Some(Change::Put(_) | Change::Remove(_)) | None => None,
        }
    }

    fn slots(&mut self) -> impl Iterator<Item = &mut Option<Change<'a>>> {
        std::iter::once(&mut self.first).chain(&mut self.others)
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.removes_all && self.changes().next().is_none()
    }

    /// The bindings as they will be, for the answer (step 8).
    pub fn contacts<'p>(
        &'p self,
        bindings: &'p [BindingView<'p>],
        now: u64,
    ) -> impl Iterator<Item = ContactLine<'p>> {
        let kept = bindings.iter().enumerate().filter(move |(index, binding)| {
            binding.expires_at > now && !self.removes_all && !self.touches(*index)
        });
        let kept = kept.map(move |(_, binding)| ContactLine {
            uri: binding.contact,
            expires: super::contact::saturate(binding.expires_at.saturating_sub(now)),
            q: binding.q,
            instance: binding.instance,
            reg_id: binding.reg_id,
        });
        let put = self.changes().filter_map(|change| match change {
            Change::Put(put) => Some(ContactLine {
                uri: put.contact.raw(),
                expires: put.expires,
                q: put.q,
                instance: put.instance,
                reg_id: put.reg_id,
            }),
            Change::Remove(_) => None,
        });
        kept.chain(put)
    }

    fn touches(&self, index: usize) -> bool {
        self.changes().any(|change| match change {
            Change::Put(put) => put.replaces == Some(index),
            Change::Remove(removed) => *removed == index,
        })
    }

    /// The binding to keep for a put.
    #[must_use]
    pub fn binding(&self, put: &Put<'a>, now: u64) -> Binding {
        let mut path = Vec::new();
        if self.path {
            self.write_path(&mut path);
        }
        let mut user_agent = Vec::new();
        super::writer::push_clean(&mut user_agent, self.fields.user_agent().unwrap_or_default());
        Binding {
            contact: put.contact.raw().into(),
            q: put.q,
            instance: put.instance.map(Into::into),
            reg_id: put.reg_id,
            path: path.into(),
            call_id: self.call_id.into(),
            cseq: self.cseq,
            user_agent: user_agent.into(),
            expires_at: now.saturating_add(u64::from(put.expires)),
        }
    }

    /// The Path rows, joined by commas.
    pub fn write_path(&self, out: &mut Vec<u8>) {
        for (index, (value, _)) in self.fields.all(HeaderName::Path).enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            super::writer::push_clean(out, value);
        }
    }

    /// Whether a contact of this request takes the place of this binding.
    fn replaces(&self, index: usize) -> bool {
        self.changes().any(|change| matches!(change, Change::Put(put) if put.replaces == Some(index)))
    }

    /// Takes back an earlier contact that is the same: the later one counts. Says which binding it was to replace.
    fn take_back(&mut self, uri: &Uri<'_>, flow: Option<(&[u8], u32)>) -> Option<Option<usize>> {
        for slot in self.slots() {
            if let Some(Change::Put(put)) = slot
                && is_same(put.contact.raw(), put.instance, put.reg_id, uri, flow)
            {
                let replaces = put.replaces;
                *slot = None;
                return Some(replaces);
            }
        }
        None
    }

    /// Takes back the removal of a binding: what comes later decides.
    fn keep(&mut self, index: usize) {
        for slot in self.slots() {
            if matches!(slot, Some(Change::Remove(removed)) if *removed == index) {
                *slot = None;
            }
        }
    }

    fn add(&mut self, change: Change<'a>) -> Result<(), Refusal> {
        let full = Malformed::new(Rule::ContactsTooMany, 0).within(HeaderName::Contact, 0);
        if self.length >= CONTACTS_MAX {
            return Err(full.into());
        }
        if self.length == 0 {
            self.first = Some(change);
        } else {
            self.others.push(Some(change));
        }
        self.length += 1;
        Ok(())
    }
}

/// The option tags a request requires and nobody here knows: for Unsupported (step 2, §8.2.2.3).
pub fn unsupported<'a>(request: &Request<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let required = request.fields.tokens(HeaderName::Require);
    required.filter(|tag| !EXTENSIONS.iter().any(|known| tag.eq_ignore_ascii_case(known.as_bytes())))
}

/// What this REGISTER changes. `now` is in seconds since 1970.
///
/// # Errors
/// Why it changes nothing: it is all or nothing (step 7).
pub fn plan<'a>(
    request: &Request<'a>,
    bindings: &[BindingView<'_>],
    limits: &Limits,
    now: u64,
) -> Result<Plan<'a>, Refusal> {
    let fields = &request.fields;
    // Step 2.
    if fields.first(HeaderName::Require).is_some() && unsupported(request).next().is_some() {
        return Err(Refusal::BadExtension);
    }
    let has_path = fields.first(HeaderName::Path).is_some();
    if has_path {
        for address in fields.addresses(HeaderName::Path) {
            address?;
        }
        if limits.path == PathPolicy::Refuse && !supports(fields, "path") {
            return Err(Refusal::PathUnsupported);
        }
    }
    let mut plan = Plan {
        first: None,
        others: Vec::new(),
        length: 0,
        removes_all: false,
        outbound: false,
        path: has_path,
        call_id: fields.call_id()?,
        cseq: fields.cseq()?.number,
        fields: *fields,
    };
    // Step 6: no contact is a question.
    if fields.first(HeaderName::Contact).is_none() {
        return Ok(plan);
    }
    let expires = fields.expires()?;
    if fields.is_contact_star() {
        if expires != Some(0) {
            return Err(Refusal::StarExpires);
        }
        for binding in bindings.iter().filter(|binding| binding.expires_at > now) {
            check_order(&plan, binding)?;
        }
        plan.removes_all = true;
        return Ok(plan);
    }
    // Step 7.
    for contact in fields.contacts() {
        let contact = contact.map_err(|wrong| beside_star(fields, wrong))?;
        bind(&mut plan, &contact, expires, bindings, limits, now)?;
    }
    let live = bindings.iter().enumerate();
    let kept = live.filter(|(index, binding)| binding.expires_at > now && !plan.touches(*index)).count();
    let put = plan.changes().filter(|change| matches!(change, Change::Put(_))).count();
    if put > 0 && kept + put > limits.bindings_max {
        return Err(Refusal::TooManyBindings);
    }
    Ok(plan)
}

/// `*` among others is its own mistake (step 6).
fn beside_star(fields: &Fields<'_>, wrong: Malformed) -> Malformed {
    let mut pieces = fields.all(HeaderName::Contact).flat_map(|(value, _)| value.split(|&byte| byte == b','));
    if pieces.any(|piece| super::scan::trim(piece) == b"*") {
        return Malformed { rule: Rule::ContactStar, ..wrong };
    }
    wrong
}

fn supports(fields: &Fields<'_>, extension: &str) -> bool {
    fields.has_token(HeaderName::Supported, extension) || fields.has_token(HeaderName::Require, extension)
}

/// Whether a `reg-id` counts in this request (RFC 5626 §6).
struct OutboundUse {
    is_supported: bool,
    /// The request came through a proxy that did not put `ob` into its Path.
    is_hop_unaware: bool,
}

impl OutboundUse {
    fn of(fields: &Fields<'_>) -> Self {
        if !supports(fields, "outbound") {
            return Self { is_supported: false, is_hop_unaware: false };
        }
        // The Path that the phone's first proxy added is the last one.
        let first_hop = || fields.addresses(HeaderName::Path).last();
        let is_hop_unaware = !fields.is_direct()
            && !first_hop().is_some_and(|path| path.is_ok_and(|path| path.uri.param("ob").is_some()));
        Self { is_supported: true, is_hop_unaware }
    }
}

fn bind<'a>(
    plan: &mut Plan<'a>,
    contact: &Contact<'a>,
    header_expires: Option<u32>,
    bindings: &[BindingView<'_>],
    limits: &Limits,
    now: u64,
) -> Result<(), Refusal> {
    // Step 7, first bullet: the contact's expiry, or the request's, or the registrar's own.
    let asked = contact.expires.or(header_expires).unwrap_or(limits.expires_default);
    if asked > 0 && asked < limits.expires_min && asked < HOUR {
        return Err(Refusal::IntervalTooBrief { expires_min: limits.expires_min });
    }
    let expires = asked.min(limits.expires_max);
    // RFC 5626 §6: without an instance, or where outbound is not supported, a reg-id means nothing.
    let asked_for = contact.instance.zip(contact.reg_id).map(|flow| (flow, OutboundUse::of(&plan.fields)));
    let flow = asked_for.as_ref().filter(|(_, outbound)| outbound.is_supported).map(|(flow, _)| *flow);
    if let Some((_, outbound)) = asked_for.filter(|(_, outbound)| outbound.is_supported) {
        if plan.outbound {
            return Err(Refusal::SeveralFlows);
        }
        if outbound.is_hop_unaware {
            return Err(Refusal::FirstHopLacksOutbound);
        }
        plan.outbound = true;
    }
    // Step 7, second bullet: is it bound already?
    let uri = contact.address.uri;
    // Contacts are taken one after the other, so those before count as bound already, each in its binding's place.
    let found = match plan.take_back(&uri, flow) {
        Some(replaces) => replaces,
        None => {
            let mut rest = bindings.iter().enumerate().filter(|(index, _)| !plan.replaces(*index));
            let bound =
                rest.find(|(_, bound)| is_same(bound.contact, bound.instance, bound.reg_id, &uri, flow));
            bound.map(|(index, _)| index)
        }
    };
    if let Some(binding) = found.and_then(|index| bindings.get(index))
        && binding.expires_at > now
    {
        check_order(plan, binding)?;
    }
    if let Some(index) = found {
        plan.keep(index);
    }
    match (expires, found) {
        (0, Some(index)) => plan.add(Change::Remove(index)),
        (0, None) => Ok(()),
        (_, replaces) => plan.add(Change::Put(Put {
            replaces,
            contact: uri,
            q: contact.q,
            instance: contact.instance,
            reg_id: flow.map(|(_, reg_id)| reg_id),
            expires,
        })),
    }
}

/// By flow where there is one (RFC 5626 §6), else by the comparison of §19.1.4.
fn is_same(
    contact: &[u8],
    instance: Option<&[u8]>,
    reg_id: Option<u32>,
    uri: &Uri<'_>,
    flow: Option<(&[u8], u32)>,
) -> bool {
    match (flow, reg_id) {
        (Some(flow), Some(reg_id)) => instance == Some(flow.0) && reg_id == flow.1,
        (Some(_), None) | (None, Some(_)) | (None, None) => {
            contact == uri.raw() || Uri::parse(contact).is_ok_and(|bound| bound.is_equivalent(uri))
        }
    }
}

/// Within one Call-ID, requests are ordered by CSeq; another Call-ID is a phone that was started anew.
fn check_order(plan: &Plan<'_>, binding: &BindingView<'_>) -> Result<(), Refusal> {
    if binding.call_id != plan.call_id || plan.cseq > binding.cseq {
        return Ok(());
    }
    Err(if plan.cseq == binding.cseq { Refusal::Repeated } else { Refusal::OutOfOrder })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_extensions_has_them_all() {
        assert_eq!(SUPPORTED, EXTENSIONS.join(", "));
    }
}
