//! How calls end: nobody answers, one of the two hangs up, or we do (an administrator, a station of ours).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use signin::timestamp::Timestamp;
use wire::sip::{
    AnswerWriter, HeaderName, Headers, Request, RequestWriter, Times,
    relay::{Kind, Relay},
};

use super::{
    SipInterface,
    answering::Asked,
    calls::{Call, CallKey, Party},
    flows::Outgoing,
    passages::{Branch, Outcome, Passage, PassageKey, branch},
};
use crate::{attendant, media::station::Opening};

/// How long phones have to answer when the program stops.
const PARTING: Duration = Duration::from_millis(200);
/// How long stations have to end then.
const PARTING_MAX: Duration = Duration::from_secs(3);

impl SipInterface {
    /// No phone has answered: somebody else does, where there is somebody; else the call is over.
    pub(super) fn unanswered(
        self: &Arc<Self>,
        passage: PassageKey,
        outcome: Outcome,
        now: Timestamp,
        out: &mut Vec<Outgoing>,
    ) {
        let Outcome { call, status, otherwise } = outcome;
        if let Some(request) = otherwise {
            let opening = self.system.calls.with(call, |call| attendant::mailbox_of(&self.system, call));
            if let Some(opening) = opening.flatten()
                && self.answer_passage(passage, call, &request, opening, "OK", out)
            {
                return;
            }
            self.passages.with(passage, |passage| passage.refused_after_all(status, now, out));
        }
        self.system.calls.with(call, |call| {
            if call.over_at.is_none() && call.answered_at.is_none() {
                call.over_at = Some(now);
                self.over(call);
            }
        });
    }

    /// Answers here a request that is on its way already; `false` where that cannot be, and nothing was said.
    pub(super) fn answer_passage(
        self: &Arc<Self>,
        passage: PassageKey,
        call: CallKey,
        request: &[u8],
        opening: Opening,
        reason: &str,
        out: &mut Vec<Outgoing>,
    ) -> bool {
        let now = self.system.clock.now();
        let told = self.passages.with(passage, |passage| (passage.from, passage.tag));
        let Some((Some(flow), tag)) = told else { return false };
        let mut headers = Headers::new();
        let Ok(request) = Request::parse(request, &mut headers) else { return false };
        let asked = Asked { request: &request, peer: flow.peer, flow, call, tag: &tag, reason };
        let mut answer = Vec::new();
        if let Err((status, reason)) = self.answer_here(&asked, opening, &mut answer) {
            tracing::debug!(status, reason, "a call could not be answered here");
            return false;
        }
        let answer = Bytes::from(answer);
        // Dialogs of phones that did not answer end with the answer; ours is the one that counts.
        self.system.calls.with(call, |call| {
            let ours = Party {
                phone: call.caller.phone,
                extension: call.caller.extension,
                number: call.dialled.clone(),
                tag: tag.into(),
                flow,
                target: Box::default(),
                cseq: 0,
                has_answered: true,
                has_ended: false,
                is_ours: true,
            };
            call.heard(ours, now);
            self.line_changed(call);
        });
        let is_open = self.passages.with(passage, |passage| {
            let is_open = passage.relay.is_open();
            if is_open {
                passage.answered_otherwise(now, answer, out);
            }
            is_open
        });
        // Whoever called has given up meanwhile.
        if is_open != Some(true) {
            self.end(call);
        }
        true
    }

    /// Says no to a request that is on its way and that no phone was asked about.
    pub(super) fn refuse_passage(
        &self,
        passage: PassageKey,
        request: &[u8],
        (status, reason): (u16, &str),
        out: &mut Vec<Outgoing>,
    ) {
        let now = self.system.clock.now();
        let mut headers = Headers::new();
        let Ok(request) = Request::parse(request, &mut headers) else { return };
        self.passages.with(passage, |passage| {
            let Some(from) = passage.from.filter(|_| passage.relay.is_open()) else { return };
            let mut answer = Vec::new();
            AnswerWriter::start(&mut answer, &request, status, reason.as_bytes(), from.peer, &passage.tag)
                .finish();
            passage.refused_by_us(status, now, answer.into(), out);
        });
    }

    /// A call is over.
    pub(super) fn over(&self, call: &Call) {
        self.system.calls.note_use(call.caller.phone, self.system.clock.now());
        self.events.lines.over(call);
        attendant::note_call(&self.system, call);
    }

