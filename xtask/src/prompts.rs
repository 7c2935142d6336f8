//! Makes the sound files of the prompts: everything that the table in `crates/calls/src/prompt/` says, in every language.
//!
//! A synthetic voice speaks (espeak-ng; what it speaks is nobody's but the speaker's), and what it spoke is brought to what
//! telephones use: 8000 samples a second, G.711 µ-law, nothing around it (`.ulaw`). Every file is as loud as the others and
//! has no silence at its ends but a short breath, so that a row of them sounds like one sentence.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use calls::prompt::{LANGUAGES, Language, Prompt, spoken_in};

use crate::program::Program;
use crate::workspace::Workspace;

/// Where the files are, a folder a language.
const FOLDER: &str = "crates/server/prompts";
/// All of them together, in bytes: they are part of the program.
const TOTAL_MAX: usize = 1_650_000;
/// Samples a second.
const RATE: usize = 8000;
/// What is softer than this (of 32767) at the ends is silence.
const SILENCE: i16 = 120;
/// How loud speech is: the root mean square of its samples (of 32767), about −20 dB.
const LOUDNESS: f64 = 3300.0;
/// No sample is louder than this.
const PEAK: f64 = 30_000.0;
/// What is left before the first loud sample and behind the last, because a word begins and ends softly.
const MARGIN: usize = RATE / 100;
/// The breath behind a sentence. Words follow one another without.
const BREATH: usize = RATE / 16;

/// Makes them all anew.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let scratch = tempfile::tempdir().context("no folder for what is in the making")?;
    let mut total = 0;
    for language in LANGUAGES {
        let folder = workspace.root().join(FOLDER).join(language.code());
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let (mut files, mut bytes) = (0, 0);
        for prompt in spoken_in(language) {
            let sound = sound(prompt, language, scratch.path())?;
            let path = folder.join(format!("{}.ulaw", prompt.name()));
            fs::write(&path, &sound).with_context(|| format!("cannot write {}", path.display()))?;
            files += 1;
            bytes += sound.len();
        }
        println!("{}: {files} files, {bytes} bytes, {} seconds", language.code(), bytes / RATE);
        total += bytes;
    }
    println!("together {total} bytes");
    ensure!(total <= TOTAL_MAX, "more than {TOTAL_MAX} bytes: say less");
    Ok(())
}

/// The voice and how many words it says in a minute.
const fn voice(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::English => ("en-gb", "215"),
        Language::German => ("de", "225"),
    }
}

fn sound(prompt: Prompt, language: Language, scratch: &Path) -> Result<Vec<u8>> {
    let text = prompt.text(language).context("nothing to say")?;
    let (voice, words_a_minute) = voice(language);
    let (spoken, samples) = (scratch.join("spoken.wav"), scratch.join("samples.raw"));
    let speech = Program::new("espeak-ng").args(["-v", voice, "-s", words_a_minute, "-w"]).args([&spoken]);
    if speech.args([text]).ask().is_none() {
        bail!("espeak-ng does not say \u{201c}{text}\u{201d}");
    }
    // Without dither, so that the same words are the same bytes.
    let converted = Program::new("sox").args(["-D"]).args([&spoken]).args(["-t", "raw", "-r", "8000"]);
    let converted = converted.args(["-c", "1", "-b", "16", "-e", "signed-integer", "-L"]).args([&samples]);
    if converted.args(["highpass", "120"]).ask().is_none() {
        bail!("sox cannot convert \u{201c}{text}\u{201d}");
    }
    let bytes = fs::read(&samples).context("what sox wrote is gone")?;
    let samples: Vec<i16> = bytes.as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
    let samples = trimmed(&samples);
    ensure!(!samples.is_empty(), "\u{201c}{text}\u{201d} is silence");
    let breath = if text.ends_with('.') { BREATH } else { 0 };
    let mut sound: Vec<u8> = levelled(samples).map(companded).collect();
    sound.resize(sound.len() + breath, companded(0));
    Ok(sound)
}

