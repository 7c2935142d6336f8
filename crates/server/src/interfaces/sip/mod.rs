//! SIP: phones register (RFC 3261 section 10 and its companions), call each other (section 16) and watch lines (RFC 6665).
//!
//! Nothing is remembered of a request that was not proven. One [`Answerer`] a thread or connection reads a message, writes its
//! answer into a buffer that is used again, and puts what goes to others into its outbox; nothing here waits.

mod answering;
mod answers;
mod bindings;
mod calls;
mod endings;
mod events;
mod flows;
pub mod kept;
mod lines;
mod notifying;
mod office;
mod passages;
mod proof;
mod proxy;
mod registrar;
mod services;
mod subscribing;
mod ways;

use std::{net::SocketAddr, sync::Arc};

use foldhash::quality::RandomState;
use parking_lot::Mutex;
use signin::{
    digest::RequestHashes,
    ident::{DomainId, ExtensionId},
    interface::LoginInterface,
    records::Records as _,
    registration::Transport,
    timestamp::{Seconds, Timestamp},
    verdict::Verdict,
};
use store::{AHEAD, fault};
use tokio::runtime::Handle;
use wire::sip::{
    Datagram, Essentials, Glance, HeaderName, Headers, Host, Malformed, Message, Method, Request, Unfit, Uri,
    classify,
    date::{self, DATE_LENGTH},
    glance,
    register::EXTENSIONS,
    relay::Act,
    stream::StreamError,
    stun,
};

use self::{answering::Stations, events::Events, flows::Flows, office::Office, passages::Passages};
pub use self::{
    calls::{Call, Calls, Party},
    flows::{Flow, Outgoing, StreamPlace},
};
use crate::{flow::Judged, metrics::SipCounters, system::System};

/// The methods that are served.
const METHODS: [Method<'static>; 13] = [
    Method::Register,
    Method::Options,
    Method::Invite,
    Method::Ack,
    Method::Cancel,
    Method::Bye,
    Method::Message,
    Method::Update,
    Method::Prack,
    Method::Info,
    Method::Refer,
    Method::Notify,
    Method::Subscribe,
];
/// Those that end here, outside of any call.
const ENDS: [Method<'static>; 2] = [Method::Register, Method::Options];
/// An answer that nobody has proven to have asked for is at most this many times the request.
const AMPLIFICATION_MAX: usize = 2;
/// Locks that keep two changes of one extension's bindings apart.
const STRIPES: usize = 256;

/// What all threads that answer phones share.
#[derive(Debug)]
pub struct SipInterface {
    system: Arc<System>,
    /// Makes tags: the same request gets the same one (section 8.2.7), and others others.
    tags: RandomState,
    /// Makes the prints of requests by which a phone is known to say the same again.
    prints: RandomState,
    stripes: Box<[Mutex<()>]>,
    /// The ways to phones.
    pub flows: Arc<Flows>,
    passages: Passages,
    stations: Stations,
    events: Events,
    /// Where stations talk; none where nothing is served (measurements of the code alone).
    runtime: Option<Handle>,
}

/// A message, and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// All of it.
    pub bytes: &'a [u8],
    /// Who sent it, by the socket's word.
    pub peer: SocketAddr,
    /// When.
    pub now: Timestamp,
}

/// What comes of a message.
#[derive(Debug)]
pub enum Said {
    /// Nothing is said.
    Nothing,
    /// The answer is in the buffer.
    Answer {
        /// Where it goes, over UDP.
        to: SocketAddr,
    },
    /// The answer is said when what it stands for rests on disk.
    Later(Later),
}

/// An answer that waits for the disk.
#[derive(Debug)]
pub struct Later {
    judged: Judged,
    good: Vec<u8>,
    bad: Vec<u8>,
    to: SocketAddr,
}

/// Reads messages and writes answers; one a thread or connection.
#[derive(Debug)]
pub struct Answerer {
    sip: Arc<SipInterface>,
    transport: Transport,
    headers: Headers,
    scratch: Scratch,
    counters: SipCounters,
    registered_for: Seconds,
    acts: Vec<Act>,
    outbox: Vec<Outgoing>,
}

