//! The speaker: what is to be heard, piece after piece, in frames of 20 ms.

use std::collections::VecDeque;

use wire::rtp::{Codec, FRAME};

use super::sound::Sound;

/// Stands for a piece that is still being fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u32);

#[derive(Debug)]
enum Piece {
    Sound(Sound),
    Waiting(Ticket),
}

/// What is being said, and what comes after it.
#[derive(Debug, Default)]
pub(super) struct Speaker {
    pieces: VecDeque<Piece>,
    /// How much of the first piece was heard.
    at: usize,
    tickets: u32,
}

impl Speaker {
    /// Nothing more is said.
    pub(super) fn hush(&mut self) {
        self.pieces.clear();
        self.at = 0;
    }

    /// Says this behind what is to be said already.
    pub(super) fn say(&mut self, sound: Sound) {
        if !sound.is_empty() {
            self.pieces.push_back(Piece::Sound(sound));
        }
    }

    /// The same for what is not there yet: what comes behind it waits.
    pub(super) fn promise(&mut self) -> Ticket {
        self.tickets = self.tickets.wrapping_add(1);
        self.pieces.push_back(Piece::Waiting(Ticket(self.tickets)));
        Ticket(self.tickets)
    }

    /// What was promised is there; nothing happens where it was hushed meanwhile.
    pub(super) fn keep(&mut self, ticket: Ticket, sound: Sound) {
        for piece in &mut self.pieces {
            if matches!(piece, Piece::Waiting(waiting) if *waiting == ticket) {
                *piece = Piece::Sound(sound);
                return;
            }
        }
    }

    /// Whether everything has been said.
    pub(super) fn is_done(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The next 20 ms, in µ-law; silence where there is nothing to say.
    pub(super) fn frame(&mut self) -> [u8; FRAME] {
        let mut frame = [Codec::Pcmu.silence(); FRAME];
        let mut places = frame.iter_mut();
        let mut left = FRAME;
        while let Some(Piece::Sound(sound)) = self.pieces.front() {
            let rest = sound.get(self.at..).unwrap_or_default();
            let count = rest.len().min(left);
            for (place, sample) in places.by_ref().take(count).zip(rest) {
                *place = *sample;
            }
            left -= count;
            if count < rest.len() {
                self.at += count;
                break;
            }
            self.pieces.pop_front();
            self.at = 0;
            if left == 0 {
                break;
            }
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    const SILENCE: u8 = Codec::Pcmu.silence();

    #[test]
    fn pieces_are_heard_one_behind_the_other_without_a_gap() {
        let mut speaker = Speaker::default();
        speaker.say(Cow::Owned(vec![1; 100]));
        speaker.say(Cow::Owned(vec![2; 100]));
        speaker.say(Cow::Borrowed(&[]));
        let (first, second) = (speaker.frame(), speaker.frame());
        assert_eq!((&first[..100], &first[100..]), (&[1; 100][..], &[2; 60][..]));
        assert_eq!((&second[..40], &second[40..]), (&[2; 40][..], &[SILENCE; 120][..]));
        assert!(speaker.is_done());
    }

    #[test]
    fn what_was_promised_is_waited_for_and_not_heard_once_it_was_hushed() {
        let mut speaker = Speaker::default();
        let ticket = speaker.promise();
        speaker.say(Cow::Owned(vec![2; 160]));
        assert_eq!(speaker.frame(), [SILENCE; FRAME]);
        assert!(!speaker.is_done());
        speaker.keep(ticket, Cow::Owned(vec![1; 160]));
        assert_eq!((speaker.frame()[0], speaker.frame()[0]), (1, 2));
        let late = speaker.promise();
        speaker.hush();
        speaker.keep(late, Cow::Owned(vec![1; 160]));
        assert!(speaker.is_done());
    }
}
