//! Answering: calls that end here, at a station of our own (RFC 3261 sections 13.3 and 15, RFC 3264).
//!
//! A call that is answered here is a call like any other: who is called has a tag, and requests within it come by the same way.
//! They end at the station instead of at a phone.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;
use signin::dice::roll;
use tokio::sync::mpsc::{Sender, channel};
use wire::{
    sdp::{Agreed, Direction, Local, Offer},
    sip::{AnswerWriter, HeaderName, Method, Request, dtmf},
};

use super::{
    Desk, SipInterface, Written,
    calls::CallKey,
    flows::{Flow, Outgoing},
};
use crate::{
    dice::OsDice,
    media::{
        self,
        station::{EVENTS_MAX, Event, Line, Opening, Station},
    },
};

/// Calls that are answered here at the same time at most.
pub(super) const STATIONS_MAX: usize = 2000;

/// The stations that talk now, by their calls.
#[derive(Debug, Default)]
pub(super) struct Stations(Mutex<HashMap<CallKey, Known>>);

/// What is known of a station.
#[derive(Clone, Debug)]
struct Known {
    events: Sender<Event>,
    local: Local,
}

/// The request that a station answers, and where from.
pub(super) struct Asked<'r, 'a> {
    pub(super) request: &'r Request<'a>,
    pub(super) peer: SocketAddr,
    pub(super) flow: Flow,
    pub(super) call: CallKey,
    /// The tag of our end.
    pub(super) tag: &'r [u8],
    /// What is said beside the number, for a phone to show.
    pub(super) reason: &'r str,
}

impl Stations {
    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// The call of a station is over, if there is one.
    pub(super) fn hang_up(&self, call: CallKey) {
        self.tell(call, Event::HungUp);
    }

    /// Tells a station what happened; `false` where there is none, or it takes nothing.
    fn tell(&self, call: CallKey, event: Event) -> bool {
        let events = self.0.lock().get(&call).map(|known| known.events.clone());
        events.is_some_and(|events| events.try_send(event).is_ok())
    }
}

/// A station's way to its call.
struct StationLine {
    sip: Arc<SipInterface>,
    call: CallKey,
    to: Flow,
}

impl Line for StationLine {
    fn say(&self, answer: &Bytes) {
        self.sip.flows.send(&Outgoing { to: self.to, bytes: answer.clone() });
    }

    fn hang_up(&self) {
        self.sip.end(self.call);
    }

    fn caller(&self) -> std::net::IpAddr {
        self.to.peer.ip()
    }

    fn now(&self) -> signin::timestamp::Timestamp {
        self.sip.system.clock.now()
    }

    fn gone(&self) {
        self.sip.stations.0.lock().remove(&self.call);
    }
}

impl SipInterface {
    /// Answers a call here: writes the answer into `out`, and a station talks from now on.
    pub(super) fn answer_here(
        self: &Arc<Self>,
        asked: &Asked<'_, '_>,
        opening: Opening,
        out: &mut Vec<u8>,
    ) -> Result<(), (u16, &'static str)> {
        if self.stations.len() >= STATIONS_MAX {
            return Err((486, "Busy Here"));
        }
        let fault = (500, "Server Internal Error");
        let sent_by = self.flows.sent_by(&asked.flow).ok_or(fault)?;
        let ours: SocketAddr = sent_by.parse().map_err(|_| fault)?;
        let ports = self.system.config().config.sip.media_ports;
        let socket = media::open(ours.ip(), ports, &mut OsDice).map_err(|error| {
            tracing::warn!(%error, "no port for a call's media could be opened");
            fault
        })?;
        let port = socket.local_addr().map_err(|_| fault)?.port();
        let session_id = u64::from(u32::from_le_bytes(roll(&mut OsDice)));
        let local =
            Local { address: ours.ip(), port, session_id, version: 1, direction: Direction::SendRecv };
        let agreed = write_answer(asked, &local, &sent_by, out)?;
        let (events, received) = channel(EVENTS_MAX);
        let line = StationLine { sip: Arc::clone(self), call: asked.call, to: asked.flow };
        let answer = (agreed, Bytes::copy_from_slice(out));
        // Threads that read datagrams are not of the runtime.
        let runtime = self.runtime.as_ref().ok_or(fault)?;
        let _inside = runtime.enter();
        let station =
            Station::new(line, opening, socket, answer, received, &mut OsDice).map_err(|_| fault)?;
        self.stations.0.lock().insert(asked.call, Known { events, local });
        runtime.spawn(station.run());
        Ok(())
    }
}

