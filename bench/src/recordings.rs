//! Many who speak into mailboxes at once: whether every packet is in the message that its owner hears, and what a stream
//! costs.
//!
//! Each caller dials somebody who has no phone, waits for the tone, and speaks frames of G.711 every 20 ms whose samples say
//! whose they are and which. Then all owners listen at once, as people do: `*17`, `1`.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use calls::dialogue::Tone;
use clap::Args;
use memchr::memmem;
use server::media::sound;

use crate::digest::{self, Hex};
use crate::figures::{self, Bars};
use crate::load;
use crate::phone::{number, password};
use crate::server::{Server, folder, pin_load};
use crate::shape::REALM;

/// Samples in a packet, and packets in a second.
const FRAME: usize = 160;
const PACKETS_PER_SECOND: u32 = 50;
/// Within 20 ms, streams speak at so many different moments.
const SLOTS: u32 = 10;
const SLOT: Duration = Duration::from_millis(2);
/// The payload type of keys, as our offer has it.
const KEYS: u8 = 101;
/// A request is sent again after this; this often.
const AGAIN: Duration = Duration::from_millis(500);
const TRIES: u32 = 12;
/// How long greetings and menus may take.
const PATIENCE: Duration = Duration::from_secs(45);
/// Nobody hangs up in the middle of a word.
const BREATH: Duration = Duration::from_millis(300);
/// An owner waits so long before they press the key.
const THOUGHT: Duration = Duration::from_millis(1500);

/// What to measure.
#[derive(Args)]
pub(crate) struct Plan {
    /// Callers who speak at once
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=200))]
    streams: u32,
    /// How long each speaks
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=170))]
    seconds: u32,
    /// The product's program, built for release
    #[arg(long, value_name = "FILE")]
    hookswitch: PathBuf,
}

/// Prints the figures.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let (_kept, folder) = folder()?;
    let server = Server::hookswitch(&plan.hookswitch, &folder.join("hookswitch"), 2 * plan.streams)?;
    pin_load()?;
    let processes = server.processes();
    let mut line = Line::to(server.address)?;
    for index in 0..plan.streams {
        line.register(index)?;
    }
    processes.settle()?;
    let resting = processes.memory_bytes()?;
    let streams = f64::from(plan.streams);

    let mut all =
        Streams::dialled(&mut line, plan.streams, |index| (index, number(plan.streams + index).to_string()))?;
    let spoken = all
        .speak(plan.seconds * PACKETS_PER_SECOND, || Ok((processes.cpu_us()?, processes.memory_bytes()?)))?;
    let ((before_us, _), (after_us, talking)) = (spoken.first, spoken.last);
    all.hang_up(&mut line)?;

    for index in plan.streams..2 * plan.streams {
        line.register(index)?;
    }
    processes.settle()?;
    let mut owners = Streams::dialled(&mut line, plan.streams, |index| (plan.streams + index, "*17".into()))?;
    let lost = owners.listen(plan.seconds * PACKETS_PER_SECOND)?;
    owners.hang_up(&mut line)?;

    let cpu_us = (after_us - before_us) / (streams * spoken.seconds);
    figures::print("recordings.streams", streams);
    figures::print("recordings.packets", streams * f64::from(plan.seconds * PACKETS_PER_SECOND));
    figures::print("recordings.lost_packets", figures::count(lost.packets));
    figures::print("recordings.cpu_us_per_stream_second", cpu_us);
    figures::print("recordings.cpu_fraction", cpu_us * streams / 1e6);
    figures::print("recordings.bytes_per_stream", (talking - resting) / streams);
    figures::print("recordings.peak_bytes", processes.memory_peak_bytes()?);
    let mut bars = Bars::default();
    // What was lost on its way to us says nothing: then it is no measurement.
    bars.most("packets of what was played that did not arrive", figures::count(lost.on_the_way), 0.0);
    bars.most("recordings.lost_packets", figures::count(lost.packets), 0.0);
    bars.verdict()
}

/// What is missing in what the owners heard.
#[derive(Default)]
struct Lost {
    packets: u64,
    on_the_way: u64,
}

/// What was looked at when all spoke, and before the first had ended.
struct Spoken<T> {
    first: T,
    last: T,
    seconds: f64,
}

/// The samples of one packet: whose it is, and which; loud, so that none is taken for silence.
fn frame(stream: u32, packet: u32) -> [u8; FRAME] {
    let parts = [stream >> 4, stream, packet >> 12, packet >> 8, packet >> 4, packet, stream ^ packet];
    let mut samples = [0; FRAME];
    for unit in samples.chunks_mut(8) {
        for (sample, part) in unit.iter_mut().zip(parts) {
            *sample = 0x80 | u8::try_from(part & 0xf).unwrap_or_default();
        }
    }
    samples
}

