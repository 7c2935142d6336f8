//! Wrong REGISTERs by the thousand: the whole way (REGISTER, 401, REGISTER with a wrong answer), and answers to challenges
//! that nobody gave. At extensions that exist and at others.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{GUESSED, GUESSED_FROM};
use crate::guess::{Answer, Guess};
use crate::source::{ManySources, address};

/// Guesses whose challenge has not come yet; more of them are forgotten all at once.
const OPEN_MAX: usize = 20_000;
/// How long to sleep when nothing is to be done.
const NAP: Duration = Duration::from_micros(500);
/// Datagrams read between two looks at the clock.
const READ_MAX: usize = 64;
/// Extensions that nobody has begin here.
const UNKNOWN_FROM: u32 = 7_000_000;
/// Each fourth answers a challenge that was never given.
const KINDS: u32 = 4;

/// Where they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sources {
    One,
    /// As many as the plan says, in turn.
    Many,
    /// Each from another one.
    Fresh,
}

impl Sources {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Many => "many",
            Self::Fresh => "fresh",
        }
    }
}

/// What was sent and what was said to it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) sources: Sources,
    /// Wrong answers sent.
    pub(crate) proofs: u64,
    pub(crate) seconds: f64,
    /// What was answered to them, by status.
    pub(crate) answered: HashMap<u16, u64>,
}

pub(crate) struct WrongPhones {
    socket: ManySources,
    port: u16,
    sources: Sources,
    many: u32,
    open: HashMap<u32, Guess>,
    done: Done,
}

impl WrongPhones {
    pub(crate) fn open(server: SocketAddr, sources: Sources, many: u32) -> anyhow::Result<Self> {
        let socket = ManySources::open(server)?;
        let port = socket.port()?;
        let done = Done { sources, proofs: 0, seconds: 0.0, answered: HashMap::new() };
        Ok(Self { socket, port, sources, many, open: HashMap::new(), done })
    }

    /// At this pace; a little faster, so that it is not slower.
    pub(crate) fn flood_until(mut self, over: &AtomicBool, per_second: u32) -> anyhow::Result<Done> {
        let began = Instant::now();
        let mut id = 0_u32;
        while !over.load(Ordering::Relaxed) {
            let due = began.elapsed().as_secs_f64() * f64::from(per_second) * 1.03;
            let mut did = false;
            if f64::from(id) < due {
                self.begin(id)?;
                id = id.wrapping_add(1);
                did = true;
            }
            for _ in 0..READ_MAX {
                let Some(datagram) = self.socket.receive()? else { break };
                let answer = Answer::read(datagram)?;
                self.take(&answer)?;
                did = true;
            }
            if !did {
                std::thread::sleep(NAP);
            }
        }
        self.done.seconds = began.elapsed().as_secs_f64();
        Ok(self.done)
    }

    fn begin(&mut self, id: u32) -> anyhow::Result<()> {
        let from = match self.sources {
            Sources::One => address(1, 0),
            Sources::Many => address(2, id % self.many),
            Sources::Fresh => address(64, id),
        };
        let (kind, turn) = (id % KINDS, id / KINDS);
        let number = if kind == 0 || kind == 3 { UNKNOWN_FROM + turn } else { GUESSED_FROM + turn % GUESSED };
        let guess = Guess::new(number, from, id);
        if kind == 2 {
            self.done.proofs += 1;
            return self.socket.send(from, &guess.answer(self.port, b"AAAAAGUAAAAhUmVnaXN0ZX", 2));
        }
        self.socket.send(from, &guess.ask(self.port))?;
        if self.open.len() >= OPEN_MAX {
            self.open.clear();
        }
        self.open.insert(id, guess);
        Ok(())
    }

    fn take(&mut self, answer: &Answer) -> anyhow::Result<()> {
        if answer.cseq != 1 {
            *self.done.answered.entry(answer.status).or_default() += 1;
            return Ok(());
        }
        if let Some(guess) = self.open.remove(&answer.id)
            && answer.status == 401
        {
            self.done.proofs += 1;
            self.socket.send(guess.from, &guess.answer(self.port, &answer.nonce, 2))?;
        }
        Ok(())
    }
}
