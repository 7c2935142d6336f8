//! Callers and callees, in pairs, with as many calls at once as are allowed; both ends check what comes.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::form::{Form, Proof, Request, body, write_both};
use super::message::{Asked, Dialog, to_tag};
use crate::digest::{self, Hex};
use crate::load::{Load, Pace, Until, Work as Registering, nonce, sender, shown};
use crate::phone::{number, password};
use crate::shape::{REALM, SHAPES, Style};
use crate::socket::{Batch, Socket};

/// After this long without anything heard, what is outstanding counts as lost. Long enough for a server to send again what
/// the load was too late for.
const PATIENCE: Duration = Duration::from_secs(2);
/// More lost or sent again than this, per thousand, is no measurement.
const LOST_PER_MILLE_MAX: u64 = 1;
/// Transactions of a caller before its first call: their branches were those of its REGISTERs.
const TRANSACTIONS_BEFORE: u32 = 16;
/// Failures, and messages that were not expected, that are told in full.
const TOLD_MAX: usize = 3;

/// The datagrams of a call that come to the server, in their order.
#[derive(Clone, Copy)]
enum Kind {
    Invite,
    AckOfChallenge,
    InviteProven,
    Ringing,
    Answer,
    Ack,
    Bye,
    ByeAnswer,
}

const KINDS: usize = 8;

/// What a unit of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// From the INVITE to the answer to the BYE, so long after the ACK.
    Call { hold: Duration },
    /// From the INVITE to the ACK: the call stands.
    SetUp,
    /// BYE and its answer, for a call that stands.
    HangUp,
}

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) units: u64,
    pub(super) seconds: f64,
    lost: u64,
    /// Messages that came again, or after their call was given up.
    repeated: u64,
    failures: u64,
    /// The first of them in words.
    told: Vec<String>,
}

/// What the caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Idle,
    /// A challenge.
    Asking,
    /// The callee's answer.
    Calling,
    /// That the ACK arrives.
    Acknowledging,
    /// Its own wish to hang up.
    Up,
    /// The answer to a BYE without a proof.
    HangingUp,
    /// The answer to a BYE with one.
    HangingUpProven,
}

/// What the callee waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Callee {
    /// An INVITE.
    Idle,
    /// The ACK for its answer.
    Answering,
    /// A BYE.
    Up,
}

/// Two who call each other, always the same one the other.
struct Pair {
    ha1: Hex,
    caller: Caller,
    callee: Callee,
    /// Which of its calls it is.
    serial: u32,
    /// The newest transaction of the caller.
    transaction: u32,
    cseq: u32,
    has_rung: bool,
    /// The Request-URI of the newest INVITE.
    invited: Vec<u8>,
    proof: Proof,
    dialog: Dialog,
}

/// A socket that many phones share.
struct End {
    socket: Socket,
    port: u16,
    outgoing: Batch,
}

/// All pairs before one server. Callers and callees have a socket each: nobody is called where they call from.
pub(super) struct Calls {
    callers: End,
    callees: End,
    forms: Vec<Form>,
    bodies: Vec<String>,
    pairs: Vec<Pair>,
    next: u32,
    /// One datagram of each kind, for the echo.
    specimens: [Vec<u8>; KINDS],
}

impl End {
    /// Registers the phones of these places.
    fn new(first: u32, count: u32, server: SocketAddr) -> anyhow::Result<Self> {
        let mut load = Load::new(first + count, server)?;
        load.go_on_at(first);
        load.run(Registering::Full, Pace::Saturating, Until::Begun(count))?;
        let socket = load.into_socket();
        Ok(Self { port: socket.port()?, socket, outgoing: Batch::new() })
    }

    fn send(&mut self, message: &[u8]) -> anyhow::Result<()> {
        if self.outgoing.is_full() {
            self.flush()?;
        }
        self.outgoing.add(None).context("no room in the batch")?.extend_from_slice(message);
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        if !self.outgoing.is_empty() {
            self.socket.send(&self.outgoing)?;
            self.outgoing.clear();
        }
        Ok(())
    }
}

