//! The call log: what both ends of a call remember of it.

use signin::{
    account::Account,
    call_log::{CallEntry, Direction},
    effect::Effect,
    extension::Extension,
    party::Party,
    records::Records as _,
};

use crate::{interfaces::sip::Call, system::System};

/// A call is over: both ends' logs have it. What was dialled and is no extension is nobody's to remember.
pub fn note_call(system: &System, call: &Call) {
    let ledger = &*system.ledger;
    let Some(called) = call.line.and_then(|line| ledger.extension(line)) else { return };
    let caller = ledger.extension(call.caller.extension);
    let caller = caller.as_deref();
    // A mailbox that answered is no conversation for whoever was called.
    let is_answered = call.answered_by().is_some_and(|party| !party.is_ours);
    let talked = call.talked(system.clock.now());
    let mut effects = Vec::with_capacity(2);
    let mut note = |whose: Option<&Extension>, other: Option<&Extension>, direction, talked| {
        if let Some(user) = whose.and_then(|extension| extension.user) {
            let other = party(system, other);
            let entry = CallEntry { at: call.started_at, direction, other, talked, domain: call.domain };
            effects.push(Effect::NoteCall(user, entry));
        }
    };
    note(caller, Some(&called), Direction::Made, talked);
    let direction = if is_answered { Direction::Received } else { Direction::Missed };
    note(Some(&called), caller, direction, talked.filter(|_| is_answered));
    ledger.commit_behind(effects);
}

fn party(system: &System, extension: Option<&Extension>) -> Party {
    let user = extension.and_then(|extension| extension.user).and_then(|user| system.ledger.account(user));
    let number = extension.map_or("", |extension| extension.number.as_str());
    Party::shown(number, user.as_deref().map_or("", Account::shown_name))
}
