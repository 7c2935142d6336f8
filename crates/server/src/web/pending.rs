//! What waits for an OK: a new password that was typed and not yet confirmed. It cannot wait in a page, for no page shows a
//! secret; so it waits here, for a short while, under the session that typed it.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use signin::{
    secret::Secret,
    session::SessionId,
    timestamp::{Seconds, Timestamp},
};

/// How long one may think about it.
const WAITS: Seconds = Seconds(120);
/// Most that wait at once. Whoever comes then is asked to try again.
const MOST: usize = 256;

/// A change of the own password that waits.
pub(super) struct NewPassword {
    pub(super) present: Secret,
    pub(super) new: Secret,
}

/// All that wait.
#[derive(Default)]
pub(super) struct Pending(Mutex<BTreeMap<SessionId, (Timestamp, NewPassword)>>);

impl Pending {
    /// Keeps a change until it is confirmed; one that waited before is forgotten. `false` = no room.
    #[must_use]
    pub(super) fn keep(&self, session: SessionId, change: NewPassword, now: Timestamp) -> bool {
        let mut waiting = self.0.lock();
        waiting.retain(|_, (since, _)| now < since.after(WAITS));
        if waiting.len() >= MOST && !waiting.contains_key(&session) {
            return false;
        }
        waiting.insert(session, (now, change));
        true
    }

    /// Takes the change that waits for this session, if it is not too late.
    pub(super) fn take(&self, session: SessionId, now: Timestamp) -> Option<NewPassword> {
        let (since, change) = self.0.lock().remove(&session)?;
        (now < since.after(WAITS)).then_some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str) -> NewPassword {
        NewPassword { present: Secret::new("present"), new: Secret::new(text) }
    }

    #[test]
    fn what_waits_is_taken_once_by_its_own_session_and_not_too_late() {
        let (mine, other) = (SessionId::of("mine"), SessionId::of("other"));
        let (pending, now) = (Pending::default(), Timestamp::EPOCH);
        assert!(pending.keep(mine, change("one"), now) && pending.keep(mine, change("two"), now));
        assert!(pending.take(other, now).is_none());
        assert!(pending.take(mine, now.after(Seconds(119))).is_some_and(|kept| kept.new.reveal() == "two"));
        assert!(pending.take(mine, now).is_none(), "it is taken once");
        assert!(pending.keep(mine, change("three"), now));
        assert!(pending.take(mine, now.after(WAITS)).is_none(), "it is too late");
    }

    #[test]
    fn there_is_room_for_so_many_and_again_when_they_have_ended() {
        let (pending, now) = (Pending::default(), Timestamp::EPOCH);
        for number in 0..MOST {
            assert!(pending.keep(SessionId::of(&number.to_string()), change("x"), now));
        }
        assert!(!pending.keep(SessionId::of("one more"), change("x"), now));
        assert!(pending.keep(SessionId::of("7"), change("y"), now), "whoever waits may change their mind");
        assert!(pending.keep(SessionId::of("one more"), change("x"), now.after(WAITS)));
    }
}
