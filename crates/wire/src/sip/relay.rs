//! Relay: one request on its way through a proxy, with all its branches (RFC 3261 §16 and §17, RFC 6026, RFC 4320).
//!
//! A server transaction towards whoever asked and a client transaction towards each phone that is asked, with the rules
//! between them, as one machine: forking, the choice of the answer, CANCEL, and every timer.
//!
//! ```text
//! towards whoever asked (INVITE)                     towards each phone (INVITE)
//!
//!  trying ──2xx──▶ accepted ──L──▶ over               calling ──1xx──▶ proceeding ──2xx──▶ accepted ──M──▶ over
//!     │                                                │ │  A: again      │ C: cancelled     (each 2xx goes back)
//!     ╰──3xx to 6xx──▶ completed ──ACK──▶ confirmed     │ ╰──3xx to 6xx────┴──▶ completed ──D──▶ over
//!                       │ G: again         │ I         ╰──B──▶ over             (each is acknowledged)
//!                       ╰──H──▶ over ◀─────╯
//! ```
//! It keeps no message and sends none: it is told what came, and says what is to be done ([`Act`]). Time is an argument,
//! in milliseconds of any clock that never goes back.

use smallvec::SmallVec;

use super::transaction::Times;

/// Phones that one request is forked to at most.
pub const BRANCHES_MAX: usize = 32;

/// Which of the two kinds of transaction (§17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// INVITE.
    Invite,
    /// Any other but ACK and CANCEL.
    Other,
}

/// What is answered to whoever asked, in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The response that was kept last.
    Kept,
    /// One of our own, with this status.
    Ours(u16),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send a branch's request again.
    Request(usize),
    /// Send a branch's CANCEL, for the first time or again.
    Cancel(usize),
    /// Acknowledge the refusal that a branch sent.
    Ack(usize),
    /// Pass the response at hand back.
    Back,
    /// Keep the response at hand: it may become the answer.
    Keep,
    /// Answer, finally.
    Answer(Answer),
    /// Send again what was sent back last.
    Again,
    /// Send back that somebody works on it: the phones take their time.
    Trying,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Trying,
    Completed { again_at: Option<u64>, interval: u64, until: u64 },
    Confirmed { until: u64 },
    Accepted { until: u64 },
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    Calling { again_at: Option<u64>, interval: u64, until: u64 },
    Proceeding { again_at: Option<u64>, until: u64 },
    Completed { until: u64 },
    Accepted { until: u64 },
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cancel {
    No,
    /// As soon as the phone has said anything (§9.1).
    Wanted,
    Sent {
        again_at: Option<u64>,
        interval: u64,
        until: u64,
    },
    Answered,
}

#[derive(Clone, Copy, Debug)]
struct Branch {
    client: Client,
    cancel: Cancel,
    is_reliable: bool,
}

/// One request on its way.
#[derive(Clone, Debug)]
pub struct Relay {
    kind: Kind,
    times: Times,
    is_reliable: bool,
    server: Server,
    /// Nearly always one.
    branches: SmallVec<[Branch; 1]>,
    best: Option<(u8, Answer)>,
    has_said: bool,
    /// Whoever asked is to hear something by then.
    trying_at: Option<u64>,
    /// No phone answers by then: they are asked no longer.
    ring_until: Option<u64>,
}

impl Relay {
    /// A request that came in now; `is_reliable` = by a stream.
    #[must_use]
    pub fn new(kind: Kind, is_reliable: bool, times: Times, now: u64) -> Self {
        let trying_at = match kind {
            Kind::Invite => Some(now + times.trying),
            Kind::Other => None,
        };
        Self {
            kind,
            times,
            is_reliable,
            server: Server::Trying,
            branches: SmallVec::new(),
            best: None,
            has_said: false,
            trying_at,
            ring_until: None,
        }
    }

    /// Phones ring no longer than this; then they are cancelled.
    pub const fn ring_until(&mut self, until: u64) {
        self.ring_until = Some(until);
    }

    /// A request that is sent to one more phone now. Its number; `None` where there are too many already.
    pub fn branch(&mut self, is_reliable: bool, now: u64) -> Option<usize> {
        if self.branches.len() >= BRANCHES_MAX {
            return None;
        }
        let client = Client::Calling {
            again_at: (!is_reliable).then(|| now + self.times.t1),
            interval: self.times.t1,
            until: now + self.times.give_up(),
        };
        self.branches.push(Branch { client, cancel: Cancel::No, is_reliable });
        Some(self.branches.len() - 1)
    }

