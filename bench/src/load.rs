//! Phones that register, as many at once as a window allows, or at a set pace; every answer is checked.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use memchr::memmem;

use crate::phone::{Phones, number};
use crate::socket::{Batch, Socket};

/// Requests that may be unanswered at once: enough to keep a server busy, little enough for a default socket buffer.
const WINDOW: u32 = 128;
/// After this long without any answer, what is outstanding counts as lost and is begun anew.
const PATIENCE: Duration = Duration::from_millis(500);
/// More lost than this, per thousand, is no measurement.
const LOST_PER_MILLE_MAX: u64 = 1;

/// What a unit of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// REGISTER, 401, REGISTER, 200.
    Full,
    /// REGISTER with the nonce of the last time, 200.
    Refresh,
    /// As many datagrams as `Full`, to a server that sends them back.
    EchoOfFull,
    /// As many datagrams as `Refresh`, to a server that sends them back.
    EchoOfRefresh,
}

/// When to begin the next unit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As soon as another is done.
    Saturating,
    /// So many in a second.
    PerSecond(u32),
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Elapsed(Duration),
    /// Each phone once.
    EachOnce,
    /// So many have begun.
    Begun(u32),
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) units: u64,
    pub(crate) seconds: f64,
    pub(crate) lost: u64,
    /// Refreshes whose nonce was no longer good, and which became full registrations.
    pub(crate) stale: u64,
    /// From the first request of a unit to its last answer, in microseconds; kept for paced work only.
    pub(crate) latencies_us: Vec<f64>,
}

/// Where one phone stands.
#[derive(Clone, Copy)]
struct Standing {
    /// The CSeq that an answer must carry, or 0: nothing is outstanding.
    awaited: u32,
    proven: bool,
    began: Instant,
}

/// Phones before one server.
pub(crate) struct Load {
    socket: Socket,
    phones: Phones,
    standings: Vec<Standing>,
    next: u32,
}

/// What a server answered to a REGISTER.
pub(crate) enum Answer<'a> {
    Challenge { nonce: &'a [u8] },
    Registered,
}

impl Load {
    pub(crate) fn new(count: u32, server: std::net::SocketAddr) -> anyhow::Result<Self> {
        let socket = Socket::open(Some(server))?;
        let phones = Phones::new(count, socket.port()?);
        let idle = Standing { awaited: 0, proven: false, began: Instant::now() };
        let standings = vec![idle; usize::try_from(count)?];
        Ok(Self { socket, phones, standings, next: 0 })
    }

    /// The same phones, where they were, before the same server once it was started again.
    pub(crate) fn come_again(&mut self, server: std::net::SocketAddr) -> anyhow::Result<()> {
        self.socket.connect(server)
    }

    /// The phone at this place is the next one.
    pub(crate) fn go_on_at(&mut self, index: u32) {
        self.next = index;
    }

    /// Where the phones are registered: calls for them come there.
    pub(crate) fn into_socket(self) -> Socket {
        self.socket
    }

    /// Works until told to stop, then waits for what is outstanding.
    pub(crate) fn run(&mut self, work: Work, pace: Pace, until: Until) -> anyhow::Result<Done> {
        Run {
            done: Done::default(),
            waiting: VecDeque::new(),
            outstanding: 0,
            begun: 0,
            work,
            pace,
            until,
            load: self,
        }
        .run()
    }
}

struct Run<'a> {
    load: &'a mut Load,
    work: Work,
    pace: Pace,
    until: Until,
    done: Done,
    /// Phones whose second request is to be sent.
    waiting: VecDeque<u32>,
    outstanding: u32,
    begun: u64,
}

