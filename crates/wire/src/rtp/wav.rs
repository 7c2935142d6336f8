//! The header of a WAVE file: one channel at 8000 Hz (RIFF, Microsoft and IBM 1991; format tags of RFC 2361).
//!
//! Headers alone, for a length that is known: the sound follows as it is. Files are not read.

use super::{CLOCK_RATE, Codec};

/// How samples lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A byte for each sample, as it came.
    G711(Codec),
    /// Two bytes for each sample, low one first.
    Pcm16,
}

/// Samples in one file; all its lengths have 32 bits.
pub const SAMPLES_MAX: u32 = u32::MAX / 2 - HEADER_MAX;
/// Bytes in the longest header.
const HEADER_MAX: u32 = 58;

const PCM: u16 = 1;
const ALAW: u16 = 6;
const MULAW: u16 = 7;

impl Format {
    const fn tag(self) -> u16 {
        match self {
            Self::Pcm16 => PCM,
            Self::G711(Codec::Pcma) => ALAW,
            Self::G711(Codec::Pcmu) => MULAW,
        }
    }

    /// Bytes for one sample.
    #[must_use]
    pub const fn sample_bytes(self) -> u16 {
        match self {
            Self::Pcm16 => 2,
            Self::G711(_) => 1,
        }
    }

    /// Appends the header of a file with so many samples, of which no more than [`SAMPLES_MAX`] are believed.
    pub fn write_header(self, samples: u32, out: &mut Vec<u8>) {
        let samples = samples.min(SAMPLES_MAX);
        let width = self.sample_bytes();
        let data = samples.saturating_mul(u32::from(width));
        // What is not PCM tells the length of its own further words, of which there are none, and how many samples
        // there are.
        let (format, fact): (u32, u32) = if self == Self::Pcm16 { (16, 0) } else { (18, 12) };
        let rest = 4 + (8 + format) + fact + 8 + data + data % 2;
        out.extend_from_slice(b"RIFF");
        out.extend_from_slice(&rest.to_le_bytes());
        out.extend_from_slice(b"WAVEfmt ");
        out.extend_from_slice(&format.to_le_bytes());
        out.extend_from_slice(&self.tag().to_le_bytes());
        out.extend_from_slice(&1u16.to_le_bytes());
        out.extend_from_slice(&CLOCK_RATE.to_le_bytes());
        out.extend_from_slice(&(CLOCK_RATE * u32::from(width)).to_le_bytes());
        out.extend_from_slice(&width.to_le_bytes());
        out.extend_from_slice(&(width * 8).to_le_bytes());
        if self != Self::Pcm16 {
            out.extend_from_slice(&0u16.to_le_bytes());
            out.extend_from_slice(b"fact");
            out.extend_from_slice(&4u32.to_le_bytes());
            out.extend_from_slice(&samples.to_le_bytes());
        }
        out.extend_from_slice(b"data");
        out.extend_from_slice(&data.to_le_bytes());
    }

    /// What has to follow the samples: chunks have an even length.
    #[must_use]
    pub const fn trailer(self, samples: u32) -> &'static [u8] {
        if self.sample_bytes() % 2 == 1 && samples % 2 == 1 { &[0] } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(format: Format, samples: u32) -> Vec<u8> {
        let mut out = Vec::new();
        format.write_header(samples, &mut out);
        out
    }

    #[test]
    fn a_file_of_pcm_has_the_header_of_44_bytes_that_everybody_reads() {
        let expected = b"RIFF\x64\x06\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x40\x06\0\0";
        assert_eq!(header(Format::Pcm16, 800), expected);
        assert_eq!(Format::Pcm16.trailer(801), b"");
    }

    #[test]
    fn a_file_of_either_law_tells_its_format_and_how_many_samples_it_has() {
        let expected =
            b"RIFF\x52\x03\0\0WAVEfmt \x12\0\0\0\x07\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0\0\0\
            fact\x04\0\0\0\x20\x03\0\0data\x20\x03\0\0";
        let mulaw = header(Format::G711(Codec::Pcmu), 800);
        assert_eq!(mulaw, expected);
        let mut alaw = header(Format::G711(Codec::Pcma), 800);
        assert_eq!(alaw[20], 6);
        alaw[20] = 7;
        assert_eq!(alaw, mulaw);
    }

    #[test]
    fn the_length_in_the_header_is_that_of_the_file() {
        for format in [Format::Pcm16, Format::G711(Codec::Pcmu), Format::G711(Codec::Pcma)] {
            for samples in [0, 1, 160, 161] {
                let header = header(format, samples);
                let told = u32::from_le_bytes(header[4..8].try_into().unwrap());
                let data = samples * u32::from(format.sample_bytes());
                let file = header.len() + format.trailer(samples).len() + usize::try_from(data).unwrap();
                assert_eq!(usize::try_from(told).unwrap() + 8, file, "{format:?} {samples}");
                assert_eq!(file % 2, 0);
                assert_eq!(header[header.len() - 4..], data.to_le_bytes());
            }
            // However much is claimed, no length overflows.
            let header = header(format, u32::MAX);
            assert!(u32::from_le_bytes(header[4..8].try_into().unwrap()) >= SAMPLES_MAX);
        }
    }
}