    /// Ends a call from here: whoever talks is told to stop, and whoever rings as well. `false` where there is no such call.
    pub(super) fn end(&self, key: CallKey) -> bool {
        let now = self.system.clock.now();
        let mut out = Vec::new();
        let ended = self.system.calls.with(key, |call| {
            if call.over_at.is_some() {
                return None;
            }
            call.over_at = Some(now);
            self.over(call);
            let talks = call.answered_by().cloned();
            if let Some(other) = &talks {
                let caller = call.caller.clone();
                self.say_bye(call, (other, &caller), &mut out);
                self.say_bye(call, (&caller, other), &mut out);
            }
            Some((call.passage, talks.is_some()))
        });
        let Some(Some((passage, talks))) = ended else { return false };
        if !talks {
            let mut acts = Vec::new();
            self.passages.with(passage, |passage| {
                passage.otherwise = None;
                passage.relay.cancel(now.0, &mut acts);
                passage.perform(&acts, None, &mut out);
            });
        }
        for outgoing in &out {
            self.flows.send(outgoing);
        }
        true
    }

    /// A call that did not come about, and is nobody's to hear of.
    pub(super) fn forget(&self, key: CallKey) {
        let now = self.system.clock.now();
        self.system.calls.with(key, |call| {
            call.over_at = call.over_at.or(Some(now));
            self.events.lines.over(call);
        });
    }

    /// Ends the call with this number, see [`Call::number`].
    pub fn end_numbered(&self, number: u64) -> bool {
        self.system.calls.numbered(number).is_some_and(|key| self.end_for_others(key))
    }

    /// Ends a call from here, and not because its station wants it: that is told that the caller is gone.
    fn end_for_others(&self, key: CallKey) -> bool {
        let ended = self.end(key);
        self.stations.hang_up(key);
        ended
    }

    /// The program stops: whoever talks to a station of ours hears that it is over, and phones stop ringing. What two phones have
    /// to say to each other goes on without us (`kept.rs`).
    pub fn end_what_is_ours(&self) -> bool {
        let ending = self.system.calls.keys(|call| !call.is_between_phones());
        let any = !ending.is_empty();
        for key in ending {
            self.end_for_others(key);
        }
        any
    }

    /// The same, and waits a little for what comes of it: phones answer, and what was said into a mailbox is kept.
    pub async fn part(&self) {
        if self.end_what_is_ours() {
            tokio::time::sleep(PARTING).await;
        }
        let stations = async {
            while self.stations.len() > 0 {
                tokio::time::sleep(PARTING / 10).await;
            }
        };
        if tokio::time::timeout(PARTING_MAX, stations).await.is_err() {
            tracing::warn!(
                count = self.stations.len(),
                "some calls that were answered here did not end in time"
            );
        }
    }

    /// BYE to one end, in the words of the other (RFC 3261 section 15.1.1).
    fn say_bye(&self, call: &Call, (from, to): (&Party, &Party), out: &mut Vec<Outgoing>) {
        if to.is_ours {
            return;
        }
        let Some((flow, sent_by)) = self.way_to(to) else { return };
        let key = self.passages.own_key((&call.call_id, &to.tag, from.cseq));
        let now = self.system.clock.now().0;
        let mut relay = Relay::new(Kind::Other, true, Times::STANDARD, now);
        let Some(number) = relay.branch(flow.is_reliable(), now) else { return };
        let transport = flow.transport.name();
        let uri = |party: &Party| format!("sip:{}@{sent_by}", party.number);
        let mut bytes = Vec::new();
        let mut bye = RequestWriter::start(&mut bytes, b"BYE", &to.target);
        bye.via(transport.to_uppercase().as_bytes(), sent_by.as_bytes(), &branch(key, number))
            .address(HeaderName::From, uri(from).as_bytes(), &from.tag)
            .address(HeaderName::To, uri(to).as_bytes(), &to.tag)
            .header(HeaderName::CallId, &call.call_id)
            .cseq(from.cseq + 1, b"BYE")
            .number(HeaderName::MaxForwards, 70);
        bye.finish();
        let bytes = Bytes::from(bytes);
        out.push(Outgoing { to: flow, bytes: bytes.clone() });
        let mut passage = Passage::new(relay, None);
        let Party { phone, extension, .. } = *to;
        passage.branches.push(Branch { flow, phone, extension, request: bytes });
        self.passages.insert(key, passage);
    }
}
