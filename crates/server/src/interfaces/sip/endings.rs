//! How calls end: nobody answers, one of the two hangs up, or we do (an administrator, a station of ours).

use std::sync::Arc;

use bytes::Bytes;
use signin::timestamp::Timestamp;
use wire::sip::{
    AnswerWriter, HeaderName, Headers, Request, RequestWriter, Times,
    relay::{Kind, Relay},
};

use super::{
    SipInterface,
    answering::Asked,
    calls::{Call, CallKey, Party, Side},
    flows::Outgoing,
    passages::{Branch, Outcome, Passage, PassageKey, branch},
};
use crate::{attendant, media::station::Opening};

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
                self.over(call, Side::Called);
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
        let told = self.passages.with(passage, |passage| (passage.from, passage.tag.clone()));
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
                tag: tag.clone(),
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
    pub(super) fn over(&self, call: &Call, by: Side) {
        self.system.calls.note_use(call.caller.phone, self.system.clock.now());
        self.events.lines.over(call);
        attendant::note_call(&self.system, call, by == Side::Caller);
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
            self.over(call, Side::Called);
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
        self.system.calls.numbered(number).is_some_and(|key| self.end(key))
    }

    /// BYE to one end, in the words of the other (RFC 3261 section 15.1.1).
    fn say_bye(&self, call: &Call, (from, to): (&Party, &Party), out: &mut Vec<Outgoing>) {
        if to.is_ours {
            return;
        }
        let Some(sent_by) = self.flows.sent_by(&to.flow) else { return };
        let key = self.passages.own_key((&call.call_id, &to.tag, from.cseq));
        let mut relay = Relay::new(Kind::Other, true, Times::STANDARD);
        let Some(number) = relay.branch(to.flow.is_reliable(), self.system.clock.now().0) else { return };
        let transport = to.flow.transport.name();
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
        out.push(Outgoing { to: to.flow, bytes: bytes.clone() });
        let mut passage = Passage::new(relay, None);
        let Party { flow, phone, extension, .. } = *to;
        passage.branches.push(Branch { flow, phone, extension, request: bytes });
        self.passages.insert(key, passage);
    }
}
