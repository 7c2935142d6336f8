//! Lines: which extensions have calls now, for those who watch them (RFC 4235).
//!
//! Lines that nobody watches are not followed: most calls change none that is. Whoever begins to watch one in the middle of a call
//! has all calls told to it again. It keeps what is told and nothing of any message.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicUsize, Ordering},
};

use parking_lot::Mutex;
use signin::ident::ExtensionId;
use wire::sip::events::dialog_info::{Direction, State};

use super::calls::Call;

/// All lines that are watched, with their calls. There are no more entries than ends of calls: `CALLS_MAX` bounds them.
#[derive(Debug, Default)]
pub(super) struct Lines {
    known: Mutex<Known>,
    /// How many are watched.
    count: AtomicUsize,
}

#[derive(Debug, Default)]
struct Known {
    watched: HashSet<ExtensionId>,
    calls: HashMap<ExtensionId, Vec<LineCall>>,
    /// Which lines each call is at, by its number.
    lines: HashMap<u64, Vec<ExtensionId>>,
    /// Lines of which something has changed since they were asked for last.
    changed: HashSet<ExtensionId>,
}

/// A call, as one line has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineCall {
    /// The same while it lasts, and no other one's of the line.
    pub(super) id: u64,
    pub(super) direction: Direction,
    pub(super) state: State,
    /// Whom it is with, if that is an extension.
    pub(super) remote: Option<ExtensionId>,
}

impl Lines {
    /// Somebody watches a line from now on; whether nobody did before. Its calls must be told then, as if they had changed.
    pub(super) fn watch(&self, line: ExtensionId) -> bool {
        let mut known = self.known.lock();
        let is_new = known.watched.insert(line);
        self.count.store(known.watched.len(), Ordering::Release);
        is_new
    }

    /// Lines that nobody watches any more are not followed.
    pub(super) fn retain(&self, is_watched: impl Fn(ExtensionId) -> bool) {
        let known = &mut *self.known.lock();
        known.watched.retain(|line| is_watched(*line));
        known.calls.retain(|line, _| known.watched.contains(line));
        self.count.store(known.watched.len(), Ordering::Release);
    }

    /// A call has begun, or is otherwise than it was.
    pub(super) fn changed(&self, call: &Call) {
        // Told by whoever holds the call: who begins to watch now comes to it afterwards.
        if self.count.load(Ordering::Acquire) > 0 {
            let ends = ends(call);
            self.known.lock().put(call.number, &ends);
        }
    }

    /// A call is over.
    pub(super) fn over(&self, call: &Call) {
        if self.count.load(Ordering::Acquire) > 0 {
            self.known.lock().put(call.number, &[]);
        }
    }

    /// The calls of a line, the oldest first.
    pub(super) fn calls(&self, extension: ExtensionId) -> Vec<LineCall> {
        self.known.lock().calls.get(&extension).cloned().unwrap_or_default()
    }

    /// The lines of which something has changed since this was asked last.
    pub(super) fn take_changed(&self) -> HashSet<ExtensionId> {
        std::mem::take(&mut self.known.lock().changed)
    }
}

impl Known {
    fn put(&mut self, number: u64, ends: &[(ExtensionId, LineCall)]) {
        let ends = || ends.iter().filter(|(extension, _)| self.watched.contains(extension));
        let lines: Vec<ExtensionId> = ends().map(|(extension, _)| *extension).collect();
        let before =
            if lines.is_empty() { self.lines.remove(&number) } else { self.lines.insert(number, lines) };
        let ids = [id(number, Direction::Initiator), id(number, Direction::Recipient)];
        for extension in before.unwrap_or_default() {
            let is_gone = |call: &LineCall| {
                ids.contains(&call.id) && !ends().any(|(at, end)| *at == extension && end.id == call.id)
            };
            let Some(calls) = self.calls.get_mut(&extension) else { continue };
            let count = calls.len();
            calls.retain(|call| !is_gone(call));
            if calls.len() < count {
                self.changed.insert(extension);
            }
            if calls.is_empty() {
                self.calls.remove(&extension);
            }
        }
        for (extension, end) in ends() {
            let calls = self.calls.entry(*extension).or_default();
            match calls.iter_mut().find(|call| call.id == end.id) {
                Some(known) if known == end => continue,
                Some(known) => known.clone_from(end),
                None => calls.push(end.clone()),
            }
            self.changed.insert(*extension);
        }
    }
}

/// Of a call at one of its ends: a phone that calls its own extension has both.
const fn id(number: u64, direction: Direction) -> u64 {
    let place = match direction {
        Direction::Initiator => 0,
        Direction::Recipient => 1,
    };
    number.wrapping_mul(2).wrapping_add(place)
}

