//! G.711: sixteen-bit samples as bytes, by either of two laws (ITU-T G.711; the arithmetic of its software, ITU-T G.191).
//!
//! Both laws have fewer bits than sixteen: µ-law fourteen, A-law thirteen. A sample's spare low bits are cut off, as
//! G.191 does it.

use super::FRAME;

/// A codec by its name in RFC 3551.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// µ-law
    Pcmu,
    /// A-law
    Pcma,
}

static PCMU: [i16; 256] = samples(Codec::Pcmu);
static PCMA: [i16; 256] = samples(Codec::Pcma);

const fn samples(codec: Codec) -> [i16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "the index is below 256")]
        let byte = index as u8;
        let sample = match codec {
            Codec::Pcmu => expand_mu(byte),
            Codec::Pcma => expand_a(byte),
        };
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
        {
            table[index] = sample;
        }
        index += 1;
    }
    table
}

/// What is added to a magnitude of fourteen bits, so that every segment begins at a power of two.
const BIAS: i16 = 33;

/// The middle of a µ-law interval (G.711, tables 2a and 2b). All bits of a byte are inverted on the line.
const fn expand_mu(byte: u8) -> i16 {
    let bits = !byte;
    let (segment, step) = ((bits >> 4) & 7, (bits & 0x0f) as i16);
    let magnitude = ((step * 8 + BIAS * 4) << segment) - BIAS * 4;
    if bits & 0x80 == 0 { magnitude } else { -magnitude }
}

/// The middle of an A-law interval (G.711, tables 1a and 1b). Every other bit of a byte is inverted on the line.
const fn expand_a(byte: u8) -> i16 {
    let bits = byte ^ 0x55;
    let (segment, step) = ((bits >> 4) & 7, (bits & 0x0f) as i16);
    let magnitude = if segment == 0 { step * 16 + 8 } else { (step * 16 + 8 + 256) << (segment - 1) };
    if bits & 0x80 == 0 { -magnitude } else { magnitude }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "each field is masked to its bits"
)]
const fn compress_mu(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    // One's complement: the intervals of negative samples mirror those of the others.
    let magnitude = if sample < 0 { !sample } else { sample };
    let mut biased = (magnitude >> 2) + BIAS;
    if biased > 0x1fff {
        biased = 0x1fff;
    }
    // The first bit that is set is that of the segment, 5 to 12.
    let segment = 10 - biased.leading_zeros();
    let step = ((biased >> (segment + 1)) & 0x0f) as u8;
    !(sign | (segment as u8) << 4 | step)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "each field is masked to its bits"
)]
const fn compress_a(sample: i16) -> u8 {
    let sign = if sample < 0 { 0 } else { 0x80 };
    let magnitude = (if sample < 0 { !sample } else { sample }) >> 4;
    let bits = if magnitude < 16 {
        magnitude as u8
    } else {
        let segment = 12 - magnitude.leading_zeros();
        (segment as u8) << 4 | ((magnitude >> (segment - 1)) & 0x0f) as u8
    };
    (sign | bits) ^ 0x55
}

