//! A station: our end of one call, from the answer to the last word.
//!
//! ```text
//! answered (said again until acknowledged) ──ACK──▶ talking ──the dialogue is over──▶ BYE
//!      ╰──── never acknowledged ────▶ BYE               ╰──── the caller hangs up ────▶ over
//! ```
//! Every 20 ms a frame goes out, and what came in is heard. What a dialogue wants done is done beside: nothing that takes time
//! holds up a frame.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use calls::{
    dialogue::{Answer, Changed, Dialogue, Envelope, Input, Judged, Output, Recording, RecordingEnd},
    keypad::Key,
    prompt::Language,
};
use signin::{
    dice::{Dice, roll},
    ident::Number,
    timestamp::{Seconds, Timestamp},
};
use tokio::{
    net::UdpSocket,
    sync::mpsc::{Receiver, Sender as Tell, channel},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use wire::{
    keypad::Press,
    rtp::{self, EventReader, FRAME, FRAME_MS, Heard, Packet, Playout},
    sdp::Agreed,
};

use super::{
    recorder::Recorder,
    sound,
    speaker::{Speaker, Ticket},
};
use crate::attendant::{Attendant, Draft};

/// Packets that one may come later than another.
const DEPTH: u16 = 3;
/// Things that may wait to be told to a station; a caller who types faster loses keys.
pub const EVENTS_MAX: usize = 64;
/// Bytes of one packet that are read.
const PACKET_MAX: usize = 2048;
/// Frames that a packet may be late and still not be missing: what is late was said without a pause.
const LATE_MAX: u32 = 10;
/// Packets read between two frames: a caller has one, a flood more.
const PACKETS_MAX: usize = 16;
/// The answer is said again after this time, then after twice as long (RFC 3261 section 13.3.1.4) …
const AGAIN: Duration = Duration::from_millis(500);
/// … but no later than this, …
const AGAIN_MAX: Duration = Duration::from_secs(4);
/// … and no longer than this.
const GIVE_UP: Duration = Duration::from_secs(32);

/// What happens to a call, seen from its SIP side.
#[derive(Clone, Debug)]
pub enum Event {
    /// The answer was acknowledged.
    Acknowledged,
    /// A key was pressed, by a message.
    Key(Press),
    /// Media were agreed on anew; the answer to that is to be said again until it is acknowledged.
    Agreed(Agreed, Bytes),
    /// The caller has hung up.
    HungUp,
}

/// What the SIP side does for a station.
pub trait Line: Send + Sync + 'static {
    /// Says the answer again.
    fn say(&self, answer: &Bytes);
    /// Ends the call.
    fn hang_up(&self);
    /// Where the caller's requests come from.
    fn caller(&self) -> IpAddr;
    /// The time.
    fn now(&self) -> Timestamp;
    /// The call is over: nothing more is told.
    fn gone(&self);
}

/// What an attendant says.
#[derive(Debug)]
pub enum Told {
    /// Whether a secret was right.
    Judged(Judged),
    /// Whether something was changed.
    Changed(Owned),
    /// The messages of a mailbox.
    Messages(Vec<Envelope>),
    /// The extensions that are locked.
    Locked(Vec<Number>),
    /// A recording that is to be played; `None` = it is not there.
    Sound(Option<Vec<u8>>),
    /// It is done, and nobody waits for it.
    Nothing,
    /// It could not be done.
    Fault,
}