/// The lines that a call is at, and how it stands there.
fn ends(call: &Call) -> Vec<(ExtensionId, LineCall)> {
    if call.over_at.is_some() {
        return Vec::new();
    }
    let answered = call.answered_by();
    let state = match answered {
        Some(_) => State::Confirmed,
        None if call.called.is_empty() => State::Trying,
        None => State::Early,
    };
    let initiator = LineCall {
        id: id(call.number, Direction::Initiator),
        direction: Direction::Initiator,
        state,
        remote: call.line,
    };
    let mut ends = vec![(call.caller.extension, initiator)];
    let called: Vec<ExtensionId> = match answered {
        // A mailbox answers and the like: the line of whoever was called is free.
        Some(party) if party.is_ours => Vec::new(),
        Some(party) => vec![party.extension],
        None => call.line.into_iter().chain(call.called.iter().map(|party| party.extension)).collect(),
    };
    for extension in called {
        let recipient = LineCall {
            id: id(call.number, Direction::Recipient),
            direction: Direction::Recipient,
            state,
            remote: Some(call.caller.extension),
        };
        let end = (extension, recipient);
        if !ends.contains(&end) {
            ends.push(end);
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(extension: u32, number: u64, direction: Direction, state: State) -> (ExtensionId, LineCall) {
        let call = LineCall { id: id(number, direction), direction, state, remote: None };
        (ExtensionId(extension), call)
    }

    fn watched(lines: impl IntoIterator<Item = u32>) -> Lines {
        let all = Lines::default();
        assert!(lines.into_iter().all(|line| all.watch(ExtensionId(line))));
        all
    }

    #[test]
    fn a_line_that_nobody_watches_is_not_followed() {
        let lines = watched([1]);
        assert!(!lines.watch(ExtensionId(1)));
        let both =
            [end(1, 7, Direction::Initiator, State::Early), end(2, 7, Direction::Recipient, State::Early)];
        lines.known.lock().put(7, &both);
        assert_eq!((lines.calls(ExtensionId(1)).len(), lines.calls(ExtensionId(2)).len()), (1, 0));
        assert!(lines.watch(ExtensionId(2)));
        lines.known.lock().put(7, &both);
        assert_eq!(lines.calls(ExtensionId(2)).len(), 1, "told again");
        lines.retain(|line| line == ExtensionId(2));
        assert_eq!((lines.calls(ExtensionId(1)).len(), lines.calls(ExtensionId(2)).len()), (0, 1));
        lines.known.lock().put(7, &[]);
        assert!(lines.calls(ExtensionId(2)).is_empty() && lines.known.lock().lines.is_empty());
    }

    #[test]
    fn a_line_has_its_calls_until_they_are_over_and_leaves_nothing_behind() {
        let lines = watched(1..4);
        let put = |number, ends: &[_]| lines.known.lock().put(number, ends);
        let states = |extension: u32| -> Vec<_> {
            lines.calls(ExtensionId(extension)).iter().map(|call| (call.direction, call.state)).collect()
        };
        let ringing = |state| {
            [
                end(1, 7, Direction::Initiator, state),
                end(2, 7, Direction::Recipient, state),
                end(3, 7, Direction::Recipient, state),
            ]
        };
        put(7, &ringing(State::Early));
        put(8, &[end(1, 8, Direction::Recipient, State::Trying)]);
        assert_eq!(states(1), [(Direction::Initiator, State::Early), (Direction::Recipient, State::Trying)]);
        assert_eq!(lines.take_changed().len(), 3);
        put(7, &ringing(State::Early));
        assert!(lines.take_changed().is_empty(), "nothing is new");
        // One of two answers.
        put(7, &ringing(State::Confirmed)[..2]);
        assert_eq!((states(2), states(3)), (vec![(Direction::Recipient, State::Confirmed)], vec![]));
        assert_eq!(lines.take_changed().len(), 3);
        put(7, &[]);
        put(7, &[]);
        assert_eq!(states(1), [(Direction::Recipient, State::Trying)]);
        assert_eq!(lines.take_changed().len(), 2);
        put(8, &[]);
        let known = lines.known.lock();
        assert!(known.calls.is_empty() && known.lines.is_empty());
    }

    #[test]
    fn who_calls_their_own_extension_is_at_both_ends() {
        let lines = watched([1]);
        let both =
            [end(1, 7, Direction::Initiator, State::Early), end(1, 7, Direction::Recipient, State::Early)];
        lines.known.lock().put(7, &both);
        assert_eq!(lines.calls(ExtensionId(1)).len(), 2);
        lines.known.lock().put(7, &[]);
        assert!(lines.calls(ExtensionId(1)).is_empty());
    }
}
