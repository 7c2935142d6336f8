//! The call log: whom a user called, and by whom they were called. One entry a call and user, made when the call is over.
//!
//! Specification: SPEC section 3 (S18). What is read is the last [`CALLS_MAX`] of the last ninety days.

use serde::{Deserialize, Serialize};

use crate::{
    ident::DomainId,
    party::Party,
    timestamp::{Seconds, Timestamp},
};

/// Most entries of one user.
pub const CALLS_MAX: usize = 100;
/// For how long an entry is there.
pub const CALLS_KEPT: Seconds = Seconds::days(90);

/// How a call went, for the user whose log it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The user called.
    Made,
    /// The user was called and answered.
    Received,
    /// The user was called and did not answer.
    Missed,
}

/// One call. Two that are alike in everything, to the millisecond, are the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallEntry {
    /// When it began.
    pub at: Timestamp,
    /// How it went.
    pub direction: Direction,
    /// The other end.
    pub other: Party,
    /// How long they talked; `None` = not at all.
    pub talked: Option<Seconds>,
    /// The organisation in which it was.
    pub domain: DomainId,
}

/// Adds to a log what is new, the newest first, and drops what is too much or too old at `now`.
pub fn logged(log: &[CallEntry], new: &[CallEntry], now: Timestamp) -> Vec<CallEntry> {
    let mut all: Vec<CallEntry> = new.to_vec();
    all.extend(log.iter().filter(|entry| !new.contains(entry)).cloned());
    all.retain(|entry| now < entry.at.after(CALLS_KEPT));
    // Stable: of two that began together, the one that was added later comes first.
    all.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    all.truncate(CALLS_MAX);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(at: u64) -> CallEntry {
        CallEntry {
            at: Timestamp(at),
            direction: Direction::Missed,
            other: Party::shown("202", "Bob"),
            talked: None,
            domain: DomainId::FIRST,
        }
    }

    #[test]
    fn a_log_has_the_last_hundred_calls_of_ninety_days_the_newest_first() {
        let first = logged(&[], &[call(1), call(3), call(2)], Timestamp(4));
        assert_eq!(first, [call(3), call(2), call(1)]);
        assert_eq!(logged(&first, &[call(4), call(3)], Timestamp(4)).len(), 4, "each call once");
        let many: Vec<CallEntry> = (0..120).map(call).collect();
        let last = logged(&first, &many, Timestamp(120));
        assert_eq!((last.len(), last[0].at, last[99].at), (CALLS_MAX, Timestamp(119), Timestamp(20)));
        let end = Timestamp(2).after(CALLS_KEPT);
        assert_eq!(logged(&first, &[], end), [call(3)]);
    }
}