/// Writes 200 with what media are agreed on.
fn write_answer(
    asked: &Asked<'_, '_>,
    local: &Local,
    sent_by: &str,
    out: &mut Vec<u8>,
) -> Result<Agreed, (u16, &'static str)> {
    let request = asked.request;
    let mut sdp = Vec::new();
    let offer = Offer::parse(request.fields.body).map_err(|_| (488, "Not Acceptable Here"))?;
    let agreed = offer.answer(local, &mut sdp).map_err(|_| (488, "Not Acceptable Here"))?;
    let mut answer = AnswerWriter::start(out, request, 200, asked.reason.as_bytes(), asked.peer, asked.tag);
    let transport = asked.flow.transport.name();
    answer
        .copy(HeaderName::RecordRoute, request)
        .header(HeaderName::Contact, format!("<sip:{sent_by};transport={transport}>").as_bytes())
        .list(HeaderName::Allow, WITHIN.iter().map(Method::as_bytes));
    answer.finish_with(b"application/sdp", &sdp);
    Ok(agreed)
}

/// What a station understands within its call.
const WITHIN: [Method<'static>; 6] =
    [Method::Invite, Method::Ack, Method::Bye, Method::Cancel, Method::Info, Method::Update];

impl Desk<'_> {
    /// A request within a call that was answered here.
    pub(super) fn at_station(&mut self, request: &Request<'_>, call: CallKey, out: &mut Vec<u8>) -> Written {
        match request.method {
            Method::Ack => {
                self.sip.stations.tell(call, Event::Acknowledged);
                return Written::Nothing;
            }
            Method::Bye => {
                self.sip.stations.tell(call, Event::HungUp);
                self.start(out, request, 200, "OK").finish();
            }
            Method::Info => {
                let kind = request.fields.first(HeaderName::ContentType).unwrap_or_default();
                match dtmf::read(kind, request.fields.body) {
                    Ok(press) => {
                        self.sip.stations.tell(call, Event::Key(press));
                        self.start(out, request, 200, "OK").finish();
                    }
                    Err(dtmf::DtmfError::ContentType) => {
                        self.start(out, request, 415, "Unsupported Media Type").finish();
                    }
                    Err(_) => {
                        self.start(out, request, 400, "No Such Key").finish();
                    }
                }
            }
            Method::Invite | Method::Update => self.agree_anew(request, call, out),
            Method::Register
            | Method::Cancel
            | Method::Options
            | Method::Subscribe
            | Method::Notify
            | Method::Message
            | Method::Publish
            | Method::Refer
            | Method::Prack
            | Method::Other(_) => {
                let mut answer = self.start(out, request, 405, "Method Not Allowed");
                answer.list(HeaderName::Allow, WITHIN.iter().map(Method::as_bytes));
                answer.finish();
            }
        }
        Written::ToProven
    }

    /// Media are agreed on anew: held, taken up again, moved (RFC 3264 section 8).
    fn agree_anew(&mut self, request: &Request<'_>, call: CallKey, out: &mut Vec<u8>) {
        let flow = self.flow_back(request);
        let known = {
            let mut stations = self.sip.stations.0.lock();
            stations.get_mut(&call).map(|known| {
                known.local.version += 1;
                known.clone()
            })
        };
        let there = known.zip(self.sip.flows.sent_by(&flow));
        let Some((known, sent_by)) = there else {
            self.start(out, request, 481, "Call/Transaction Does Not Exist").finish();
            return;
        };
        let tag = self.tag(request);
        let asked = Asked { request, peer: self.peer, flow, call, tag: &tag, reason: "OK" };
        match write_answer(&asked, &known.local, &sent_by, out) {
            Ok(agreed) => {
                let event = Event::Agreed(agreed, Bytes::copy_from_slice(out));
                self.sip.stations.tell(call, event);
            }
            Err((status, reason)) => {
                self.start(out, request, status, reason).finish();
            }
        }
    }
}
