//! Sound: what is said, as G.711 µ-law at 8000 samples a second. Prompts are part of the program (crates/server/prompts/); a file of
//! the same name in the data folder, under `prompts/<language>/`, takes the place of one.

use std::{borrow::Cow, f64::consts::TAU, path::Path};

use calls::{
    dialogue::Tone,
    prompt::{Language, Prompt},
};
use include_dir::{Dir, include_dir};
use wire::rtp::{Codec, wav::Format};

/// The sounds that come with the program.
static PROMPTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/prompts");
/// Samples a second.
pub const RATE: usize = 8000;
/// A prompt of the operator's own is at most this long.
const OWN_MAX: u64 = 60 * RATE as u64;
/// How loud a tone is, of 32767: about −13 dB, as loud as speech.
const LOUDNESS: f64 = 7000.0;

/// A piece of sound in µ-law.
pub type Sound = Cow<'static, [u8]>;

/// A prompt in a language; nothing where the language has no words for it.
pub fn prompt(prompt: Prompt, language: Language, folder: &Path) -> Sound {
    let name = format!("{}/{}.ulaw", language.code(), prompt.name());
    own(&folder.join("prompts").join(&name))
        .map(Cow::Owned)
        .or_else(|| PROMPTS.get_file(&name).map(|file| Cow::Borrowed(file.contents())))
        .unwrap_or_default()
}

fn own(path: &Path) -> Option<Vec<u8>> {
    let length = path.metadata().ok()?.len();
    if length > OWN_MAX {
        return None;
    }
    std::fs::read(path).ok()
}

/// A recording as a file that everything plays: WAVE with samples of 16 bits.
pub fn wave(sound: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Format::Pcm16.write_header(u32::try_from(sound.len()).unwrap_or(u32::MAX), &mut out);
    out.extend(sound.iter().flat_map(|byte| Codec::Pcmu.decode(*byte).to_le_bytes()));
    out
}

/// A tone.
pub fn tone(tone: Tone) -> Sound {
    match tone {
        Tone::Beep => sine(1000.0, 300),
        // As it is nearly everywhere: half a second of 425 Hz, half a second of nothing.
        Tone::Busy => {
            let (on, off) = (sine(425.0, 480), vec![Codec::Pcmu.silence(); RATE * 48 / 100]);
            let one = [&*on, &off].concat();
            Cow::Owned(one.repeat(3))
        }
    }
}

fn sine(frequency: f64, milliseconds: u32) -> Sound {
    let samples = 8 * milliseconds;
    let sample = |number: u32| {
        let angle = TAU * frequency * f64::from(number) / RATE as f64;
        #[expect(clippy::cast_possible_truncation, reason = "louder than it is never said to be")]
        let amplitude = (angle.sin() * LOUDNESS) as i16;
        Codec::Pcmu.encode(amplitude)
    };
    Cow::Owned((0..samples).map(sample).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prompt_is_heard_and_one_of_the_operators_own_takes_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        for language in calls::prompt::LANGUAGES {
            for one in calls::prompt::spoken_in(language) {
                assert!(prompt(one, language, folder.path()).len() > 200, "{}", one.name());
            }
        }
        let own = folder.path().join("prompts/en");
        std::fs::create_dir_all(&own).expect("a folder");
        std::fs::write(own.join("goodbye.ulaw"), [1, 2, 3]).expect("written");
        assert_eq!(&*prompt(Prompt::Goodbye, Language::English, folder.path()), [1, 2, 3]);
        assert_ne!(&*prompt(Prompt::Goodbye, Language::German, folder.path()), [1, 2, 3]);
    }

    #[test]
    fn a_tone_is_as_long_as_it_should_be() {
        assert_eq!(tone(Tone::Beep).len(), RATE * 3 / 10);
        assert_eq!(tone(Tone::Busy).len(), 3 * RATE * 96 / 100);
    }
}