/// What is worked out for one message and good for the next.
#[derive(Debug)]
struct Scratch {
    request_hashes: RequestHashes,
    /// A second since 1970, and how it is written.
    date: (u64, [u8; DATE_LENGTH]),
    /// The one that was asked last.
    office: Option<Office>,
}

impl Scratch {
    fn new() -> Self {
        Self {
            request_hashes: RequestHashes::new(Method::Register.as_bytes()),
            date: (0, date::write(0)),
            office: None,
        }
    }

    fn date(&mut self, now: Timestamp) -> [u8; DATE_LENGTH] {
        if self.date.0 != now.as_secs() {
            self.date = (now.as_secs(), date::write(now.as_secs()));
        }
        self.date.1
    }
}

/// What the rules need to know while one request is answered.
struct Desk<'d> {
    sip: &'d Arc<SipInterface>,
    scratch: &'d mut Scratch,
    transport: Transport,
    peer: SocketAddr,
    now: Timestamp,
    /// Bytes of the request.
    length: usize,
    /// Bytes that an answer may have before anybody has proven to be there.
    room: usize,
    /// What the machine of a passage says, while it is done.
    acts: &'d mut Vec<Act>,
    /// What goes to others.
    outbox: &'d mut Vec<Outgoing>,
    /// How long a phone was registered for by this request.
    registered_for: Seconds,
}

/// What a rule wrote.
enum Written {
    /// Nothing.
    Nothing,
    /// An answer to somebody who may be anybody.
    ToAnybody,
    /// An answer to somebody who has proven to be there.
    ToProven,
    /// One that waits for the disk, in two wordings: the one in the buffer, and `bad` if the disk fails.
    AfterDisk {
        judged: Judged,
        bad: Vec<u8>,
        /// Whether it is to somebody who has proven to be there.
        is_proven: bool,
    },
}

impl SipInterface {
    /// The interface of a system.
    pub fn new(system: Arc<System>) -> Arc<Self> {
        let stripes = (0..STRIPES).map(|_| Mutex::new(())).collect();
        Arc::new(Self {
            system,
            tags: RandomState::default(),
            prints: RandomState::default(),
            stripes,
            flows: Flows::new(),
            passages: Passages::new(),
            stations: Stations::default(),
            events: Events::new(),
            runtime: Handle::try_current().ok(),
        })
    }

    /// Time has passed: what was not answered is sent again or given up.
    pub fn tick(self: &Arc<Self>) {
        let now = self.system.clock.now();
        let mut out = Vec::new();
        for (passage, outcome) in self.passages.tick(now, &mut out) {
            self.unanswered(passage, outcome, now, &mut out);
        }
        self.tell_watchers(now, &mut out);
        for outgoing in &out {
            self.flows.send(outgoing);
        }
    }

    /// Forgets what is long over.
    pub fn sweep(&self) {
        for silent in self.system.calls.sweep(self.system.clock.now()) {
            self.over(&silent);
        }
        self.sweep_watchers();
    }

    /// What it belongs to.
    pub const fn system(&self) -> &Arc<System> {
        &self.system
    }

    fn stripe(&self, extension: ExtensionId) -> Option<&Mutex<()>> {
        let stripe = usize::try_from(extension.0).unwrap_or(0) % STRIPES;
        self.stripes.get(stripe)
    }