impl Run<'_> {
    fn run(mut self) -> anyhow::Result<Done> {
        let started = Instant::now();
        let mut incoming = Batch::new();
        let mut outgoing = Batch::new();
        let mut heard = started;
        loop {
            self.fill(&mut outgoing, started)?;
            if !outgoing.is_empty() {
                self.load.socket.send(&outgoing)?;
                outgoing.clear();
            } else if self.outstanding == 0 && self.waiting.is_empty() && self.is_over(started) {
                break;
            }
            // Never asleep: to wake us would be the server's work, and a core of our own is there for this.
            if self.load.socket.receive(&mut incoming)? {
                heard = Instant::now();
                for datagram in incoming.datagrams() {
                    self.take(datagram)?;
                }
            } else if self.outstanding > 0 && heard.elapsed() > PATIENCE {
                self.give_up_outstanding();
                heard = Instant::now();
            }
        }
        self.done.seconds = started.elapsed().as_secs_f64();
        if self.done.lost * 1000 > self.done.units * LOST_PER_MILLE_MAX {
            bail!("{} of {} answers were lost", self.done.lost, self.done.units);
        }
        Ok(self.done)
    }

    fn is_over(&self, started: Instant) -> bool {
        match self.until {
            Until::Elapsed(time) => started.elapsed() >= time,
            Until::EachOnce => self.begun >= u64::from(self.load.phones.count()),
            Until::Begun(count) => self.begun >= u64::from(count),
        }
    }

    /// Second requests first, then new units, as far as window, pace and time allow.
    fn fill(&mut self, outgoing: &mut Batch, started: Instant) -> anyhow::Result<()> {
        while !outgoing.is_full()
            && let Some(index) = self.waiting.pop_front()
        {
            self.send(index, true, outgoing)?;
        }
        let allowed = match self.pace {
            Pace::Saturating => u64::MAX,
            Pace::PerSecond(rate) => whole(started.elapsed().as_secs_f64() * f64::from(rate)),
        };
        let in_flight = |run: &Self| run.outstanding + u32::try_from(run.waiting.len()).unwrap_or(u32::MAX);
        while !outgoing.is_full()
            && in_flight(self) < WINDOW
            && self.begun < allowed
            && !self.is_over(started)
        {
            let index = self.load.next;
            self.load.next = (index + 1) % self.load.phones.count();
            let standing = self.standing(index)?;
            if standing.awaited != 0 {
                bail!("all {} phones are waiting: too few for this window", self.load.phones.count());
            }
            standing.began = Instant::now();
            self.begun += 1;
            self.send(index, matches!(self.work, Work::Refresh | Work::EchoOfRefresh), outgoing)?;
        }
        Ok(())
    }

    fn send(&mut self, index: u32, proven: bool, outgoing: &mut Batch) -> anyhow::Result<()> {
        let place = outgoing.add(None).context("no room in the batch")?;
        let cseq =
            self.load.phones.write(index, proven, place).map_err(|_| anyhow::anyhow!("no phone {index}"))?;
        let standing = self.standing(index)?;
        standing.awaited = cseq;
        standing.proven = proven;
        self.outstanding += 1;
        Ok(())
    }

    fn take(&mut self, datagram: &[u8]) -> anyhow::Result<()> {
        let (index, cseq) =
            sender(datagram).with_context(|| format!("no branch of ours: {}", shown(datagram)))?;
        let work = self.work;
        let standing = self.standing(index)?;
        if standing.awaited != cseq {
            // Answered late, after it was given up.
            return Ok(());
        }
        standing.awaited = 0;
        let (proven, began) = (standing.proven, standing.began);
        self.outstanding -= 1;
        match work {
            Work::EchoOfFull if !proven => self.waiting.push_back(index),
            Work::EchoOfFull | Work::EchoOfRefresh => self.finish(began),
            Work::Full | Work::Refresh => match read(datagram, index)? {
                Answer::Challenge { nonce } => {
                    if proven && work == Work::Full {
                        bail!("a right answer was refused: {}", shown(datagram));
                    }
                    if proven {
                        self.done.stale += 1;
                    }
                    self.load
                        .phones
                        .challenged(index, nonce)
                        .map_err(|_| anyhow::anyhow!("no phone {index}"))?;
                    self.waiting.push_back(index);
                }
                Answer::Registered if proven => self.finish(began),
                Answer::Registered => bail!("let in without a proof: {}", shown(datagram)),
            },
        }
        Ok(())
    }

    fn finish(&mut self, began: Instant) {
        self.done.units += 1;
        if matches!(self.pace, Pace::PerSecond(_)) {
            self.done.latencies_us.push(began.elapsed().as_secs_f64() * 1e6);
        }
    }

    fn give_up_outstanding(&mut self) {
        self.done.lost += u64::from(self.outstanding);
        self.outstanding = 0;
        for standing in &mut self.load.standings {
            standing.awaited = 0;
        }
    }

    fn standing(&mut self, index: u32) -> anyhow::Result<&mut Standing> {
        let at = usize::try_from(index)?;
        self.load.standings.get_mut(at).with_context(|| format!("no phone {index}"))
    }
}