impl Calls {
    /// Registers all of them: callers first, then callees.
    pub(super) fn new(pairs: u32, server: SocketAddr) -> anyhow::Result<Self> {
        let callers = End::new(0, pairs, server)?;
        let callees = End::new(pairs, pairs, server)?;
        let pair = |index| {
            let number = number(index);
            Pair {
                ha1: digest::ha1(&number.to_string(), REALM, &password(number)),
                caller: Caller::Idle,
                callee: Callee::Idle,
                serial: 0,
                transaction: TRANSACTIONS_BEFORE,
                cseq: 0,
                has_rung: false,
                invited: Vec::new(),
                proof: Proof::default(),
                dialog: Dialog::default(),
            }
        };
        Ok(Self {
            callers,
            callees,
            forms: (0..SHAPES).map(Form::numbered).collect(),
            bodies: (0..SHAPES).map(|number| body(&Style::numbered(number))).collect(),
            pairs: (0..pairs).map(pair).collect(),
            next: 0,
            specimens: Default::default(),
        })
    }

    /// Works until told to stop, then waits for what is outstanding. An error if anything was not as it must be.
    pub(super) fn run(&mut self, work: Work, in_flight_max: u32, until: Until) -> anyhow::Result<Done> {
        Run {
            work,
            in_flight_max,
            until,
            done: Done::default(),
            in_flight: 0,
            begun: 0,
            holding: VecDeque::new(),
            started: Instant::now(),
            message: Vec::new(),
            calls: self,
        }
        .run()
    }

    /// The datagrams of one call, as they were sent.
    pub(super) fn specimens(&self) -> &[Vec<u8>] {
        &self.specimens
    }

    fn count(&self) -> u32 {
        u32::try_from(self.pairs.len()).unwrap_or(u32::MAX)
    }

    fn pair(&mut self, index: u32) -> anyhow::Result<&mut Pair> {
        let at = usize::try_from(index)?;
        self.pairs.get_mut(at).with_context(|| format!("no pair {index}"))
    }
}

struct Run<'a> {
    calls: &'a mut Calls,
    work: Work,
    in_flight_max: u32,
    until: Until,
    done: Done,
    in_flight: u32,
    begun: u64,
    /// Those who talk, and when they have done so.
    holding: VecDeque<(Instant, u32)>,
    started: Instant,
    /// Room to write one.
    message: Vec<u8>,
}

