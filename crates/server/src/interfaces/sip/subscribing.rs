//! Subscribing: who may watch what, and for how long (RFC 6665 section 4.2.1).
//!
//! A phone that subscribes proves itself as one that calls does, and must be registered from where it is. It may watch the
//! lines of its own organisation, and its own mailbox. Within a subscription it is known by the way it came; from anywhere
//! else it is asked for its proof again.

use bytes::Bytes;
use signin::{
    ident::{ExtensionId, Number},
    interface::LoginInterface,
    records::Records as _,
    timestamp::Seconds,
    verdict::Verdict,
};
use wire::sip::{
    Essentials, HeaderName, Host, Method, Request, Times,
    events::{Event, Package},
    register::EXTENSIONS,
    relay::{Kind, Relay},
};

use super::{
    Desk, Written,
    events::{DialogId, Ending, Full, Subscription},
    notifying::contact,
    office::Office,
    passages::{PASSAGES_MAX, Passage, PassageKey},
    proof::PROXY,
};

/// How long a subscription lasts at least, or else not at all.
const EXPIRES_MIN: u32 = 60;
/// At most, and where nothing else is wished for.
const EXPIRES_MAX: u32 = 3600;
/// Bytes of the subscriber's that are kept of one subscription.
const KEPT_MAX: usize = 1024;