/// The phone and the CSeq that the branch of the answer's Via names.
pub(crate) fn sender(datagram: &[u8]) -> Option<(u32, u32)> {
    let branch = memmem::find(datagram, b"branch=z9hG4bK")? + 14;
    let hex = datagram.get(branch..branch + 16)?;
    let mut bytes = [0; 8];
    data_encoding::HEXLOWER.decode_mut(hex, &mut bytes).ok()?;
    let both = u64::from_be_bytes(bytes);
    Some((u32::try_from(both >> 32).ok()?, u32::try_from(both & 0xffff_ffff).ok()?))
}

/// What the server says, checked as a phone would.
pub(crate) fn read(datagram: &[u8], index: u32) -> anyhow::Result<Answer<'_>> {
    match datagram.get(..12) {
        Some(b"SIP/2.0 401 ") => {
            Ok(Answer::Challenge { nonce: nonce(datagram, b"WWW-Authenticate: Digest ")? })
        }
        Some(b"SIP/2.0 200 ") => {
            let contact = memmem::find(datagram, b"Contact: <sip:").context("a 200 without a contact")? + 14;
            let user = datagram.get(contact..).unwrap_or_default();
            let user = user.get(..memchr::memchr(b'@', user).unwrap_or(0)).unwrap_or_default();
            let expires =
                datagram.get(contact..).is_some_and(|rest| memmem::find(rest, b"expires=").is_some());
            if user != number(index).to_string().as_bytes() || !expires {
                bail!("somebody else's contact: {}", shown(datagram));
            }
            Ok(Answer::Registered)
        }
        _ => bail!("not an answer to expect: {}", shown(datagram)),
    }
}

/// The nonce of the MD5 challenge in headers that begin like this. There may be one for each algorithm.
pub(crate) fn nonce<'a>(datagram: &'a [u8], header: &[u8]) -> anyhow::Result<&'a [u8]> {
    for at in memmem::find_iter(datagram, header) {
        let challenge = datagram.get(at..).unwrap_or_default();
        let challenge = challenge.get(..memchr::memchr(b'\r', challenge).unwrap_or(0)).unwrap_or_default();
        if memmem::find(challenge, b"algorithm=SHA-").is_some() {
            continue;
        }
        let nonce =
            memmem::find(challenge, b"nonce=\"").map(|at| at + 7).context("a challenge without a nonce")?;
        let nonce = challenge.get(nonce..).unwrap_or_default();
        let end = memchr::memchr(b'"', nonce).context("a nonce without an end")?;
        return Ok(nonce.get(..end).unwrap_or_default());
    }
    bail!("no MD5 challenge: {}", shown(datagram))
}

pub(crate) fn shown(datagram: &[u8]) -> String {
    String::from_utf8_lossy(datagram).into_owned()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "units begun: small and never negative"
)]
fn whole(value: f64) -> u64 {
    value as u64
}