impl Run<'_> {
    fn run(mut self) -> anyhow::Result<Done> {
        let mut incoming = Batch::new();
        let mut heard = self.started;
        loop {
            self.hang_up_due()?;
            self.fill()?;
            self.calls.callers.flush()?;
            self.calls.callees.flush()?;
            if self.in_flight == 0 && self.is_over() {
                break;
            }
            // Never asleep: to wake us would be the server's work, and a core of our own is there for this.
            let mut has_heard = false;
            if self.calls.callers.socket.receive(&mut incoming)? {
                has_heard = true;
                for datagram in incoming.datagrams() {
                    self.take_answer(datagram)?;
                }
            }
            if self.calls.callees.socket.receive(&mut incoming)? {
                has_heard = true;
                for datagram in incoming.datagrams() {
                    self.take_request(datagram)?;
                }
            }
            if has_heard {
                heard = Instant::now();
            } else if heard.elapsed() > PATIENCE {
                heard = Instant::now();
                if usize::try_from(self.in_flight)? > self.holding.len() {
                    self.give_up_outstanding();
                }
            }
        }
        self.done.seconds = self.started.elapsed().as_secs_f64();
        self.done.verdict()
    }

    fn is_over(&self) -> bool {
        match self.until {
            Until::Elapsed(time) => self.started.elapsed() >= time,
            Until::EachOnce => self.begun >= u64::from(self.calls.count()),
            Until::Begun(count) => self.begun >= u64::from(count),
        }
    }

    /// New units, as far as there is room and time.
    fn fill(&mut self) -> anyhow::Result<()> {
        let mut busy = 0;
        while self.in_flight < self.in_flight_max && !self.is_over() {
            let index = self.calls.next;
            self.calls.next = (index + 1) % self.calls.count();
            let hangs_up = self.work == Work::HangUp;
            let callee = number(self.calls.count() + index);
            let pair = self.calls.pair(index)?;
            if pair.caller != if hangs_up { Caller::Up } else { Caller::Idle } {
                busy += 1;
                if busy > self.calls.pairs.len() {
                    bail!("no pair of {} can begin: too few for so many at once", busy - 1);
                }
                continue;
            }
            self.begun += 1;
            self.in_flight += 1;
            if hangs_up {
                self.bye(index, false)?;
            } else {
                pair.serial += 1;
                pair.callee = Callee::Idle;
                pair.has_rung = false;
                pair.dialog.to_tag.clear();
                pair.dialog.routes.clear();
                pair.invited = format!("sip:{callee}@{REALM}").into_bytes();
                self.invite(index, false)?;
            }
        }
        Ok(())
    }

    fn hang_up_due(&mut self) -> anyhow::Result<()> {
        while let Some((due, index)) = self.holding.front().copied()
            && due <= Instant::now()
        {
            self.holding.pop_front();
            self.bye(index, false)?;
        }
        Ok(())
    }

    /// The caller's half.
    fn take_answer(&mut self, datagram: &[u8]) -> anyhow::Result<()> {
        let (index, transaction) =
            sender(datagram).with_context(|| format!("no branch of ours: {}", shown(datagram)))?;
        let pair = self.calls.pair(index)?;
        if pair.transaction != transaction {
            self.done.repeat(datagram);
            return Ok(());
        }
        let status = datagram.get(8..11).unwrap_or_default();
        match (pair.caller, status) {
            (Caller::Asking | Caller::Calling, b"100") => Ok(()),
            (Caller::Calling, b"180") => {
                pair.has_rung = true;
                Ok(())
            }
            (Caller::Asking, b"407") => {
                self.acknowledge_refusal(index, datagram)?;
                self.prove(index, "INVITE", datagram)?;
                self.invite(index, true)
            }
            (Caller::Calling, b"200") => {
                let learnt = pair.dialog.learn(datagram);
                if let Err(problem) = learnt {
                    return self.fail(index, &format!("{problem:#}"));
                }
                if !pair.has_rung {
                    return self.fail(index, "answered, and never rung");
                }
                self.acknowledge(index)
            }
            (Caller::HangingUp, b"407") => {
                self.prove(index, "BYE", datagram)?;
                self.bye(index, true)
            }
            (Caller::HangingUp | Caller::HangingUpProven, b"200") => {
                if pair.callee != Callee::Idle {
                    return self.fail(index, "the call has ended and its callee does not know");
                }
                pair.caller = Caller::Idle;
                self.finish();
                Ok(())
            }
            (Caller::Asking | Caller::Calling, status) if status >= b"200".as_slice() => {
                self.acknowledge_refusal(index, datagram)?;
                self.fail(index, &shown(datagram))
            }
            (Caller::Idle | Caller::Acknowledging | Caller::Up, _) => {
                self.done.repeat(datagram);
                Ok(())
            }
            _ => self.fail(index, &shown(datagram)),
        }
    }

    /// The callee's half.
    fn take_request(&mut self, datagram: &[u8]) -> anyhow::Result<()> {
        let asked = Asked::read(datagram)?;
        let (index, serial) = asked.call;
        let callee = number(self.calls.count() + index);
        let port = self.calls.callees.port;
        let pair = self.calls.pair(index)?;
        if pair.serial != serial || pair.caller == Caller::Idle {
            self.done.repeat(datagram);
            return Ok(());
        }
        let mut tag = Vec::with_capacity(16);
        write_both(serial, index, &mut tag);
        if asked.to_tag.is_some_and(|theirs| theirs != tag) {
            return self.fail(index, &format!("for somebody else: {}", shown(datagram)));
        }
        if asked.forwards_left >= b"70".as_slice() || !is_at(asked.uri, callee, port) {
            return self.fail(index, &format!("sent on as no proxy may: {}", shown(datagram)));
        }
        match (asked.method, pair.callee) {
            (b"INVITE", Callee::Idle) if pair.caller == Caller::Calling => {
                if !asked.is_record_routed {
                    return self.fail(index, &format!("without a Record-Route: {}", shown(datagram)));
                }
                pair.callee = Callee::Answering;
                self.pick_up(index, &asked, &tag)
            }
            (b"ACK", Callee::Answering) => {
                pair.callee = Callee::Up;
                pair.caller = Caller::Up;
                match self.work {
                    Work::SetUp => self.finish(),
                    Work::Call { hold: Duration::ZERO } => self.bye(index, false)?,
                    Work::Call { hold } => self.holding.push_back((Instant::now() + hold, index)),
                    Work::HangUp => bail!("an ACK while calls are hung up: {}", shown(datagram)),
                }
                Ok(())
            }
            (b"BYE", Callee::Up) if matches!(pair.caller, Caller::HangingUp | Caller::HangingUpProven) => {
                pair.callee = Callee::Idle;
                self.send(index, Kind::ByeAnswer, |_, out| {
                    asked.answer("200 OK", &tag, b"", "", out);
                })
            }
            (b"INVITE" | b"ACK" | b"BYE", _) => {
                self.done.repeat(datagram);
                Ok(())
            }
            _ => self.fail(index, &format!("nothing of a call: {}", shown(datagram))),
        }
    }

    /// Rings and answers, without a pause.
    fn pick_up(&mut self, index: u32, asked: &Asked<'_>, tag: &[u8]) -> anyhow::Result<()> {
        // The callee is another make than its caller.
        let style = Style::numbered(index.wrapping_mul(5).wrapping_add(3));
        let mut added = format!(
            "{}: <sip:{}@127.0.0.1:{}>\r\nUser-Agent: {}\r\n",
            style.name("Contact", "m"),
            number(self.calls.count() + index),
            self.calls.callees.port,
            style.vendor()
        );
        if style.chatty {
            added.push_str("Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, INFO, REFER, UPDATE\r\n");
        }
        self.send(index, Kind::Ringing, |_, out| {
            asked.answer("180 Ringing", tag, added.as_bytes(), "", out);
        })?;
        added.push_str("Content-Type: application/sdp\r\n");
        self.send(index, Kind::Answer, |calls, out| {
            let at = usize::try_from(style.number).ok();
            let body = at.and_then(|at| calls.bodies.get(at)).map_or("", String::as_str);
            asked.answer("200 OK", tag, added.as_bytes(), body, out);
        })
    }

    fn invite(&mut self, index: u32, proven: bool) -> anyhow::Result<()> {
        let pair = self.calls.pair(index)?;
        pair.caller = if proven { Caller::Calling } else { Caller::Asking };
        pair.transaction += 1;
        pair.cseq += 1;
        let kind = if proven { Kind::InviteProven } else { Kind::Invite };
        self.ask(index, kind, "INVITE", proven)
    }

    /// For a refusal: part of its INVITE's transaction (RFC 3261 section 17.1.1.3).
    fn acknowledge_refusal(&mut self, index: u32, datagram: &[u8]) -> anyhow::Result<()> {
        let pair = self.calls.pair(index)?;
        pair.dialog.to_tag.clear();
        pair.dialog.to_tag.extend_from_slice(to_tag(datagram));
        let proven = pair.caller == Caller::Calling;
        self.ask(index, Kind::AckOfChallenge, "ACK", proven)?;
        self.calls.pair(index)?.dialog.to_tag.clear();
        Ok(())
    }

    /// For the callee's 200: a transaction of its own, with the proof of its INVITE (RFC 3261 section 13.2.2.4).
    fn acknowledge(&mut self, index: u32) -> anyhow::Result<()> {
        let pair = self.calls.pair(index)?;
        pair.caller = Caller::Acknowledging;
        pair.transaction += 1;
        self.ask(index, Kind::Ack, "ACK", true)
    }

    fn bye(&mut self, index: u32, proven: bool) -> anyhow::Result<()> {
        let pair = self.calls.pair(index)?;
        pair.caller = if proven { Caller::HangingUpProven } else { Caller::HangingUp };
        pair.transaction += 1;
        pair.cseq += 1;
        self.ask(index, Kind::Bye, "BYE", proven)
    }

    /// Answers a challenge, for the request of this method.
    fn prove(&mut self, index: u32, method: &str, datagram: &[u8]) -> anyhow::Result<()> {
        let nonce = nonce(datagram, b"Proxy-Authenticate: Digest ")?;
        let form = usize::try_from(index % SHAPES).ok().and_then(|at| self.calls.forms.get(at));
        let cnonce = form.context("no form")?.cnonce;
        let pair = self.calls.pair(index)?;
        let uri = if method == "INVITE" { &pair.invited } else { &pair.dialog.target };
        let ha2 = digest::ha2(method, uri);
        let response = digest::response(&pair.ha1, nonce, b"00000001", cnonce, &ha2);
        pair.proof.uri.clone_from(uri);
        pair.proof.nonce.clear();
        pair.proof.nonce.extend_from_slice(nonce);
        pair.proof.response = Some(response);
        Ok(())
    }

    fn ask(&mut self, index: u32, kind: Kind, method: &'static str, proven: bool) -> anyhow::Result<()> {
        self.send(index, kind, |calls, out| {
            let at = usize::try_from(index).unwrap_or(usize::MAX);
            let form = usize::try_from(index % SHAPES).ok().and_then(|at| calls.forms.get(at));
            let (Some(pair), Some(form)) = (calls.pairs.get(at), form) else { return };
            let within = matches!(kind, Kind::Ack | Kind::Bye);
            let request = Request {
                method,
                target: if within { &pair.dialog.target } else { &pair.invited },
                pair: index,
                serial: pair.serial,
                transaction: pair.transaction,
                caller: number(index),
                callee: number(calls.count() + index),
                to_tag: &pair.dialog.to_tag,
                cseq: pair.cseq,
                routes: if within { &pair.dialog.routes } else { b"" },
                proof: proven.then_some(&pair.proof),
            };
            form.write(&request, calls.callers.port, out);
        })
    }

    fn send(
        &mut self,
        index: u32,
        kind: Kind,
        write: impl FnOnce(&Calls, &mut Vec<u8>),
    ) -> anyhow::Result<()> {
        let mut message = std::mem::take(&mut self.message);
        message.clear();
        write(self.calls, &mut message);
        let end = match kind {
            Kind::Ringing | Kind::Answer | Kind::ByeAnswer => &mut self.calls.callees,
            Kind::Invite | Kind::AckOfChallenge | Kind::InviteProven | Kind::Ack | Kind::Bye => {
                &mut self.calls.callers
            }
        };
        end.send(&message)?;
        if index == 0
            && let Some(specimen) = self.calls.specimens.get_mut(kind as usize)
        {
            specimen.clone_from(&message);
        }
        self.message = message;
        Ok(())
    }

    fn finish(&mut self) {
        self.done.units += 1;
        self.in_flight -= 1;
    }

    fn fail(&mut self, index: u32, why: &str) -> anyhow::Result<()> {
        let pair = self.calls.pair(index)?;
        let was = pair.caller;
        pair.caller = Caller::Idle;
        pair.callee = Callee::Idle;
        self.in_flight -= 1;
        self.done.failures += 1;
        self.done.tell(|| format!("pair {index}, {was:?}: {why}"));
        Ok(())
    }

    fn give_up_outstanding(&mut self) {
        let held = u32::try_from(self.holding.len()).unwrap_or(u32::MAX);
        self.done.lost += u64::from(self.in_flight.saturating_sub(held));
        self.in_flight = held;
        for pair in &mut self.calls.pairs {
            if pair.caller != Caller::Up {
                pair.caller = Caller::Idle;
            }
        }
    }
}