/// Status code and reason phrase of a refusal.
type No = (u16, &'static str);

const NOT_THERE: No = (481, "Call/Transaction Does Not Exist");
const BAD_EVENT: No = (489, "Bad Event");
const TOO_BRIEF: No = (423, "Interval Too Brief");
const TOO_LATE: No = (500, "Server Internal Error");
const REGISTER_FIRST: No = (403, "Register First");
const OUT_OF_ROOM: No = (503, "Service Unavailable");

/// What a subscription looks like to a request within it.
struct Known {
    watcher: ExtensionId,
    is_here: bool,
    is_same_event: bool,
    is_newer: bool,
}

impl Desk<'_> {
    /// SUBSCRIBE.
    pub(super) fn subscribe(
        &mut self,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        out: &mut Vec<u8>,
    ) -> Written {
        if let Some(dialog) = dialog_of(request) {
            let now = self.now;
            // Phones may also have subscriptions with each other, within their calls (RFC 3515).
            if self.sip.events.with(dialog, now, |_| ()).is_none() {
                return self.within(request, essentials, out);
            }
        }
        let Some(key) = self.sip.passages.key(request) else { return Written::Nothing };
        if self.is_repeated(key) {
            return Written::Nothing;
        }
        if let Some(written) = self.cannot_go_on(request, essentials, out) {
            return written;
        }
        if let Some(unfit) = request.unfit_for(&essentials.uri, &[Method::Subscribe], &EXTENSIONS) {
            return self.say_unfit(request, unfit, out);
        }
        let Some(event) = Event::of(&request.fields) else {
            self.say_no(request, BAD_EVENT, out);
            return Written::ToAnybody;
        };
        let wished = match request.fields.expires() {
            Ok(wished) => wished,
            Err(wrong) => return self.malformed(request, &wrong, out),
        };
        if let Some(dialog) = dialog_of(request) {
            return self.subscribe_again(request, essentials, (dialog, event, wished), key, out);
        }
        let Some(office) = self.take_office(&essentials.uri) else {
            self.unavailable(request, out);
            return Written::ToAnybody;
        };
        let written = self.subscribe_at(&office, request, essentials, (event, wished), key, out);
        self.scratch.office = Some(office);
        written
    }

    fn subscribe_at(
        &mut self,
        office: &Office,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        wish: (Event<'_>, Option<u32>),
        key: PassageKey,
        out: &mut Vec<u8>,
    ) -> Written {
        let watcher = match self.prove_caller(office, request, essentials, out) {
            Ok(caller) => caller.extension,
            Err(written) => return written,
        };
        let begun = self.begin_watching(office, request, essentials, watcher, wish);
        let status = match begun {
            Ok((line, granted)) => self.say_watching(request, &line, granted, out),
            Err(no) => self.say_no(request, no, out),
        };
        self.remember(request, key, status, out);
        Written::ToProven
    }

    /// Begins a subscription, if it may be: the number that is watched, and for how long.
    fn begin_watching(
        &self,
        office: &Office,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        watcher: ExtensionId,
        (event, wished): (Event<'_>, Option<u32>),
    ) -> Result<(Box<str>, Seconds), No> {
        if !self.is_registered_here(watcher) {
            return Err(REGISTER_FIRST);
        }
        let number = super::proof::text(essentials.uri.user_decoded().unwrap_or_default());
        let watched = Number::parse(&number)
            .and_then(|number| self.sip.system.ledger.extension_numbered(office.domain.id, &number))
            .ok_or((404, "Not Found"))?;
        if event.package == Package::MessageSummary && watched.id != watcher {
            return Err((403, "Forbidden"));
        }
        if !event.package.is_accepted(&request.fields) {
            return Err((406, "Not Acceptable"));
        }
        let granted = granted(wished)?;
        if self.sip.passages.len() >= PASSAGES_MAX {
            return Err(OUT_OF_ROOM);
        }
        let mut subscription = self.subscription(request, essentials, (watcher, watched.id), event)?;
        subscription.expires_at = self.now.after(granted);
        // What lasts no time is told once (section 4.4.3).
        subscription.ending = (granted == Seconds(0)).then_some(Ending::Timeout);
        let package = subscription.package;
        self.sip.follow(package, watched.id);
        self.sip.events.begin(subscription).map_err(|full| match full {
            Full::House => OUT_OF_ROOM,
            Full::Phone => (403, "Too Many Subscriptions"),
        })?;
        // It may have been let go in between: nobody watched it yet.
        self.sip.follow(package, watched.id);
        Ok((watched.number.as_str().into(), granted))
    }

    fn subscription(
        &self,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        ends: (ExtensionId, ExtensionId),
        event: Event<'_>,
    ) -> Result<Subscription, No> {
        let fields = &request.fields;
        let bad = (400, "Bad Request");
        let (Ok(call_id), Ok(from), Ok(to)) = (fields.call_id(), fields.from(), fields.to()) else {
            return Err(bad);
        };
        let target = request.target().ok_or((400, "Missing Contact"))?;
        let tag = self.tag(request);
        let dialog = DialogId { call_id, remote_tag: from.tag.ok_or((400, "Missing Tag"))?, local_tag: &tag };
        // Section 12.1.1 of RFC 3261: in the order in which they stand.
        let rows: Vec<&[u8]> = fields.all(HeaderName::RecordRoute).map(|(value, _)| value).collect();
        let routes = rows.join(&b", "[..]);
        let host = match essentials.uri.host {
            Some(Host::Name(name)) => String::from_utf8_lossy(name).into_owned(),
            Some(Host::Address(address)) if address.is_ipv6() => format!("[{address}]"),
            Some(Host::Address(address)) => address.to_string(),
            None => return Err(bad),
        };
        let kept = [call_id, dialog.remote_tag, from.uri.raw(), to.uri.raw(), target, &routes, event.id];
        if kept.iter().map(|text| text.len()).sum::<usize>() + host.len() > KEPT_MAX {
            return Err((400, "Too Long"));
        }
        let flow = self.flow_back(request);
        let mut subscription = Subscription::new((event.package, event.id), ends, dialog, flow, self.now);
        subscription.host = host.into();
        subscription.remote_uri = from.uri.raw().into();
        subscription.local_uri = to.uri.raw().into();
        subscription.target = target.into();
        subscription.routes = routes.into();
        subscription.remote_cseq = essentials.cseq.number;
        Ok(subscription)
    }

    /// A subscription is to go on, or to end (section 4.2.1.4).
    fn subscribe_again(
        &mut self,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        (dialog, event, wished): (DialogId<'_>, Event<'_>, Option<u32>),
        key: PassageKey,
        out: &mut Vec<u8>,
    ) -> Written {
        let (here, now) = (self.flow_back(request), self.now);
        let (peer, transport) = (self.peer, self.transport);
        let known = self.sip.events.with(dialog, now, |known| Known {
            watcher: known.watcher,
            is_here: known.flow.transport == transport
                && (known.flow.peer == peer || known.flow.peer == here.peer),
            is_same_event: known.package == event.package && *known.id == *event.id,
            is_newer: essentials.cseq.number > known.remote_cseq,
        });
        let Some(known) = known else {
            self.say_no(request, NOT_THERE, out);
            return Written::ToAnybody;
        };
        if !known.is_here
            && let Err(written) = self.prove_watcher(request, essentials, known.watcher, out)
        {
            return written;
        }
        let renewed = if !known.is_same_event {
            Err(BAD_EVENT)
        } else if !known.is_newer {
            // Section 12.2.2 of RFC 3261.
            Err(TOO_LATE)
        } else if !self.is_registered_here(known.watcher) {
            Err(REGISTER_FIRST)
        } else {
            granted(wished)
        };
        let renewed = renewed.and_then(|granted| {
            let watched = self.sip.events.with(dialog, now, |known| {
                known.flow = here;
                known.remote_cseq = essentials.cseq.number;
                known.expires_at = now.after(granted);
                known.ending = (granted == Seconds(0)).then_some(Ending::Timeout);
                if let Some(target) = request.target().filter(|target| target.len() <= KEPT_MAX) {
                    known.target = target.into();
                }
                known.watched
            });
            let watched = self.sip.system.ledger.extension(watched.ok_or(NOT_THERE)?).ok_or(NOT_THERE)?;
            self.sip.events.mark(dialog);
            Ok((watched, granted))
        });
        let status = match renewed {
            Ok((watched, granted)) => self.say_watching(request, watched.number.as_str(), granted, out),
            Err(no) => self.say_no(request, no, out),
        };
        self.remember(request, key, status, out);
        Written::ToProven
    }

    /// A phone that has moved proves to be the one that subscribed.
    fn prove_watcher(
        &mut self,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        watcher: ExtensionId,
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
            if shown.extension() == Some(watcher) {
                self.sip.system.metrics.signed_in(LoginInterface::SipRegistration, &shown.judged.verdict);
                return Ok(());
            }
            let written = if matches!(shown.judged.verdict, Verdict::Accept(_)) {
                // A right proof, of somebody else.
                self.forbidden(request, out);
                Written::ToAnybody
            } else {
                self.refuse_proof(request, &office.domain, &PROXY, &shown.judged.verdict, out)
            };
            Err(self.conclude(request, shown.judged, written))
        });
        self.scratch.office = Some(office);
        proven
    }

    /// 200: the line is watched from now on.
    fn say_watching(&self, request: &Request<'_>, line: &str, granted: Seconds, out: &mut Vec<u8>) -> u16 {
        let flow = self.flow_back(request);
        let sent_by = self.sip.flows.sent_by(&flow).unwrap_or_default();
        let mut answer = self.start(out, request, 200, "OK");
        answer
            .copy(HeaderName::RecordRoute, request)
            .number(HeaderName::Expires, u64::from(granted.0))
            .header(HeaderName::Contact, contact(line, &sent_by, flow.transport.name()).as_bytes());
        answer.finish();
        200
    }

    fn say_no(&self, request: &Request<'_>, (status, reason): No, out: &mut Vec<u8>) -> u16 {
        let mut answer = self.start(out, request, status, reason);
        match status {
            406 => {
                let kinds = Package::ALL.iter().map(|package| package.content_type().as_bytes());
                answer.list(HeaderName::Accept, kinds);
            }
            423 => {
                answer.number(HeaderName::MinExpires, u64::from(EXPIRES_MIN));
            }
            489 => {
                let names = Package::ALL.iter().map(|package| package.name().as_bytes());
                answer.list(HeaderName::AllowEvents, names);
            }
            _ => {}
        }
        answer.finish();
        status
    }

    /// What was answered is answered again when the request comes again: the proof in it is good for once.
    fn remember(&self, request: &Request<'_>, key: PassageKey, status: u16, answer: &[u8]) {
        let here = self.flow_back(request);
        // Over a stream nothing comes again.
        if here.is_reliable() || self.sip.passages.len() >= PASSAGES_MAX {
            return;
        }
        let mut passage =
            Passage::new(Relay::new(Kind::Other, false, Times::STANDARD, self.now.0), Some(here));
        passage.relay.answered(status, self.now.0, &mut Vec::new());
        // It is said by other means now.
        passage.say(Some(Bytes::copy_from_slice(answer)), &mut Vec::new());
        self.sip.passages.insert(key, passage);
    }
}

/// The dialog that a request is within, as the subscriber sees it.
fn dialog_of<'a>(request: &Request<'a>) -> Option<DialogId<'a>> {
    let fields = &request.fields;
    let local_tag = fields.tag_of_to()?;
    let remote_tag = fields.tag_of_from().unwrap_or_default();
    Some(DialogId { call_id: fields.call_id().ok()?, remote_tag, local_tag })
}

/// For how long, of what is wished for (section 4.2.1.1).
const fn granted(wished: Option<u32>) -> Result<Seconds, No> {
    match wished {
        None => Ok(Seconds(EXPIRES_MAX)),
        Some(0) => Ok(Seconds(0)),
        Some(wished) if wished < EXPIRES_MIN => Err(TOO_BRIEF),
        Some(wished) if wished > EXPIRES_MAX => Ok(Seconds(EXPIRES_MAX)),
        Some(wished) => Ok(Seconds(wished)),
    }
}