    /// Whether nothing can come of it any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.server == Server::Over && self.branches.iter().all(|branch| branch.client == Client::Over)
    }

    /// Whether it is still open what is answered.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.server, Server::Trying)
    }

    /// Whether no phone is asked any more.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        !self.branches.iter().any(Branch::is_pending)
    }

    /// The request came again (§17.2.1, §17.2.2).
    pub fn again(&self, acts: &mut Vec<Act>) {
        match self.server {
            Server::Trying if self.has_said => acts.push(Act::Again),
            Server::Completed { .. } => acts.push(Act::Again),
            Server::Trying | Server::Accepted { .. } | Server::Confirmed { .. } | Server::Over => {}
        }
    }

    /// Whether the answer is said again, when the request comes again or nobody acknowledges it. That of an INVITE that was
    /// accepted is not: its ends do so themselves (RFC 6026 §7.1).
    #[must_use]
    pub const fn says_again(&self) -> bool {
        matches!(self.server, Server::Trying | Server::Completed { .. })
    }

    /// An ACK came. Whether it was for a refusal and ends here; else it is the business of both ends (§13.2.2.4).
    pub const fn acknowledged(&mut self, now: u64) -> bool {
        match (self.kind, self.server) {
            (Kind::Invite, Server::Completed { .. }) => {
                let wait = if self.is_reliable { 0 } else { self.times.t4 };
                self.server = Server::Confirmed { until: now + wait };
                true
            }
            (Kind::Invite, Server::Confirmed { .. } | Server::Over) => true,
            (_, Server::Trying | Server::Accepted { .. }) | (Kind::Other, _) => false,
        }
    }

    /// Whoever asked wants no answer any more (§16.10); or we do not wait for one any longer.
    pub fn cancel(&mut self, now: u64, acts: &mut Vec<Act>) {
        if self.kind == Kind::Invite && self.is_open() {
            self.cancel_others(None, now, acts);
        }
    }

    /// A final answer of our own was sent, whatever the phones say.
    pub fn answered(&mut self, status: u16, now: u64, acts: &mut Vec<Act>) {
        self.finish(status, now);
        self.cancel_others(None, now, acts);
    }

    /// What was to be the answer is not given: somebody else answers instead.
    pub const fn reopen(&mut self) {
        if matches!(self.server, Server::Completed { .. }) {
            self.server = Server::Trying;
        }
    }

    /// A branch's phone cannot be reached.
    pub fn unreachable(&mut self, branch: usize, now: u64, acts: &mut Vec<Act>) {
        self.end(branch, 480, now, acts);
    }

    /// A response to the CANCEL of a branch.
    pub fn cancel_answered(&mut self, branch: usize) {
        if let Some(branch) = self.branches.get_mut(branch) {
            branch.cancel = Cancel::Answered;
        }
    }

    /// A response of a branch.
    pub fn response(&mut self, branch: usize, status: u16, now: u64, acts: &mut Vec<Act>) {
        let Some(state) = self.branches.get(branch).copied() else { return };
        match (status, state.client) {
            (..200, Client::Calling { .. } | Client::Proceeding { .. }) => {
                self.provisional(branch, status, now, acts);
            }
            (200..300, Client::Calling { .. } | Client::Proceeding { .. }) => {
                let until = now + self.times.give_up();
                let client = match self.kind {
                    Kind::Invite => Client::Accepted { until },
                    Kind::Other => self.completed(state.is_reliable, now),
                };
                self.set(branch, client);
                // Every one of an INVITE's, since each is a call (§16.7 step 5); of another request one.
                if self.kind == Kind::Invite || self.is_open() {
                    acts.push(Act::Back);
                }
                self.finish(status, now);
                self.cancel_others(Some(branch), now, acts);
            }
            // RFC 6026 §7.2: until the caller has acknowledged, it comes again.
            (200..300, Client::Accepted { .. }) => acts.push(Act::Back),
            (300.., Client::Calling { .. } | Client::Proceeding { .. }) => {
                self.set(branch, self.completed(state.is_reliable, now));
                if self.kind == Kind::Invite {
                    acts.push(Act::Ack(branch));
                }
                if self.is_better(status) {
                    self.best = Some((rank(status), Answer::Kept));
                    acts.push(Act::Keep);
                }
                if status >= 600 {
                    self.cancel_others(Some(branch), now, acts);
                }
                self.choose(now, acts);
            }
            (300.., Client::Completed { .. }) if self.kind == Kind::Invite => acts.push(Act::Ack(branch)),
            (_, Client::Completed { .. } | Client::Accepted { .. } | Client::Over) => {}
        }
    }

    fn provisional(&mut self, branch: usize, status: u16, now: u64, acts: &mut Vec<Act>) {
        let (kind, times) = (self.kind, self.times);
        let Some(state) = self.branches.get_mut(branch) else { return };
        state.client = match (kind, state.client) {
            // Once cancelled, it has no longer than that to answer (§9.1).
            (Kind::Invite, Client::Proceeding { until, .. }) if state.cancel != Cancel::No => {
                Client::Proceeding { again_at: None, until }
            }
            (Kind::Invite, _) => Client::Proceeding { again_at: None, until: now + times.c },
            (Kind::Other, Client::Calling { until, .. } | Client::Proceeding { until, .. }) => {
                let again_at = (!state.is_reliable).then(|| now + times.t2);
                Client::Proceeding { again_at, until }
            }
            (Kind::Other, other) => other,
        };
        if state.cancel == Cancel::Wanted {
            state.send_cancel(&times, now);
            acts.push(Act::Cancel(branch));
        }
        // What says nothing but that somebody works on it ends at this hop.
        if status > 100 && self.is_open() {
            (self.has_said, self.trying_at) = (true, None);
            acts.push(Act::Back);
        }
    }

    /// When [`tick`](Self::tick) has something to do next.
    #[must_use]
    pub fn next_at(&self) -> Option<u64> {
        let server = match self.server {
            Server::Trying => match (self.trying_at, self.ring_until) {
                (Some(trying), Some(until)) => Some(trying.min(until)),
                (one, other) => one.or(other),
            },
            Server::Completed { again_at, until, .. } => Some(again_at.map_or(until, |at| at.min(until))),
            Server::Confirmed { until } | Server::Accepted { until } => Some(until),
            Server::Over => None,
        };
        self.branches.iter().filter_map(Branch::next_at).chain(server).min()
    }

    /// Time has passed.
    pub fn tick(&mut self, now: u64, acts: &mut Vec<Act>) {
        if self.ring_until.is_some_and(|until| now >= until) {
            self.ring_until = None;
            // Nobody has answered; that the phones are told to stop is not what the caller hears.
            if self.is_better(480) {
                self.best = Some((rank(480), Answer::Ours(480)));
            }
            self.cancel(now, acts);
        }
        self.tick_server(now, acts);
        for branch in 0..self.branches.len() {
            self.tick_branch(branch, now, acts);
        }
    }

    fn tick_server(&mut self, now: u64, acts: &mut Vec<Act>) {
        if self.is_open() && self.trying_at.is_some_and(|at| now >= at) {
            (self.has_said, self.trying_at) = (true, None);
            acts.push(Act::Trying);
        }
        self.server = match self.server {
            Server::Completed { until, .. } | Server::Confirmed { until } | Server::Accepted { until }
                if now >= until =>
            {
                Server::Over
            }
            Server::Completed { again_at: Some(at), interval, until } if now >= at => {
                acts.push(Act::Again);
                let interval = (interval * 2).min(self.times.t2);
                Server::Completed { again_at: Some(now + interval), interval, until }
            }
            Server::Trying
            | Server::Completed { .. }
            | Server::Confirmed { .. }
            | Server::Accepted { .. }
            | Server::Over => return,
        };
    }

    fn tick_branch(&mut self, number: usize, now: u64, acts: &mut Vec<Act>) {
        let (kind, times) = (self.kind, self.times);
        let Some(branch) = self.branches.get_mut(number) else { return };
        if let Cancel::Sent { again_at: Some(at), interval, until } = branch.cancel
            && now >= at
            && branch.is_pending()
        {
            let interval = (interval * 2).min(times.t2);
            let again_at = (now < until).then_some(now + interval);
            branch.cancel = Cancel::Sent { again_at, interval, until };
            acts.push(Act::Cancel(number));
        }
        match branch.client {
            Client::Calling { until, .. } if now >= until => self.end(number, 408, now, acts),
            Client::Calling { again_at: Some(at), interval, until } if now >= at => {
                let interval = match kind {
                    Kind::Invite => interval * 2,
                    Kind::Other => (interval * 2).min(times.t2),
                };
                branch.client = Client::Calling { again_at: Some(now + interval), interval, until };
                acts.push(Act::Request(number));
            }
            Client::Proceeding { until, .. } if now >= until => match (kind, branch.cancel) {
                (Kind::Invite, Cancel::No) => {
                    branch.send_cancel(&times, now);
                    acts.push(Act::Cancel(number));
                }
                (Kind::Invite | Kind::Other, _) => self.end(number, 408, now, acts),
            },
            Client::Proceeding { again_at: Some(at), until } if now >= at => {
                branch.client = Client::Proceeding { again_at: Some(now + times.t2), until };
                acts.push(Act::Request(number));
            }
            Client::Completed { until } | Client::Accepted { until } if now >= until => {
                branch.client = Client::Over;
            }
            Client::Calling { .. }
            | Client::Proceeding { .. }
            | Client::Completed { .. }
            | Client::Accepted { .. }
            | Client::Over => {}
        }
    }

    /// A branch ends without a response.
    fn end(&mut self, branch: usize, status: u16, now: u64, acts: &mut Vec<Act>) {
        if !self.branches.get(branch).is_some_and(Branch::is_pending) {
            return;
        }
        self.set(branch, Client::Over);
        if self.is_better(status) {
            self.best = Some((rank(status), Answer::Ours(status)));
        }
        self.choose(now, acts);
    }

    /// Once every phone has said no, the best no is the answer (§16.7 step 6).
    fn choose(&mut self, now: u64, acts: &mut Vec<Act>) {
        if !self.is_open() || !self.is_decided() {
            return;
        }
        let answer = self.best.map_or(Answer::Ours(480), |(_, answer)| answer);
        // RFC 4320 §4.2: whoever asks something else than a call has given up by then, and would not know for what.
        if self.kind == Kind::Other && answer == Answer::Ours(408) {
            self.server = Server::Over;
            return;
        }
        acts.push(Act::Answer(answer));
        self.finish(480, now);
    }

    const fn finish(&mut self, status: u16, now: u64) {
        if !self.is_open() {
            return;
        }
        let until = now + self.times.give_up();
        self.server = match (self.kind, status < 300) {
            (Kind::Invite, true) => Server::Accepted { until },
            (Kind::Invite, false) => {
                let interval = self.times.t1;
                let again_at = if self.is_reliable { None } else { Some(now + interval) };
                Server::Completed { again_at, interval, until }
            }
            // J: nobody asks again over a stream.
            (Kind::Other, _) if self.is_reliable => Server::Over,
            (Kind::Other, _) => Server::Completed { again_at: None, interval: 0, until },
        };
    }

    fn cancel_others(&mut self, but: Option<usize>, now: u64, acts: &mut Vec<Act>) {
        if self.kind == Kind::Other {
            return;
        }
        let times = self.times;
        for (number, branch) in self.branches.iter_mut().enumerate() {
            if Some(number) == but || branch.cancel != Cancel::No {
                continue;
            }
            match branch.client {
                Client::Calling { .. } => branch.cancel = Cancel::Wanted,
                Client::Proceeding { .. } => {
                    branch.send_cancel(&times, now);
                    acts.push(Act::Cancel(number));
                }
                Client::Completed { .. } | Client::Accepted { .. } | Client::Over => {}
            }
        }
    }

    fn completed(&self, is_reliable: bool, now: u64) -> Client {
        match (self.kind, is_reliable) {
            (_, true) => Client::Over,
            (Kind::Invite, false) => Client::Completed { until: now + self.times.give_up() },
            (Kind::Other, false) => Client::Completed { until: now + self.times.t4 },
        }
    }

    fn set(&mut self, branch: usize, client: Client) {
        if let Some(branch) = self.branches.get_mut(branch) {
            branch.client = client;
        }
    }

    fn is_better(&self, status: u16) -> bool {
        self.is_open() && self.best.is_none_or(|(best, _)| rank(status) < best)
    }
}