impl Done {
    fn repeat(&mut self, datagram: &[u8]) {
        self.repeated += 1;
        self.tell(|| format!("again or too late: {}", shown(datagram)));
    }

    fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.told.len() < TOLD_MAX {
            self.told.push(what());
        }
    }

    fn verdict(self) -> anyhow::Result<Self> {
        let Self { units, lost, repeated, failures, told, .. } = &self;
        if *failures > 0 {
            bail!("{failures} calls failed, {units} did not; the first ones:\n{}", told.join("\n"));
        }
        if (lost + repeated) * 1000 > units * LOST_PER_MILLE_MAX {
            bail!(
                "of {units} calls {lost} were lost, and {repeated} messages came again or too late:\n{}",
                told.join("\n")
            );
        }
        if lost + repeated > 0 {
            eprintln!("{lost} calls lost, {repeated} messages that came again or too late");
        }
        Ok(self)
    }
}

/// Whether this is where the callee registered.
fn is_at(uri: &[u8], callee: u32, port: u16) -> bool {
    uri.starts_with(format!("sip:{callee}@127.0.0.1:{port}").as_bytes())
}

/// The same datagrams, one after the other as in a call, to a server that sends them back: what is left of a proxy when all
/// its work is taken away.
pub(super) fn echo(
    server: SocketAddr,
    specimens: &[Vec<u8>],
    in_flight: u32,
    time: Duration,
) -> anyhow::Result<Done> {
    if specimens.iter().any(|specimen| specimen.len() < 8) {
        bail!("no call was made whose datagrams could be sent once more");
    }
    let mut socket = Socket::open(Some(server))?;
    let (mut outgoing, mut incoming) = (Batch::new(), Batch::new());
    let (mut done, mut begun, mut out) = (Done::default(), in_flight, in_flight);
    let mut due: VecDeque<(u32, u32)> = (0..in_flight).map(|call| (call, 0)).collect();
    let started = Instant::now();
    let mut heard = started;
    while out > 0 {
        while !outgoing.is_full()
            && let Some((call, step)) = due.pop_front()
        {
            let place = outgoing.add(None).context("no room in the batch")?;
            place.extend_from_slice(&call.to_be_bytes());
            place.extend_from_slice(&step.to_be_bytes());
            let specimen = specimens.get(usize::try_from(step)?).and_then(|specimen| specimen.get(8..));
            place.extend_from_slice(specimen.context("no such datagram")?);
        }
        if !outgoing.is_empty() {
            socket.send(&outgoing)?;
            outgoing.clear();
        }
        if !socket.receive(&mut incoming)? {
            if due.is_empty() && heard.elapsed() > PATIENCE {
                bail!("the echo lost {out} datagrams");
            }
            continue;
        }
        heard = Instant::now();
        for datagram in incoming.datagrams() {
            let tag = datagram.first_chunk().copied().map(u64::from_be_bytes).context("a short echo")?;
            let (call, step) = (u32::try_from(tag >> 32)?, u32::try_from(tag & 0xffff_ffff)? + 1);
            if usize::try_from(step)? < specimens.len() {
                due.push_back((call, step));
                continue;
            }
            done.units += 1;
            if started.elapsed() < time {
                due.push_back((begun, 0));
                begun = begun.wrapping_add(1);
            } else {
                out -= 1;
            }
        }
    }
    done.seconds = started.elapsed().as_secs_f64();
    Ok(done)
}