/// What is between the silence at both ends.
fn trimmed(samples: &[i16]) -> &[i16] {
    let is_loud = |sample: &i16| sample.unsigned_abs() > SILENCE.unsigned_abs();
    let first = samples.iter().position(is_loud).unwrap_or(samples.len());
    let last = samples.iter().rposition(is_loud).map_or(first, |last| last + 1);
    if first == last {
        return &[];
    }
    samples.get(first.saturating_sub(MARGIN)..(last + MARGIN).min(samples.len())).unwrap_or_default()
}

/// As loud as everything else.
fn levelled(samples: &[i16]) -> impl Iterator<Item = i16> {
    let count = u32::try_from(samples.len()).unwrap_or(u32::MAX).max(1);
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let loudness = (energy / f64::from(count)).sqrt().max(1.0);
    let peak = samples.iter().map(|sample| f64::from(sample.unsigned_abs())).fold(1.0, f64::max);
    let gain = (LOUDNESS / loudness).min(PEAK / peak);
    samples.iter().map(move |sample| whole(f64::from(*sample) * gain))
}

#[expect(clippy::cast_possible_truncation, reason = "held between the limits of the type just before")]
fn whole(sample: f64) -> i16 {
    sample.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

/// One sample in G.711 µ-law: sign, eight segments of doubling width, sixteen steps in each; all bits turned over.
fn companded(sample: i16) -> u8 {
    /// What is added so that segments begin at powers of two (G.711, in sixteen bits), and the loudest that fits.
    const BIAS: u16 = 132;
    const LOUDEST: u16 = 32_635;
    let sign: u8 = if sample < 0 { 0x80 } else { 0 };
    let biased = sample.unsigned_abs().min(LOUDEST) + BIAS;
    // The bias makes the highest bit one of 7 to 14.
    let segment = u8::try_from(biased.ilog2().saturating_sub(7)).unwrap_or(0).min(7);
    let step = u8::try_from((biased >> (segment + 3)) & 0x0f).unwrap_or(0);
    !(sign | (segment << 4) | step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample that a byte stands for (G.711, table 2a).
    fn expanded(byte: u8) -> i32 {
        let turned = !byte;
        let (segment, step) = (i32::from(turned >> 4 & 7), i32::from(turned & 0x0f));
        let magnitude = (((step << 3) + 132) << segment) - 132;
        if turned & 0x80 == 0 { magnitude } else { -magnitude }
    }

    #[test]
    fn every_sample_comes_back_within_half_a_step() {
        for sample in i16::MIN..=i16::MAX {
            let back = expanded(companded(sample));
            let off = (i32::from(sample).clamp(-32_635, 32_635) - back).abs();
            assert!(off * 16 <= i32::from(sample).abs() + 132, "{sample} is {back}");
        }
        assert_eq!((companded(0), companded(i16::MAX), companded(i16::MIN)), (0xff, 0x80, 0x00));
    }

    #[test]
    fn silence_is_taken_from_the_ends_alone() {
        let (silence, word) = ([9; 2 * MARGIN], [900, 0, -900]);
        let soft = [9; MARGIN];
        assert_eq!(trimmed(&[&silence[..], &word, &silence].concat()), [&soft[..], &word, &soft].concat());
        assert_eq!(trimmed(&word), word);
        assert!(trimmed(&[0; 9]).is_empty());
        assert!(trimmed(&[]).is_empty());
    }

    #[test]
    fn soft_and_loud_speech_come_out_alike() {
        let soft: Vec<i16> = levelled(&[500, -500, 500, -500]).collect();
        let loud: Vec<i16> = levelled(&[20_000, -20_000, 20_000, -20_000]).collect();
        assert_eq!(soft, [3300, -3300, 3300, -3300]);
        assert_eq!(soft, loud);
        assert_eq!(levelled(&[1; 1]).collect::<Vec<_>>(), [3300]);
    }
}
