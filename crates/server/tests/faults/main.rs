//! Whatever breaks, nobody is let in because of it: a panic, and an error where there can be one, at every place that the
//! sources name (`store::fault`), one after the other.
//!
//! A program of its own, because a fault is one of the whole process. What is let in must have proven itself, and where
//! the fault lay on the way, not even that: but for a phone that was right, whose binding is in memory and on the disk a
//! second later, so that a disk out of order does not silence the phones.

#[cfg(test)]
#[path = "../server/browser.rs"]
#[expect(dead_code, reason = "shared with the other tests, which need more of it")]
mod browser;
#[cfg(test)]
#[path = "../server/house.rs"]
#[expect(dead_code, reason = "shared with the other tests, which need more of it")]
mod house;
#[cfg(test)]
#[path = "../server/phone.rs"]
#[expect(dead_code, reason = "shared with the other tests, which need more of it")]
mod phone;
#[cfg(test)]
#[path = "../server/socket.rs"]
#[expect(dead_code, reason = "shared with the other tests, which need more of it")]
mod socket;

#[cfg(test)]
mod everywhere;