impl Codec {
    /// Its name in SDP.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// The codec of this name, without case.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        [Self::Pcmu, Self::Pcma]
            .into_iter()
            .find(|codec| codec.as_str().as_bytes().eq_ignore_ascii_case(name))
    }

    /// The payload type that is its own for ever (RFC 3551 §6).
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The byte for the sample 0.
    #[must_use]
    pub const fn silence(self) -> u8 {
        self.encode(0)
    }

    /// 20 ms in which nothing is to be heard.
    #[must_use]
    pub const fn silent_frame(self) -> [u8; FRAME] {
        [self.silence(); FRAME]
    }

    /// The byte for a sample.
    #[must_use]
    pub const fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Pcmu => compress_mu(sample),
            Self::Pcma => compress_a(sample),
        }
    }

    /// The sample for a byte.
    #[must_use]
    pub fn decode(self, byte: u8) -> i16 {
        let table = match self {
            Self::Pcmu => &PCMU,
            Self::Pcma => &PCMA,
        };
        table.get(usize::from(byte)).copied().unwrap_or_default()
    }

    /// The same sound by another law.
    #[must_use]
    pub fn convert(self, byte: u8, to: Self) -> u8 {
        if self == to { byte } else { to.encode(self.decode(byte)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

    #[test]
    fn samples_are_those_of_the_tables_of_g711() {
        // Tables 1a and 2a, the first output of each segment and the last of all; in units of the law.
        let mu = [
            (0x80, 8031),
            (0x8f, 4191),
            (0x9f, 2079),
            (0xaf, 1023),
            (0xbf, 495),
            (0xcf, 231),
            (0xdf, 99),
            (0xef, 33),
            (0xfe, 2),
            (0xff, 0),
        ];
        let a = [
            (0xaa, 4032),
            (0xa5, 2112),
            (0xb5, 1056),
            (0x85, 528),
            (0x95, 264),
            (0xe5, 132),
            (0xf5, 66),
            (0xc5, 33),
            (0xd5, 1),
        ];
        for (codec, scale, table) in [(Codec::Pcmu, 4, &mu[..]), (Codec::Pcma, 8, &a[..])] {
            for &(byte, expected) in table {
                assert_eq!(codec.decode(byte), expected * scale, "{codec:?} {byte:#x}");
                assert_eq!(codec.decode(byte ^ 0x80), -expected * scale, "{codec:?} {byte:#x}");
            }
        }
    }

    #[test]
    fn a_sample_goes_to_the_interval_that_g711_has_for_it() {
        // Decision values of tables 1a and 2a: there the next interval begins.
        let mu = [
            (8159, 0x80),
            (4063, 0x8f),
            (2015, 0x9f),
            (991, 0xaf),
            (479, 0xbf),
            (223, 0xcf),
            (95, 0xdf),
            (31, 0xef),
            (1, 0xfe),
        ];
        let a = [
            (2048, 0xa5),
            (1024, 0xb5),
            (512, 0x85),
            (256, 0x95),
            (128, 0xe5),
            (64, 0xf5),
            (32, 0xc5),
            (2, 0xd4),
        ];
        for (codec, scale, table) in [(Codec::Pcmu, 4, &mu[..]), (Codec::Pcma, 8, &a[..])] {
            for &(value, byte) in table {
                assert_eq!(codec.encode(value * scale), byte, "{codec:?} {value}");
                // At the very top there is no interval above.
                let below = codec.encode(value * scale - 1);
                assert!(below != byte || value == 8159, "{codec:?} {value}");
                assert_eq!(codec.encode(-value * scale - 1), byte ^ 0x80, "{codec:?} -{value}");
            }
        }
        assert_eq!((Codec::Pcmu.silence(), Codec::Pcma.silence()), (0xff, 0xd5));
        assert_eq!((Codec::Pcmu.encode(i16::MAX), Codec::Pcmu.encode(i16::MIN)), (0x80, 0));
        assert_eq!((Codec::Pcma.encode(i16::MAX), Codec::Pcma.encode(i16::MIN)), (0xaa, 0x2a));
    }

    #[test]
    fn every_byte_comes_back_from_its_sample() {
        for byte in 0..=u8::MAX {
            assert_eq!(Codec::Pcma.encode(Codec::Pcma.decode(byte)), byte);
            // µ-law has two zeros, of which the positive one is written.
            let expected = if byte == 0x7f { 0xff } else { byte };
            assert_eq!(Codec::Pcmu.encode(Codec::Pcmu.decode(byte)), expected);
        }
    }

    #[test]
    fn no_sample_is_further_from_its_byte_than_half_an_interval_and_order_is_kept() {
        for codec in BOTH {
            let mut last = i32::MIN;
            for sample in i16::MIN..=i16::MAX {
                let byte = codec.encode(sample);
                let got = i32::from(codec.decode(byte));
                assert!(got >= last, "{codec:?} {sample}");
                last = got;
                let half = match codec {
                    // Above 8158 units µ-law is overloaded.
                    Codec::Pcmu if sample.unsigned_abs() > 8158 * 4 => continue,
                    Codec::Pcmu => 4 << ((!byte >> 4) & 7),
                    Codec::Pcma => 8 << (((byte ^ 0x55) >> 4) & 7).saturating_sub(1),
                };
                assert!((got - i32::from(sample)).abs() <= half, "{codec:?} {sample} {got}");
            }
        }
    }

    #[test]
    fn the_digital_milliwatt_has_the_level_that_g711_gives_it() {
        // Tables 5 and 6: 1 kHz at 0 dBm0, which is 3.14 dB below the loudest sine of A-law and 3.17 of µ-law.
        let mu = [0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e];
        let a = [0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4];
        for (codec, bytes, top, below) in
            [(Codec::Pcmu, mu, 8159.0 * 4.0, 317.0), (Codec::Pcma, a, 4096.0 * 8.0, 314.0)]
        {
            let power = bytes.iter().map(|&byte| f64::from(codec.decode(byte)).powi(2)).sum::<f64>() / 8.0;
            let level = 10.0 * (power / (top * top / 2.0)).log10();
            assert!((level * 100.0 + below).abs() < 1.0, "{codec:?} {level}");
        }
    }

    #[test]
    fn sound_of_one_law_is_nearly_the_same_by_the_other() {
        for byte in 0..=u8::MAX {
            for (from, to) in [(Codec::Pcmu, Codec::Pcma), (Codec::Pcma, Codec::Pcmu)] {
                assert_eq!(from.convert(byte, from), byte);
                let (one, two) = (i32::from(from.decode(byte)), i32::from(to.decode(from.convert(byte, to))));
                assert!((one - two).abs() <= 8 + one.abs() / 16, "{from:?} {byte:#x}: {one} {two}");
            }
        }
        assert_eq!(Codec::of(b"pcmu"), Some(Codec::Pcmu));
        assert_eq!(Codec::of(b"G722"), None);
        assert_eq!(BOTH.map(Codec::payload_type), [0, 8]);
    }
}