impl Branch {
    const fn is_pending(&self) -> bool {
        matches!(self.client, Client::Calling { .. } | Client::Proceeding { .. })
    }

    /// Sends the CANCEL; the request itself has no longer than the CANCEL to come to its end (§9.1).
    fn send_cancel(&mut self, times: &Times, now: u64) {
        let until = now + times.give_up();
        let again_at = (!self.is_reliable).then(|| now + times.t1);
        self.cancel = Cancel::Sent { again_at, interval: times.t1, until };
        self.client = Client::Proceeding { again_at: None, until };
    }

    fn next_at(&self) -> Option<u64> {
        let cancel = match self.cancel {
            Cancel::Sent { again_at, .. } if self.is_pending() => again_at,
            Cancel::No | Cancel::Wanted | Cancel::Sent { .. } | Cancel::Answered => None,
        };
        let client = match self.client {
            Client::Calling { again_at, until, .. } | Client::Proceeding { again_at, until } => {
                Some(again_at.map_or(until, |at| at.min(until)))
            }
            Client::Completed { until } | Client::Accepted { until } => Some(until),
            Client::Over => None,
        };
        client.into_iter().chain(cancel).min()
    }
}

/// Which refusal is the best to pass back: 6xx, else the lowest class, and of 4xx what the caller can do something about
/// (§16.7 step 6); that somebody is busy says more than that somebody did not answer.
const fn rank(status: u16) -> u8 {
    match status {
        600.. => 0,
        300..400 => 1,
        401 | 407 | 415 | 420 | 484 => 2,
        486 => 3,
        408 | 480 | 487 => 5,
        400..500 => 4,
        _ => 6,
    }
}
