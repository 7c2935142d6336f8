//! Phones that want to be registered and do what RFC 3261 says to stay so: an answer that does not come is asked for again
//! (section 17.1.2.2: after half a second, then twice as long each time, up to four), for 32 seconds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::load::{Answer, read, sender};
use crate::phone::Phones;
use crate::socket::{Batch, Socket};

/// Timer E begins at T1 and grows to T2; timer F ends it all at 64 times T1.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const TIMER_F: Duration = Duration::from_secs(32);
/// Failures that are told in full.
const TOLD_MAX: usize = 5;
/// Batches that are read in one go before anything else is looked at.
const ROUNDS_MAX: usize = 64;

/// Where one phone stands.
#[derive(Clone, Default)]
struct Standing {
    /// The CSeq that an answer must carry, or 0: nothing is outstanding.
    awaited: u32,
    /// What was sent, to be sent again.
    request: Vec<u8>,
    proven: bool,
    /// A new challenge was answered already: another one is a refusal.
    challenged: bool,
    has_nonce: bool,
    began: Option<Instant>,
    sent: Option<Instant>,
    again_after: Duration,
}

/// What became of those who have a right to be let in.
#[derive(Default)]
pub(crate) struct Tally {
    /// What went through.
    pub(crate) accepted: u64,
    pub(crate) failures: u64,
    pub(crate) retransmitted: u64,
    /// From the first request to the last answer.
    pub(crate) latencies_ms: Vec<f64>,
    /// The first failures in words.
    pub(crate) told: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.failures += other.failures;
        self.retransmitted += other.retransmitted;
        self.latencies_ms.extend(other.latencies_ms);
        self.told.extend(other.told);
    }

    pub(crate) fn accept(&mut self, took: Duration) {
        self.accepted += 1;
        self.latencies_ms.push(took.as_secs_f64() * 1000.0);
    }

    pub(crate) fn fail(&mut self, why: String) {
        self.failures += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(why);
        }
    }
}

/// Phones at one socket.
pub(crate) struct Fleet {
    socket: Socket,
    phones: Phones,
    standings: Vec<Standing>,
    timers: BinaryHeap<Reverse<(Instant, u32, u32)>>,
    outgoing: Batch,
    /// Away while what is in it is read.
    incoming: Option<Batch>,
    outstanding: u64,
    pub(crate) tally: Tally,
}

impl Fleet {
    pub(crate) fn new(count: u32, server: SocketAddr) -> anyhow::Result<Self> {
        let socket = Socket::open(Some(server))?;
        let phones = Phones::new(count, socket.port()?);
        Ok(Self {
            socket,
            phones,
            standings: vec![Standing::default(); usize::try_from(count)?],
            timers: BinaryHeap::new(),
            outgoing: Batch::new(),
            incoming: None,
            outstanding: 0,
            tally: Tally::default(),
        })
    }

    /// The server is another one from now on; what the phones remember, they keep.
    pub(crate) fn move_to(&mut self, server: SocketAddr) -> anyhow::Result<()> {
        self.socket.connect(server)
    }

    /// Phones that wait for an answer.
    pub(crate) fn outstanding(&self) -> u64 {
        self.outstanding
    }

    /// A phone begins to register or to refresh; one that still waits for an answer has failed to in time.
    pub(crate) fn begin(&mut self, index: u32, now: Instant) -> anyhow::Result<()> {
        let standing = self.standing(index)?;
        if standing.awaited != 0 {
            self.fail(index, "it was still waiting when it had to refresh again")?;
        }
        let standing = self.standing(index)?;
        standing.began = Some(now);
        standing.challenged = false;
        let has_nonce = standing.has_nonce;
        self.outstanding += 1;
        self.ask(index, has_nonce, now)
    }

    /// Takes what has come and sends what is due. Whether there was anything to do.
    pub(crate) fn work(&mut self) -> anyhow::Result<bool> {
        let mut did = false;
        for _ in 0..ROUNDS_MAX {
            let mut incoming = self.incoming.take().unwrap_or_else(Batch::new);
            let has_come = self.receive(&mut incoming);
            self.incoming = Some(incoming);
            if !has_come? {
                break;
            }
            did = true;
        }
        did |= self.fire(Instant::now())?;
        self.flush()?;
        Ok(did)
    }