    /// Sees to it that what is known of these phones is at hand when they are answered: of several together it is
    /// waited for at once.
    pub fn look_ahead<'a>(&self, datagrams: impl Iterator<Item = &'a [u8]>) {
        let mut phones = [None; AHEAD];
        // The phones of an office all name the same.
        let mut known = (&b""[..], DomainId::FIRST);
        for (phone, bytes) in phones.iter_mut().zip(datagrams) {
            let Some(Glance { host, user }) = glance(bytes) else { continue };
            if host != known.0 {
                known = (host, self.domain_named(host));
            }
            *phone = std::str::from_utf8(user).ok().map(|user| (known.1, user));
        }
        self.system.ledger.look_ahead(phones);
    }

    /// The organisation that a URI means.
    fn domain_of(&self, uri: &Uri<'_>) -> DomainId {
        match uri.host {
            Some(Host::Name(name)) => self.domain_named(name),
            Some(Host::Address(address)) => self.system.ledger.domain_of_host(&address.to_string()),
            None => DomainId::FIRST,
        }
    }

    /// Host names are compared without case; nearly all come in lower case already.
    fn domain_named(&self, host: &[u8]) -> DomainId {
        match std::str::from_utf8(host) {
            Ok(name) if name.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                self.system.ledger.domain_of_host(&name.to_ascii_lowercase())
            }
            Ok(name) => self.system.ledger.domain_of_host(name),
            Err(_) => DomainId::FIRST,
        }
    }
}

impl Answerer {
    /// For messages that come by one transport.
    pub fn new(sip: &Arc<SipInterface>, transport: Transport) -> Self {
        Self {
            sip: Arc::clone(sip),
            transport,
            headers: Headers::new(),
            scratch: Scratch::new(),
            counters: sip.system.metrics.sip(transport),
            registered_for: Seconds(0),
            acts: Vec::new(),
            outbox: Vec::new(),
        }
    }

    /// What goes to others because of what came; to be sent before anything else is read.
    pub const fn outbox(&mut self) -> &mut Vec<Outgoing> {
        &mut self.outbox
    }

    /// How long the last message registered a phone for; its connection should live as long.
    pub const fn registered_for(&self) -> Seconds {
        self.registered_for
    }

    /// Reads a datagram and writes its answer into `out`: a SIP message, a question for one's own address (STUN,
    /// RFC 5626 section 4.4.2), a sign of life, or nothing of ours.
    pub fn datagram(&mut self, received: Received<'_>, out: &mut Vec<u8>) -> Said {
        fault::at("sip.datagram");
        let said = match classify(received.bytes) {
            Datagram::Sip => return self.message(received, out),
            Datagram::Stun => match stun::answer(received.bytes, received.peer, out) {
                Ok(()) => Said::Answer { to: received.peer },
                Err(_) => Said::Nothing,
            },
            // Over UDP a sign of life is not answered (RFC 5626 section 4.4.1 is about streams).
            Datagram::Ping | Datagram::KeepAlive => return Said::Nothing,
            Datagram::Garbage => {
                self.counters.malformed.inc();
                Said::Nothing
            }
        };
        self.counters.received.inc();
        self.count(&said);
        said
    }

    /// Reads one SIP message and writes its answer into `out`.
    pub fn message(&mut self, received: Received<'_>, out: &mut Vec<u8>) -> Said {
        self.counters.received.inc();
        // Whoever forges the sender of a datagram must not gain by it. No phone's request is so short.
        let room = match self.transport {
            Transport::Udp => received.bytes.len().saturating_mul(AMPLIFICATION_MAX),
            Transport::Tcp | Transport::Tls | Transport::Wss => usize::MAX,
        };
        let mut desk = Desk {
            sip: &self.sip,
            scratch: &mut self.scratch,
            transport: self.transport,
            peer: received.peer,
            now: received.now,
            length: received.bytes.len(),
            room,
            acts: &mut self.acts,
            outbox: &mut self.outbox,
            registered_for: Seconds(0),
        };
        let (written, to) = match Message::parse(received.bytes, &mut self.headers) {
            Ok(message) if self.transport == Transport::Wss && message.fields().is_followed() => {
                self.counters.malformed.inc();
                (
                    message.request().map_or(Written::Nothing, |one| desk.more_than_one(one, out)),
                    received.peer,
                )
            }
            Ok(Message::Response(response)) => {
                desk.response(&response);
                (Written::Nothing, received.peer)
            }
            Ok(Message::Request(request)) => (desk.answer(&request, out), request.answer_to(received.peer)),
            Err(wrong) => {
                self.counters.malformed.inc();
                match Request::salvage(received.bytes, &mut self.headers) {
                    Some(request) => {
                        (desk.malformed(&request, &wrong, out), request.answer_to(received.peer))
                    }
                    None => (Written::Nothing, received.peer),
                }
            }
        };
        fault::at("sip.answer");
        self.registered_for = desk.registered_for;
        let is_proven = match &written {
            Written::ToProven => true,
            Written::AfterDisk { is_proven, .. } => *is_proven,
            Written::Nothing | Written::ToAnybody => false,
        };
        if !is_proven && out.len() > room {
            if !matches!(written, Written::Nothing) {
                self.counters.withheld.inc();
            }
            return self.withhold(written);
        }
        let said = match written {
            Written::Nothing => Said::Nothing,
            Written::ToAnybody | Written::ToProven => Said::Answer { to },
            Written::AfterDisk { judged, mut bad, .. } => {
                if !is_proven && bad.len() > room {
                    bad.clear();
                }
                Said::Later(Later { judged, good: out.clone(), bad, to })
            }
        };
        self.count(&said);
        said
    }

