//! Services: what is dialled and is no phone. Short codes, mailboxes, menus (SPEC S12 to S14, S17).

use std::sync::Arc;

use bytes::Bytes;
use calls::short_code::Dialled;
use signin::{extension::Extension, ident::ExtensionId};
use wire::sip::{
    Essentials, Request, Times,
    relay::{Kind, Relay},
};

use super::{
    Desk, SipInterface,
    answering::STATIONS_MAX,
    calls::CallKey,
    flows::Outgoing,
    office::Office,
    passages::{Passage, PassageKey},
    proxy::Sender,
};
use crate::attendant::{self, Served};

/// A caller to whom an answer is owed: whatever happens, there is one.
struct Owed {
    sip: Arc<SipInterface>,
    passage: PassageKey,
    call: CallKey,
    request: Bytes,
    is_paid: bool,
}

impl Desk<'_> {
    /// Carries out what was dialled, and answers when it is done: nothing here waits.
    pub(super) fn serve(
        &mut self,
        office: &Office,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        sender: &Sender<'_>,
        (key, dialled): (PassageKey, Dialled),
    ) -> Result<(), (u16, &'static str)> {
        let caller = attendant::Caller {
            domain: office.domain.id,
            phone: sender.phone,
            extension: sender.extension,
            number: (*sender.number).into(),
            address: self.peer.ip(),
            agent: super::proof::agent(request).into(),
        };
        // What is shown of it says no secret.
        let shown = attendant::shown(&dialled);
        let owed = self.owe(office, request, essentials, sender, (key, shown, None))?;
        let system = Arc::clone(&self.sip.system);
        let runtime = self.sip.runtime.as_ref().ok_or((500, "Server Internal Error"))?;
        runtime.spawn(async move {
            let served = attendant::serve(&system, caller, dialled).await;
            owed.pay(served);
        });
        Ok(())
    }

    /// To the mailbox of somebody who has no phone that could ring.
    #[expect(clippy::wrong_self_convention, reason = "it is the call that goes to a mailbox")]
    pub(super) fn to_mailbox(
        &mut self,
        office: &Office,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        sender: &Sender<'_>,
        (key, called): (PassageKey, &Extension),
    ) -> Result<(), (u16, &'static str)> {
        let dialled = (key, called.number.as_str(), Some(called.id));
        let owed = self.owe(office, request, essentials, sender, dialled)?;
        let opening =
            self.sip.system.calls.with(owed.call, |call| attendant::mailbox_of(&self.sip.system, call));
        owed.pay(match opening.flatten() {
            Some(opening) => Served::Opened(opening, "OK".into()),
            None => Served::Refused(480, "Temporarily Unavailable".into()),
        });
        Ok(())
    }

    fn owe(
        &mut self,
        office: &Office,
        request: &Request<'_>,
        essentials: &Essentials<'_>,
        sender: &Sender<'_>,
        (key, dialled, line): (PassageKey, &str, Option<ExtensionId>),
    ) -> Result<Owed, (u16, &'static str)> {
        let sip = self.sip;
        if sip.stations.len() >= STATIONS_MAX {
            return Err((486, "Busy Here"));
        }
        let here = self.flow_back(request);
        let call = self.begin_call(office, request, essentials, sender, (key, dialled, line))?;
        let relay = Relay::new(Kind::Invite, here.is_reliable(), Times::STANDARD, self.now.0);
        let mut passage = Passage::new(relay, Some(here));
        let request_bytes = Bytes::from(request.fields.bytes().to_vec());
        passage.tag = self.tag(request);
        passage.call = Some(call);
        passage.begins = true;
        passage.otherwise = Some(request_bytes.clone());
        sip.passages.insert(key, passage);
        let sip = Arc::clone(sip);
        Ok(Owed { sip, passage: key, call, request: request_bytes, is_paid: false })
    }
}

impl Owed {
    fn pay(mut self, served: Served) {
        self.is_paid = true;
        self.answer(served);
    }

    fn answer(&self, served: Served) {
        let mut out = Vec::new();
        match served {
            Served::Opened(opening, reason) => {
                let is_answered = self.sip.answer_passage(
                    self.passage,
                    self.call,
                    &self.request,
                    opening,
                    &reason,
                    &mut out,
                );
                if !is_answered {
                    self.refuse((488, "Not Acceptable Here"), &mut out);
                }
            }
            Served::Refused(status, reason) => self.refuse((status, &reason), &mut out),
        }
        for outgoing in &out {
            self.sip.flows.send(outgoing);
        }
    }

    fn refuse(&self, answer: (u16, &str), out: &mut Vec<Outgoing>) {
        self.sip.refuse_passage(self.passage, &self.request, answer, out);
        self.sip.forget(self.call);
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if !self.is_paid {
            self.answer(Served::Refused(500, "Server Internal Error".into()));
        }
    }
}