    fn receive(&mut self, incoming: &mut Batch) -> anyhow::Result<bool> {
        if !self.socket.receive(incoming)? {
            return Ok(false);
        }
        let now = Instant::now();
        for datagram in incoming.datagrams() {
            self.take(datagram, now)?;
        }
        Ok(true)
    }

    fn take(&mut self, datagram: &[u8], now: Instant) -> anyhow::Result<()> {
        let (index, cseq) = sender(datagram).context("an answer without a branch of ours")?;
        let standing = self.standing(index)?;
        if standing.awaited != cseq {
            // An answer to a retransmission, after another one has come.
            return Ok(());
        }
        let (proven, challenged, began) = (standing.proven, standing.challenged, standing.began);
        match read(datagram, index) {
            Ok(Answer::Registered) if proven => {
                standing.awaited = 0;
                self.outstanding -= 1;
                self.tally.accept(began.map_or(Duration::ZERO, |began| now.duration_since(began)));
                Ok(())
            }
            Ok(Answer::Challenge { nonce }) if !challenged => {
                standing.challenged = true;
                standing.has_nonce = true;
                self.phones.challenged(index, nonce).map_err(|_| anyhow::anyhow!("no phone {index}"))?;
                self.ask(index, true, now)
            }
            Ok(_) => self.fail(index, "a right answer was challenged again"),
            Err(problem) => self.fail(index, &format!("{problem:#}")),
        }
    }

    fn ask(&mut self, index: u32, proven: bool, now: Instant) -> anyhow::Result<()> {
        let mut request = std::mem::take(&mut self.standing(index)?.request);
        let cseq = self
            .phones
            .write(index, proven, &mut request)
            .map_err(|_| anyhow::anyhow!("no phone {index}"))?;
        let standing = self.standing(index)?;
        standing.request = request;
        standing.awaited = cseq;
        standing.proven = proven;
        standing.sent = Some(now);
        standing.again_after = T1;
        self.timers.push(Reverse((now + T1, index, cseq)));
        self.send(index)
    }

    fn send(&mut self, index: u32) -> anyhow::Result<()> {
        if self.outgoing.is_full() {
            self.flush()?;
        }
        let standing =
            usize::try_from(index).ok().and_then(|at| self.standings.get(at)).context("no phone")?;
        self.outgoing.add(None).context("no room in the batch")?.extend_from_slice(&standing.request);
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        if !self.outgoing.is_empty() {
            self.socket.send(&self.outgoing)?;
            self.outgoing.clear();
        }
        Ok(())
    }

    /// What was not answered in time is sent again, or given up.
    fn fire(&mut self, now: Instant) -> anyhow::Result<bool> {
        let mut did = false;
        while let Some(Reverse((due, index, cseq))) = self.timers.peek().copied()
            && due <= now
        {
            self.timers.pop();
            let standing = self.standing(index)?;
            if standing.awaited != cseq {
                continue;
            }
            did = true;
            if standing.sent.is_some_and(|sent| now.duration_since(sent) >= TIMER_F) {
                self.fail(index, "no answer in 32 seconds")?;
                continue;
            }
            standing.again_after = (standing.again_after * 2).min(T2);
            let again_at = now + standing.again_after;
            self.timers.push(Reverse((again_at, index, cseq)));
            self.tally.retransmitted += 1;
            self.send(index)?;
        }
        Ok(did)
    }

    fn fail(&mut self, index: u32, why: &str) -> anyhow::Result<()> {
        let standing = self.standing(index)?;
        standing.awaited = 0;
        standing.has_nonce = false;
        self.outstanding -= 1;
        self.tally.fail(format!("phone {index}: {why}"));
        Ok(())
    }

    fn standing(&mut self, index: u32) -> anyhow::Result<&mut Standing> {
        let at = usize::try_from(index)?;
        self.standings.get_mut(at).with_context(|| format!("no phone {index}"))
    }
}