    /// The answer to what is left on a stream that cannot be cut into messages any more, if there can be one.
    pub fn broken(&mut self, received: Received<'_>, error: StreamError, out: &mut Vec<u8>) -> Said {
        self.counters.malformed.inc();
        let said = match Request::salvage(received.bytes, &mut self.headers) {
            Some(request) => {
                let desk = Desk {
                    sip: &self.sip,
                    scratch: &mut self.scratch,
                    transport: self.transport,
                    peer: received.peer,
                    now: received.now,
                    length: received.bytes.len(),
                    room: usize::MAX,
                    acts: &mut self.acts,
                    outbox: &mut self.outbox,
                    registered_for: Seconds(0),
                };
                let (status, reason) = error.answer();
                desk.start(out, &request, status, reason).finish();
                Said::Answer { to: received.peer }
            }
            None => Said::Nothing,
        };
        self.count(&said);
        said
    }

    /// What was counted must be concluded, also when nobody is told.
    fn withhold(&self, written: Written) -> Said {
        match written {
            Written::AfterDisk { judged, .. } => {
                Said::Later(Later { judged, good: Vec::new(), bad: Vec::new(), to: ([0, 0, 0, 0], 0).into() })
            }
            Written::Nothing | Written::ToAnybody | Written::ToProven => {
                self.counters.dropped.inc();
                Said::Nothing
            }
        }
    }

    fn count(&self, said: &Said) {
        match said {
            Said::Nothing => self.counters.dropped.inc(),
            Said::Answer { .. } | Said::Later(_) => self.counters.answered.inc(),
        };
    }
}

impl Later {
    /// Waits for the disk; then the answer and where it goes. An empty answer is not sent.
    pub async fn wait(self, system: &System) -> (Vec<u8>, SocketAddr) {
        let verdict = system.conclude(LoginInterface::SipRegistration, self.judged).await;
        (if matches!(verdict, Verdict::Unavailable) { self.bad } else { self.good }, self.to)
    }
}