/// What came of a change, kept until it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owned {
    /// Anything but a refusal by rules.
    Plain(Changed<'static>),
    /// The new code breaks these rules.
    Refused(Vec<&'static str>),
}

/// What an attendant said, and to which promise.
type Said = (Option<Ticket>, Told);

/// Our end of one call.
pub struct Station<L> {
    line: L,
    attendant: Arc<Attendant>,
    dialogue: Dialogue,
    language: Language,
    socket: UdpSocket,
    agreed: Agreed,
    /// Where the caller's requests come from: behind a NAT, so does the sound, whatever the caller says.
    caller: IpAddr,
    /// Where the caller's sound comes from, once it has come.
    heard_from: Option<SocketAddr>,
    answer: Option<Bytes>,
    events: Receiver<Event>,
    speaker: Speaker,
    is_speaking: bool,
    playout: Playout,
    keys: EventReader,
    sender: rtp::Sender,
    /// To begin when everything is said.
    wanted: Option<(Seconds, Seconds)>,
    recorder: Option<Recorder>,
    /// Frames for which nothing has come, of which nobody knows yet whether they are silence or late.
    awaited: u32,
    draft: Option<Draft>,
    told: (Tell<Said>, Receiver<Said>),
    packet: Vec<u8>,
}

/// What a station begins with.
#[derive(Debug)]
pub struct Opening {
    /// What is said and asked.
    pub dialogue: Dialogue,
    /// In which language.
    pub language: Language,
    /// Who looks things up.
    pub attendant: Arc<Attendant>,
}

impl<L: Line> Station<L> {
    /// A call that has been answered with `answer`. Inside a runtime.
    ///
    /// # Errors
    /// The socket does not fit the runtime.
    pub fn new(
        line: L,
        opening: Opening,
        socket: std::net::UdpSocket,
        (agreed, answer): (Agreed, Bytes),
        events: Receiver<Event>,
        dice: &mut dyn Dice,
    ) -> std::io::Result<Self> {
        let Opening { dialogue, language, attendant } = opening;
        let caller = line.caller();
        let sender = rtp::Sender::new(
            u32::from_le_bytes(roll(dice)),
            u16::from_le_bytes(roll(dice)),
            u32::from_le_bytes(roll(dice)),
        );
        Ok(Self {
            line,
            attendant,
            dialogue,
            language,
            socket: UdpSocket::from_std(socket)?,
            agreed,
            caller,
            heard_from: None,
            answer: Some(answer),
            events,
            speaker: Speaker::default(),
            is_speaking: false,
            playout: Playout::new(agreed.codec, DEPTH),
            keys: EventReader::default(),
            sender,
            wanted: None,
            recorder: None,
            awaited: 0,
            draft: None,
            told: channel(EVENTS_MAX),
            packet: Vec::with_capacity(256),
        })
    }

    /// Until the call is over.
    pub async fn run(mut self) {
        if self.until_acknowledged().await {
            let outputs = self.dialogue.begin(self.line.now());
            self.carry_out(outputs);
            self.talk().await;
        }
        self.attendant.finish().await;
        self.line.gone();
    }

    /// Says the answer until it is acknowledged; `false` where it never is, or the caller is gone.
    async fn until_acknowledged(&mut self) -> bool {
        let give_up = Instant::now() + GIVE_UP;
        let mut wait = AGAIN;
        let mut again = Instant::now() + wait;
        loop {
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(Event::Acknowledged) => {
                        self.answer = None;
                        return true;
                    }
                    Some(Event::HungUp) | None => return false,
                    Some(Event::Agreed(agreed, answer)) => {
                        self.agreed = agreed;
                        self.answer = Some(answer);
                    }
                    Some(Event::Key(_)) => {}
                },
                () = sleep_until(again.min(give_up)) => {
                    if Instant::now() >= give_up {
                        self.line.hang_up();
                        return false;
                    }
                    if let Some(answer) = &self.answer {
                        self.line.say(answer);
                    }
                    wait = (wait * 2).min(AGAIN_MAX);
                    again += wait;
                }
            }
        }
    }

    async fn talk(&mut self) {
        let mut tick = interval(Duration::from_millis(u64::from(FRAME_MS)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while !self.dialogue.is_over() {
            tokio::select! {
                biased;
                _ = tick.tick() => self.frame(),
                event = self.events.recv() => match event {
                    Some(Event::Key(press)) => self.key(press),
                    Some(Event::Agreed(agreed, _)) => self.agree(agreed),
                    Some(Event::Acknowledged) => {}
                    Some(Event::HungUp) | None => {
                        let ended = self.end_recording(RecordingEnd::HungUp);
                        self.step(ended.unwrap_or(Input::HungUp));
                        // What is kept of it is kept: the caller's going does not wait for the disk.
                        return;
                    }
                },
                told = self.told.1.recv() => {
                    if let Some((ticket, told)) = told {
                        self.tell(ticket, told);
                    }
                }
            }
        }
    }

    /// Media were agreed on anew: hold, and its end.
    fn agree(&mut self, agreed: Agreed) {
        if agreed.codec != self.agreed.codec {
            self.playout = Playout::new(agreed.codec, DEPTH);
        }
        if agreed.remote != self.agreed.remote {
            self.heard_from = None;
        }
        self.agreed = agreed;
    }

    /// 20 ms.
    fn frame(&mut self) {
        self.receive();
        if let Some(press) = self.keys.tick() {
            self.key(press);
        }
        self.listen();
        self.speak();
        let now = self.line.now();
        if self.dialogue.deadline().is_some_and(|deadline| now >= deadline) {
            self.step(Input::Tick);
        }
    }

    /// Takes what has come, from whoever the caller's sound comes from.
    fn receive(&mut self) {
        let mut buffer = [0; PACKET_MAX];
        for _ in 0..PACKETS_MAX {
            let Ok((length, from)) = self.socket.try_recv_from(&mut buffer) else { return };
            let Ok(packet) = Packet::parse(buffer.get(..length).unwrap_or_default()) else { continue };
            let is_key = Some(packet.payload_type) == self.agreed.event_payload_type;
            let is_ours = is_key || packet.payload_type == self.agreed.payload_type;
            // Whoever was heard first is the caller. Anybody who knows the port could speak to it, but not in between.
            let is_first = || [self.agreed.remote.ip(), self.caller].contains(&from.ip());
            let is_caller =
                self.heard_from.map_or_else(is_first, |known| known == from) || from == self.agreed.remote;
            if !is_ours || !is_caller {
                continue;
            }
            self.heard_from = Some(from);
            if is_key {
                self.playout.pass(&packet);
                let presses: Vec<Press> = self.keys.push(&packet).collect();
                for press in presses {
                    self.key(press);
                }
            } else {
                self.playout.push(&packet);
            }
        }
    }

    fn key(&mut self, press: Press) {
        if let Some(key) = Key::from_event(press.key.event()) {
            self.step(Input::Key(key));
        }
    }

    fn listen(&mut self) {
        let codec = self.agreed.codec;
        let (frame, awaited) = match self.playout.pop() {
            Heard::Frame(frame) => (*frame, 0),
            Heard::Lost => (codec.silent_frame(), 0),
            Heard::Empty => (codec.silent_frame(), self.awaited + 1),
        };
        // Whoever speaks a little slower than we listen has said nothing in between.
        let silent = if awaited == 0 { 1 } else { awaited.saturating_sub(LATE_MAX) };
        self.awaited = awaited.min(LATE_MAX);
        let frame = frame.map(|byte| codec.convert(byte, rtp::Codec::Pcmu));
        for _ in 0..silent {
            let Some(recorder) = &mut self.recorder else { return };
            if let Some(ended) = recorder.push(&frame)
                && let Some(input) = self.end_recording(ended)
            {
                self.step(input);
            }
        }
    }

    fn end_recording(&mut self, ended: RecordingEnd) -> Option<Input<'static>> {
        self.wanted = None;
        let recorder = self.recorder.take()?;
        let seconds = recorder.seconds();
        self.draft = Some(Draft { sound: recorder.take().into(), seconds });
        Some(Input::Recorded { seconds, ended })
    }

    fn speak(&mut self) {
        if self.agreed.direction.sends() {
            let frame: [u8; FRAME] = self.speaker.frame();
            let frame = frame.map(|byte| rtp::Codec::Pcmu.convert(byte, self.agreed.codec));
            self.sender.write(self.agreed.payload_type, &frame, &mut self.packet);
            let to = self.heard_from.unwrap_or(self.agreed.remote);
            // Lost, as packets are.
            drop(self.socket.try_send_to(&self.packet, to));
        }
        if self.is_speaking && self.speaker.is_done() {
            self.is_speaking = false;
            if let Some((length, silence)) = self.wanted.take() {
                self.recorder = Some(Recorder::new(length, silence));
            } else {
                self.step(Input::Spoken);
            }
        }
    }

    fn step(&mut self, input: Input<'_>) {
        let outputs = self.dialogue.step(input, self.line.now());
        self.carry_out(outputs);
    }

    fn tell(&mut self, ticket: Option<Ticket>, told: Told) {
        match told {
            Told::Judged(judged) => self.step(Input::Answer(Answer::Judged(judged))),
            Told::Changed(Owned::Plain(changed)) => self.step(Input::Answer(Answer::Changed(changed))),
            Told::Changed(Owned::Refused(rules)) => {
                self.step(Input::Answer(Answer::Changed(Changed::Refused(&rules))));
            }
            Told::Messages(messages) => self.step(Input::Answer(Answer::Messages(&messages))),
            Told::Locked(numbers) => self.step(Input::Answer(Answer::Locked(&numbers))),
            Told::Sound(Some(sound)) => {
                if let Some(ticket) = ticket {
                    self.speaker.keep(ticket, Cow::Owned(sound));
                }
            }
            Told::Sound(None) | Told::Fault => self.step(Input::Fault),
            Told::Nothing => {}
        }
    }

    fn carry_out(&mut self, outputs: Vec<Output>) {
        let is_heard = |output: &Output| {
            matches!(
                output,
                Output::Say(_) | Output::Play(_) | Output::Tone(_) | Output::StartRecording { .. }
            )
        };
        // Whatever is said ends what was before.
        if outputs.iter().any(is_heard) {
            self.speaker.hush();
            self.recorder = None;
            self.wanted = None;
            self.is_speaking = true;
        }
        for output in outputs {
            self.carry_out_one(output);
        }
    }

    fn carry_out_one(&mut self, output: Output) {
        match output {
            Output::Say(prompts) => {
                for prompt in prompts {
                    self.speaker.say(sound::prompt(prompt, self.language, self.attendant.folder()));
                }
            }
            Output::Tone(tone) => self.speaker.say(sound::tone(tone)),
            Output::Play(Recording::Draft) => {
                let draft = self.draft.as_ref().map(|draft| draft.sound.to_vec());
                self.speaker.say(Cow::Owned(draft.unwrap_or_default()));
            }
            Output::Play(recording) => {
                let ticket = self.speaker.promise();
                self.ask(Some(ticket), Output::Play(recording));
            }
            Output::Hush => {
                self.speaker.hush();
                self.is_speaking = false;
            }
            Output::StartRecording { length_max, silence_max } => {
                self.draft = None;
                self.wanted = Some((length_max, silence_max));
            }
            Output::StopRecording => {
                let nothing = Input::Recorded { seconds: 0, ended: RecordingEnd::Stopped };
                let ended = self.end_recording(RecordingEnd::Stopped).unwrap_or(nothing);
                self.step(ended);
            }
            Output::DiscardRecording => self.draft = None,
            Output::HangUp => self.line.hang_up(),
            other @ (Output::StoreMessage { .. }
            | Output::StoreGreeting { .. }
            | Output::UseStandardGreeting { .. }
            | Output::CheckVoicemailCode { .. }
            | Output::CheckSystemPassword(_)
            | Output::ChangeVoicemailCode { .. }
            | Output::ListMessages { .. }
            | Output::Keep(_)
            | Output::Delete(_)
            | Output::ListLocked
            | Output::Administer(_)) => self.ask(None, other),
        }
    }

    /// Has the attendant look something up, or change something; what comes of it is told later.
    fn ask(&self, ticket: Option<Ticket>, output: Output) {
        let attendant = Arc::clone(&self.attendant);
        let (tell, draft) = (self.told.0.clone(), self.draft.clone());
        tokio::spawn(async move {
            let told = attendant.carry_out(output, draft).await;
            // Nobody listens any more where the call is over; what was to be done is done.
            drop(tell.send((ticket, told)).await);
        });
    }
}
