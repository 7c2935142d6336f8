//! The voice of a phone, for tests: what it sends and hears at a call that the house answers itself.

use std::{net::SocketAddr, time::Duration};

use tokio::{net::UdpSocket, time::timeout};
use wire::{
    rtp::{Codec, Event, FRAME, Packet},
    sip::HeaderName,
};

use crate::talker::{Dialog, Heard, Talker};

/// How long a test waits for a word.
const PATIENCE: Duration = Duration::from_secs(20);
/// The payload type of keys, as the offer has it.
const KEYS: u8 = 101;

/// One end of the sound of a call.
pub(crate) struct Voice {
    socket: UdpSocket,
    remote: SocketAddr,
    sequence_number: u16,
    timestamp: u32,
    /// What was heard so far, in µ-law.
    pub(crate) heard: Vec<u8>,
}

/// A call that the house has answered.
pub(crate) struct Conversation {
    pub(crate) voice: Voice,
    pub(crate) dialog: Dialog,
    /// What stood beside the 200.
    pub(crate) reason: String,
}

impl Talker {
    /// Calls, and talks to whoever answers: a station of the house.
    pub(crate) async fn dials(&mut self, to: &str) -> Conversation {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let local = socket.local_addr().expect("an address");
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {} RTP/AVP 0 {KEYS}\r\na=rtpmap:{KEYS} telephone-event/8000\r\n",
            local.port()
        );
        let invite = self.request("INVITE", to, &sdp);
        let invite = invite.replace("User-Agent", "Content-Type: application/sdp\r\nUser-Agent");
        let invite = self.proven(&invite).await;
        self.say(&invite).await;
        let answered = loop {
            let heard = self.hears_any().await;
            match &*heard.what() {
                "100" | "180" => {}
                "200" => break heard,
                other => panic!("{other}: {}", heard.text()),
            }
        };
        let mut dialog = Dialog::of_caller(&answered);
        let ack = self.within(&mut dialog, "ACK");
        self.say(&ack).await;
        let reason = answered.first_line().split_once(" 200 ").map(|(_, reason)| reason.to_owned());
        let voice = Voice {
            socket,
            remote: media_of(&answered),
            sequence_number: 1,
            timestamp: 0,
            heard: Vec::new(),
        };
        Conversation { voice, dialog, reason: reason.unwrap_or_default() }
    }

    /// Hangs up.
    pub(crate) async fn ends(&mut self, conversation: &mut Conversation) {
        let bye = self.within(&mut conversation.dialog, "BYE");
        self.say(&bye).await;
        self.hears("200").await;
    }
}

/// Where the answer says that sound goes.
fn media_of(answer: &Heard) -> SocketAddr {
    let text = answer.text();
    let port = text.split("m=audio ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a port");
    let address = text.split("c=IN IP4 ").nth(1).and_then(|rest| rest.lines().next()).expect("an address");
    assert!(answer.one(HeaderName::ContentType).contains("application/sdp"));
    format!("{address}:{port}").parse().expect("an address")
}

impl Voice {
    fn take(&mut self, bytes: &[u8]) {
        if let Ok(packet) = Packet::parse(bytes)
            && packet.payload_type == 0
        {
            self.heard.extend_from_slice(packet.payload);
        }
    }

    /// Listens until a sound was said, wherever in what is heard it is.
    pub(crate) async fn hears(&mut self, sound: &[u8]) {
        let mut buffer = [0; 2048];
        let heard = timeout(PATIENCE, async {
            while !self.has_heard(sound) {
                let (length, _) = self.socket.recv_from(&mut buffer).await.expect("sound");
                self.take(&buffer[..length]);
            }
        });
        assert!(heard.await.is_ok(), "{} bytes were not heard among {}", sound.len(), self.heard.len());
    }

    fn has_heard(&self, sound: &[u8]) -> bool {
        // Only what is new can have it at its end.
        let from = self.heard.len().saturating_sub(sound.len() + FRAME * 4);
        self.heard[from..].windows(sound.len()).any(|window| window == sound)
    }

    async fn send(&mut self, payload_type: u8, marker: bool, payload: &[u8]) {
        let packet = Packet {
            marker,
            payload_type,
            sequence_number: self.sequence_number,
            timestamp: self.timestamp,
            ssrc: 7,
            payload,
        };
        let mut bytes = Vec::new();
        packet.write(&mut bytes);
        self.sequence_number = self.sequence_number.wrapping_add(1);
        self.socket.send_to(&bytes, self.remote).await.expect("sent");
    }

    /// Says this, a frame every 20 ms.
    pub(crate) async fn says(&mut self, sound: &[u8]) {
        for frame in sound.chunks(FRAME) {
            self.send(0, false, frame).await;
            self.timestamp += 160;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Presses keys, as telephone events: three packets while it is held, three at its end (RFC 4733 section 2.5). All have the
    /// time of its beginning.
    pub(crate) async fn presses(&mut self, keys: &str) {
        for key in keys.bytes() {
            let event = wire::keypad::Key::of(key).expect("a key").event();
            for step in 1..=6u16 {
                let report = Event { event, end: step > 3, volume: 10, duration: step.min(4) * 160 };
                self.send(KEYS, step == 1, &report.to_bytes()).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            self.timestamp += 1600;
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
    }
}

/// Something that is easily known again: a tone whose loudness grows.
pub(crate) fn speech(frames: usize) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, reason = "clamped before")]
    let sample = |number: usize| {
        let phase = (number as f64 * 440.0 * std::f64::consts::TAU / 8000.0).sin();
        Codec::Pcmu.encode((phase * (2000.0 + number as f64)).clamp(-30_000.0, 30_000.0) as i16)
    };
    (0..frames * FRAME).map(sample).collect()
}
