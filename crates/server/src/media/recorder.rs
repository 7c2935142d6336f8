//! The recorder: what a caller says, kept in µ-law, until there is silence, or enough.

use calls::dialogue::RecordingEnd;
use signin::timestamp::Seconds;
use wire::rtp::{Codec, FRAME};

use super::sound::RATE;

/// Frames of 20 ms in a second.
const FRAMES: u32 = 50;
/// Samples in a frame.
const SAMPLES: u32 = 160;
/// What is softer than this on average (of 32767) is silence: about −46 dB.
const SILENCE: u32 = 160;

/// A recording under way.
#[derive(Debug)]
pub(super) struct Recorder {
    sound: Vec<u8>,
    /// Up to here somebody spoke.
    spoken: usize,
    length_max: usize,
    silent: u32,
    silent_max: u32,
}

impl Recorder {
    pub(super) fn new(length_max: Seconds, silence_max: Seconds) -> Self {
        Self {
            sound: Vec::new(),
            spoken: 0,
            length_max: usize::try_from(length_max.0).unwrap_or(0).saturating_mul(RATE),
            silent: 0,
            silent_max: silence_max.0.saturating_mul(FRAMES),
        }
    }

    /// 20 ms more; tells when it is over.
    pub(super) fn push(&mut self, frame: &[u8; FRAME]) -> Option<RecordingEnd> {
        self.sound.extend_from_slice(frame);
        if is_silent(frame) {
            self.silent += 1;
        } else {
            self.silent = 0;
            self.spoken = self.sound.len();
        }
        if self.sound.len() >= self.length_max {
            return Some(RecordingEnd::Limit);
        }
        (self.silent >= self.silent_max).then_some(RecordingEnd::Silence)
    }

    /// How long somebody spoke, in seconds, begun ones whole.
    pub(super) fn seconds(&self) -> u32 {
        u32::try_from(self.spoken.div_ceil(RATE)).unwrap_or(u32::MAX)
    }

    /// What was recorded, without the silence at its end.
    pub(super) fn take(mut self) -> Vec<u8> {
        self.sound.truncate(self.spoken);
        self.sound
    }
}

fn is_silent(frame: &[u8; FRAME]) -> bool {
    let loudness: u32 = frame.iter().map(|byte| u32::from(Codec::Pcmu.decode(*byte).unsigned_abs())).sum();
    loudness < SILENCE * SAMPLES
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: [u8; FRAME] = [Codec::Pcmu.silence(); FRAME];

    fn loud() -> [u8; FRAME] {
        [Codec::Pcmu.encode(5000); FRAME]
    }

    #[test]
    fn a_recording_ends_in_silence_and_keeps_what_was_said() {
        let mut recorder = Recorder::new(Seconds(60), Seconds(2));
        for frame in [QUIET, loud(), loud(), QUIET, loud()] {
            assert_eq!(recorder.push(&frame), None);
        }
        let ended = (0..200).find_map(|frame| recorder.push(&QUIET).map(|end| (frame, end)));
        assert_eq!(ended, Some((99, RecordingEnd::Silence)));
        assert_eq!((recorder.seconds(), recorder.take().len()), (1, 5 * FRAME));
    }

    #[test]
    fn a_recording_is_no_longer_than_it_may_be() {
        let mut recorder = Recorder::new(Seconds(1), Seconds(10));
        let ended = (0..200).find_map(|frame| recorder.push(&loud()).map(|end| (frame, end)));
        assert_eq!(ended, Some((49, RecordingEnd::Limit)));
        assert_eq!(recorder.seconds(), 1);
        assert_eq!(Recorder::new(Seconds(0), Seconds(0)).push(&loud()), Some(RecordingEnd::Limit));
    }
}
