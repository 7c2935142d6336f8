//! The call log: what both ends of a call remember of it.

use signin::{
    account::Account,
    call_log::{CallEntry, Direction},
    effect::Effect,
    ident::{AccountId, ExtensionId},
    party::Party,
    records::Records as _,
};

use crate::{interfaces::sip::Call, system::System};

/// A call is over: both ends' logs have it. What was dialled and is no extension is nobody's to remember.
pub fn note_call(system: &System, call: &Call, _by_caller: bool) {
    let ledger = &*system.ledger;
    let Some(called) = call.line.and_then(|line| ledger.extension(line)) else { return };
    let now = system.clock.now();
    // A mailbox that answered is no conversation for whoever was called.
    let is_answered = call.answered_by().is_some_and(|party| !party.is_ours);
    let talked = call.talked(now);
    let entry = |direction, other: ExtensionId, talked| CallEntry {
        at: call.started_at,
        direction,
        other: party(system, other),
        talked,
        domain: call.domain,
    };
    let user = |extension: ExtensionId| ledger.extension(extension).and_then(|extension| extension.user);
    let mut effects = Vec::new();
    let mut note = |account: Option<AccountId>, entry: CallEntry| {
        effects.extend(account.map(|account| Effect::NoteCall(account, entry)));
    };
    note(user(call.caller.extension), entry(Direction::Made, called.id, talked));
    let direction = if is_answered { Direction::Received } else { Direction::Missed };
    let talked = talked.filter(|_| is_answered);
    note(called.user, entry(direction, call.caller.extension, talked));
    system.ledger.commit_behind(effects);
}

fn party(system: &System, extension: ExtensionId) -> Party {
    let ledger = &*system.ledger;
    let extension = ledger.extension(extension);
    let user = extension.as_ref().and_then(|extension| extension.user).and_then(|user| ledger.account(user));
    let number = extension.as_ref().map_or("", |extension| extension.number.as_str());
    Party::shown(number, user.as_deref().map_or("", Account::shown_name))
}