impl Desk<'_> {
    /// Whose business a request is: the registrar's, a subscription's, a call's, or the proxy's.
    fn answer(&mut self, request: &Request<'_>, out: &mut Vec<u8>) -> Written {
        let essentials = request.essentials();
        let essentials = match &essentials {
            Ok(essentials) => essentials,
            Err(wrong) => return self.malformed(request, wrong, out),
        };
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "whose business a method is, is said by its tag before its name"
        )]
        match request.method {
            Method::Register => self.at_server(request, essentials, out),
            Method::Cancel => self.cancel(request, out),
            Method::Subscribe => self.subscribe(request, essentials, out),
            // Section 12.2: what has both tags is within something.
            _ if request.fields.tag_of_to().is_some() => self.within(request, essentials, out),
            Method::Invite | Method::Message => match request.unfit_scheme(&essentials.uri) {
                None => self.begin(request, essentials, out),
                Some(unfit) => self.say_unfit(request, unfit, out),
            },
            _ => self.at_server(request, essentials, out),
        }
    }

    /// Section 8.2: what a server looks at, in this order.
    fn at_server(
        &mut self,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        out: &mut Vec<u8>,
    ) -> Written {
        // Section 17: an ACK is never answered.
        if request.method == Method::Ack {
            return Written::Nothing;
        }
        match request.unfit_for(&essentials.uri, &ENDS, &EXTENSIONS) {
            Some(Unfit::MethodNotAllowed) => self.not_served(request, essentials, out),
            Some(unfit) => self.say_unfit(request, unfit, out),
            None if request.method == Method::Register => self.register(request, essentials, out),
            None => self.options(request, out),
        }
    }

    fn say_unfit(&self, request: &Request<'_>, unfit: Unfit, out: &mut Vec<u8>) -> Written {
        let (status, reason) = unfit.answer();
        let mut answer = self.start(out, request, status, reason);
        if unfit == Unfit::BadExtension {
            answer.list(HeaderName::Unsupported, wire::sip::register::unsupported(request));
        }
        answer.finish();
        Written::ToAnybody
    }

    /// The organisation that a URI means; the one that was asked last is at hand. `None` before ignition.
    fn take_office(&mut self, uri: &Uri<'_>) -> Option<Office> {
        let last = self.scratch.office.take().filter(|last| last.is_meant(uri, self.sip));
        last.or_else(|| Office::of(uri, self.sip))
    }

    /// Section 11.2: what we can do. The same for every name, so that nobody learns which there are.
    fn options(&self, request: &Request<'_>, out: &mut Vec<u8>) -> Written {
        let mut answer = self.start(out, request, 200, "OK");
        answer
            .list(HeaderName::Allow, METHODS.iter().map(Method::as_bytes))
            .header(HeaderName::Accept, b"application/sdp")
            .list(HeaderName::Supported, EXTENSIONS.iter().map(|extension| extension.as_bytes()));
        answer.finish();
        Written::ToAnybody
    }

    /// Methods that are not served.
    fn not_served(&self, request: &Request<'_>, essentials: &Essentials<'_>, out: &mut Vec<u8>) -> Written {
        match request.method {
            // Section 12.2.2: it has no tag, so it belongs to nothing.
            Method::Cancel | Method::Bye => return self.no_such_call(request, out),
            // Section 16.3, step 3: whatever goes on to somebody else must be able to.
            _ if essentials.max_forwards == Some(0) && essentials.uri.user.is_some() => {
                self.start(out, request, 483, "Too Many Hops").finish();
            }
            // Section 21.5.2.
            Method::Other(_) => {
                self.start(out, request, 501, "Not Implemented").finish();
            }
            // Section 8.2.1.
            Method::Register
            | Method::Invite
            | Method::Ack
            | Method::Options
            | Method::Subscribe
            | Method::Notify
            | Method::Message
            | Method::Publish
            | Method::Refer
            | Method::Info
            | Method::Prack
            | Method::Update => {
                let mut answer = self.start(out, request, 405, "Method Not Allowed");
                answer.list(HeaderName::Allow, METHODS.iter().map(Method::as_bytes));
                answer.finish();
            }
        }
        Written::ToAnybody
    }

    /// RFC 7118 section 5.2: a WebSocket message is one SIP message. Where there are more, none is carried out: which of them was
    /// meant is anybody's guess.
    fn more_than_one(&self, request: &Request<'_>, out: &mut Vec<u8>) -> Written {
        if !request.is_answerable() {
            return Written::Nothing;
        }
        self.start(out, request, 400, "More Than One Message").finish();
        Written::ToAnybody
    }

    /// A request that breaks a rule is told which, where it can be told at all.
    fn malformed(&self, request: &Request<'_>, wrong: &Malformed, out: &mut Vec<u8>) -> Written {
        if !request.is_answerable() {
            return Written::Nothing;
        }
        self.start(out, request, wrong.status(), wrong.reason()).finish();
        Written::ToAnybody
    }
}