/// All phones, at one socket.
struct Line {
    socket: UdpSocket,
    local: SocketAddr,
    server: SocketAddr,
    serial: u32,
}

/// What a phone knows of a call.
struct Call {
    index: u32,
    id: u32,
    to: String,
    target: String,
    routes: String,
    media: SocketAddr,
}

impl Line {
    fn to(server: SocketAddr) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(AGAIN))?;
        let local = socket.local_addr()?;
        Ok(Self { socket, local, server, serial: 0 })
    }

    fn next(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }

    fn register(&mut self, index: u32) -> anyhow::Result<()> {
        let (id, local, own) = (self.next(), self.local, number(index));
        let uri = format!("sip:{REALM}");
        let more = format!("Contact: <sip:{own}@{local}>\r\nExpires: 3600\r\n");
        let to = format!("<sip:{own}@{REALM}>");
        let answer = self.proven("REGISTER", &uri, index, id, &to, &more, "")?;
        if answer.status != 200 {
            bail!("{own} is not registered: {}", answer.text);
        }
        Ok(())
    }

    /// Calls; whoever answers is a mailbox.
    fn dial(&mut self, index: u32, dialled: &str, media: SocketAddr) -> anyhow::Result<Call> {
        let (id, local, own) = (self.next(), self.local, number(index));
        let uri = format!("sip:{dialled}@{REALM}");
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP 0 {KEYS}\r\n\
             a=rtpmap:{KEYS} telephone-event/8000\r\n",
            media.port()
        );
        let more = format!("Contact: <sip:{own}@{local}>\r\nContent-Type: application/sdp\r\n");
        let answer = self.proven("INVITE", &uri, index, id, &format!("<{uri}>"), &more, &sdp)?;
        if answer.status != 200 {
            bail!("{dialled} does not answer {own}: {}", answer.text);
        }
        let port = answer.text.split("m=audio ").nth(1).and_then(|rest| rest.split(' ').next());
        let port: u16 = port.context("no port for sound")?.parse()?;
        let contact = answer.header("contact")?;
        let target = contact.trim_matches(['<', '>']).to_owned();
        let mut routes: Vec<_> =
            answer.all("record-route").map(|route| format!("Route: {route}\r\n")).collect();
        routes.reverse();
        let routes = routes.concat();
        let call = Call {
            index,
            id,
            to: answer.header("to")?.to_owned(),
            target,
            routes,
            media: (Ipv4Addr::LOCALHOST, port).into(),
        };
        let ack = self.request("ACK", &call.target, index, id, 2, &call.to, &call.routes, "");
        self.socket.send_to(ack.as_bytes(), self.server)?;
        Ok(call)
    }

    fn hang_up(&mut self, call: &Call) -> anyhow::Result<()> {
        let answer =
            self.proven_from(3, "BYE", &call.target, call.index, call.id, &call.to, &call.routes, "")?;
        // Whoever has heard everything may have hung up first.
        if ![200, 481].contains(&answer.status) {
            bail!("a BYE is refused: {}", answer.text);
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a request")]
    fn request(
        &self,
        method: &str,
        uri: &str,
        index: u32,
        id: u32,
        cseq: u32,
        to: &str,
        more: &str,
        body: &str,
    ) -> String {
        let (local, own) = (self.local, number(index));
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKr{id}-{cseq}{method};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{own}@{REALM}>;tag=t{id}\r\nTo: {to}\r\nCall-ID: recording-{id}\r\n\
             CSeq: {cseq} {method}\r\n{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a request")]
    fn proven(
        &mut self,
        method: &str,
        uri: &str,
        index: u32,
        id: u32,
        to: &str,
        more: &str,
        body: &str,
    ) -> anyhow::Result<Answer> {
        self.proven_from(1, method, uri, index, id, to, more, body)
    }

    /// Asks, and once more with a proof where one is wanted.
    #[expect(clippy::too_many_arguments, reason = "the parts of a request")]
    fn proven_from(
        &mut self,
        cseq: u32,
        method: &str,
        uri: &str,
        index: u32,
        id: u32,
        to: &str,
        more: &str,
        body: &str,
    ) -> anyhow::Result<Answer> {
        let request = self.request(method, uri, index, id, cseq, to, more, body);
        let answer = self.ask(&request, id, cseq, method)?;
        let (asks, shows) = match answer.status {
            401 => ("WWW-Authenticate: Digest ", "Authorization"),
            407 => ("Proxy-Authenticate: Digest ", "Proxy-Authorization"),
            _ => return Ok(answer),
        };
        if method == "INVITE" {
            let ack = self.request("ACK", uri, index, id, cseq, answer.header("to")?, "", "");
            let ack = ack.replacen(&format!("-{cseq}ACK"), &format!("-{cseq}INVITE"), 1);
            self.socket.send_to(ack.as_bytes(), self.server)?;
        }
        let nonce = load::nonce(answer.text.as_bytes(), asks.as_bytes())?;
        let (own, cnonce) = (number(index), "6b8b4567");
        let ha1 = digest::ha1(&own.to_string(), REALM, &password(own));
        let ha2 = digest::ha2(method, uri.as_bytes());
        let response: Hex = digest::response(&ha1, nonce, b"00000001", cnonce.as_bytes(), &ha2);
        let proof = format!(
            "{shows}: Digest username=\"{own}\", realm=\"{REALM}\", nonce=\"{}\", uri=\"{uri}\", response=\"{}\", \
             algorithm=MD5, qop=auth, nc=00000001, cnonce=\"{cnonce}\"\r\n{more}",
            String::from_utf8_lossy(nonce),
            String::from_utf8_lossy(&response)
        );
        let request = self.request(method, uri, index, id, cseq + 1, to, &proof, body);
        self.ask(&request, id, cseq + 1, method)
    }

    /// Sends until it is answered for good.
    fn ask(&self, request: &str, id: u32, cseq: u32, method: &str) -> anyhow::Result<Answer> {
        let mut datagram = [0; 4096];
        for _ in 0..TRIES {
            self.socket.send_to(request.as_bytes(), self.server)?;
            while let Ok(length) = self.socket.recv(&mut datagram) {
                let answer = Answer::read(datagram.get(..length).unwrap_or_default());
                let is_ours = answer.header("call-id").is_ok_and(|call| call == format!("recording-{id}"))
                    && answer.header("cseq").is_ok_and(|found| found == format!("{cseq} {method}"));
                if is_ours && answer.status >= 200 {
                    return Ok(answer);
                }
            }
        }
        bail!("no answer to {request}")
    }
}

/// What the server says.
struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    fn read(datagram: &[u8]) -> Self {
        let text = load::shown(datagram);
        let status = text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok());
        Self { status: status.unwrap_or(0), text }
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        let pairs = head.split("\r\n").filter_map(|line| line.split_once(':'));
        pairs.filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    fn header<'a>(&'a self, name: &'a str) -> anyhow::Result<&'a str> {
        self.all(name).next().with_context(|| format!("no {name} in {}", self.text))
    }
}

/// The sound of one call.
struct Stream {
    call: Call,
    socket: UdpSocket,
    /// In µ-law, as it came.
    heard: Vec<u8>,
    next: Option<u16>,
    /// Packets between those that came.
    missing: u64,
    /// The number of the next packet, once the tone was heard.
    packet: Option<u32>,
    sequence: u16,
    timestamp: u32,
}

impl Stream {
    /// Takes all that has come.
    fn hear(&mut self) {
        let mut packet = [0; 2048];
        while let Ok(length) = self.socket.recv(&mut packet) {
            let Some((head, samples)) = packet.get(..length).and_then(|packet| packet.split_at_checked(12))
            else {
                continue;
            };
            let [_, 0 | 0x80, high, low, ..] = *head else { continue };
            let number = u16::from_be_bytes([high, low]);
            let gap = self.next.map_or(0, |next| number.wrapping_sub(next));
            self.missing += u64::from(gap);
            self.next = Some(number.wrapping_add(1));
            self.heard.extend_from_slice(samples);
        }
    }

    fn send(&mut self, kind: u8, payload: &[u8]) -> anyhow::Result<()> {
        let mut packet = vec![0x80, kind];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend(self.call.id.to_be_bytes());
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.socket.send_to(&packet, self.call.media)?;
        Ok(())
    }

    /// Presses `1`: an event of 80 ms, its end told three times (RFC 4733 section 2.5.1.4).
    fn press_one(&mut self) -> anyhow::Result<()> {
        for (flags, duration) in [(10, 160), (10, 320), (0x80 | 10, 640), (0x80 | 10, 640), (0x80 | 10, 640)]
        {
            let [high, low] = u16::to_be_bytes(duration);
            self.send(KEYS, &[1, flags, high, low])?;
        }
        self.timestamp = self.timestamp.wrapping_add(1600);
        Ok(())
    }
}

/// All calls at once.
struct Streams(Vec<Stream>);

impl Streams {
    fn dialled(line: &mut Line, count: u32, who: impl Fn(u32) -> (u32, String)) -> anyhow::Result<Self> {
        let mut streams = Self(Vec::new());
        for at in 0..count {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.set_nonblocking(true)?;
            let (index, dialled) = who(at);
            let call = line.dial(index, &dialled, socket.local_addr()?)?;
            streams.0.push(Stream {
                call,
                socket,
                heard: Vec::new(),
                next: None,
                missing: 0,
                packet: None,
                sequence: 1,
                timestamp: 0,
            });
            streams.hear();
        }
        Ok(streams)
    }

    fn hear(&mut self) {
        self.0.iter_mut().for_each(Stream::hear);
    }

    /// Each speaks this many packets from the tone on. What is looked at is when all speak.
    fn speak<T>(&mut self, packets: u32, look: impl Fn() -> anyhow::Result<T>) -> anyhow::Result<Spoken<T>> {
        let tone = sound::tone(Tone::Beep);
        let mut first: Option<(T, Instant)> = None;
        let mut last: Option<(T, f64)> = None;
        let began = Instant::now();
        let mut turn = 0_u32;
        loop {
            for (at, stream) in (0_u32..).zip(&mut self.0) {
                if at % SLOTS != turn % SLOTS {
                    continue;
                }
                stream.hear();
                if stream.packet.is_none() {
                    let from = stream.heard.len().saturating_sub(tone.len() + 4 * FRAME);
                    let heard = stream.heard.get(from..).unwrap_or_default();
                    stream.packet = memmem::find(heard, &tone).map(|_| 0);
                }
                let Some(packet) = stream.packet.filter(|packet| *packet < packets) else { continue };
                stream.send(0, &frame(at, packet))?;
                stream.timestamp = stream.timestamp.wrapping_add(160);
                stream.packet = Some(packet + 1);
            }
            if first.is_none() && self.0.iter().all(|stream| stream.packet.is_some()) {
                first = Some((look()?, Instant::now()));
            }
            let is_ending =
                self.0.iter().any(|stream| stream.packet.is_some_and(|packet| packet + 1 >= packets));
            if let (Some((_, since)), None, true) = (&first, &last, is_ending) {
                let seconds = since.elapsed().as_secs_f64();
                last = Some((look()?, seconds));
            }
            if self.0.iter().all(|stream| stream.packet.is_some_and(|packet| packet >= packets)) {
                break;
            }
            let speaking = Duration::from_secs(u64::from(packets / PACKETS_PER_SECOND));
            if began.elapsed() > PATIENCE + speaking {
                bail!("not everybody has heard the tone and spoken");
            }
            turn += 1;
            sleep_until(began + SLOT * turn);
        }
        std::thread::sleep(BREATH);
        let ((first, _), (last, seconds)) =
            first.zip(last).context("they never spoke all at once: speak longer")?;
        Ok(Spoken { first, last, seconds })
    }

    /// Each has the message played to them; what of it is missing.
    fn listen(&mut self, packets: u32) -> anyhow::Result<Lost> {
        let began = Instant::now();
        let mut has_pressed = false;
        // Where each stands in its message: the next packet, and where it is looked for.
        let mut places = vec![(0_u32, 0_usize); self.0.len()];
        let until = PATIENCE + Duration::from_secs(u64::from(packets / PACKETS_PER_SECOND));
        while began.elapsed() < until && places.iter().any(|(packet, _)| *packet < packets) {
            std::thread::sleep(Duration::from_millis(10));
            self.hear();
            if !has_pressed && began.elapsed() > THOUGHT {
                has_pressed = true;
                self.0.iter_mut().try_for_each(Stream::press_one)?;
            }
            for ((at, stream), (packet, place)) in (0_u32..).zip(&self.0).zip(&mut places) {
                while *packet < packets {
                    let rest = stream.heard.get(*place..).unwrap_or_default();
                    let Some(found) = memmem::find(rest, &frame(at, *packet)) else { break };
                    *place += found + FRAME;
                    *packet += 1;
                }
            }
        }
        let mut lost = Lost::default();
        for (at, stream) in (0_u32..).zip(&self.0) {
            let is_there = |packet: &u32| memmem::find(&stream.heard, &frame(at, *packet)).is_some();
            let missing: Vec<u32> = (0..packets).filter(|packet| !is_there(packet)).collect();
            if let (Some(first), Some(last)) = (missing.first(), missing.last()) {
                eprintln!("stream {at}: {} packets are missing, from {first} to {last}", missing.len());
            }
            lost.packets += u64::try_from(missing.len())?;
            lost.on_the_way += stream.missing;
        }
        Ok(lost)
    }

    fn hang_up(&mut self, line: &mut Line) -> anyhow::Result<()> {
        for stream in &self.0 {
            line.hang_up(&stream.call)?;
        }
        Ok(())
    }
}

fn sleep_until(when: Instant) {
    if let Some(left) = when.checked_duration_since(Instant::now()) {
        std::thread::sleep(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_packet_is_known_by_its_samples() {
        let all: std::collections::HashSet<[u8; FRAME]> =
            (0..200).flat_map(|stream| (0..50).map(move |packet| frame(stream, packet * 170))).collect();
        assert_eq!(all.len(), 200 * 50);
        assert!(memmem::find(&[frame(1, 2), frame(1, 3)].concat(), &frame(1, 4)).is_none());
    }
}
