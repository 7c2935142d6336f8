"""Tones that phones play to each other, and which tone was heard: WAV files and a Fourier transform in plain Python."""

from __future__ import annotations

import cmath
import math
import struct
import sys
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

RATE = 8000
"""Samples a second of G.711, which every phone speaks."""
_WINDOW = 4096
"""Samples that are looked at: at 8 kHz half a second, and lines 2 Hz apart."""
_QUIET = 200.0
"""A mean level (root mean square, of 32,768) below this is silence."""
_FLOAT, _EXTENSIBLE = 3, 0xFFFE


@dataclass(frozen=True)
class Sound:
    """What a file holds of one channel."""

    samples: array
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def since(self, seconds: float) -> Sound:
        """What comes after that time."""
        return Sound(self.samples[int(seconds * self.rate) :], self.rate)


def write_tone(file: Path, frequency: int, seconds: int = 300) -> Path:
    """A tone of one frequency, 8 kHz and one channel, long enough for a call."""
    # Whole periods of any whole frequency fit into one second.
    one_second = array("h", (round(12_000 * math.sin(2 * math.pi * frequency * n / RATE)) for n in range(RATE)))
    if sys.byteorder == "big":
        one_second.byteswap()
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        for _ in range(seconds):
            out.writeframesraw(one_second.tobytes())
    return file


def read_sound(file: Path) -> Sound:
    """The first channel of a WAV file, also of one that is still being written, whose header says nothing of its length yet.

    Where there is no header yet at all, but room for it, what follows is taken for what phones record of G.711.
    """
    whole = file.read_bytes()
    coding, channels, rate, width, place = 1, 1, RATE, 2, 12
    if not whole.startswith(b"RIFF"):
        place = 44
    while whole.startswith(b"RIFF"):
        if place + 8 > len(whole):
            return Sound(array("h"), rate)
        name, size = struct.unpack_from("<4sI", whole, place)
        place += 8
        if name == b"data":
            break
        if name == b"fmt ":
            coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", whole, place)
            width = bits // 8
            if coding == _EXTENSIBLE:
                coding = struct.unpack_from("<H", whole, place + 24)[0]
        place += size + size % 2
    data = whole[place:]
    values = array("f" if coding == _FLOAT else "h")
    values.frombytes(data[: len(data) - len(data) % (width * channels)])
    if sys.byteorder == "big":
        values.byteswap()
    one = values[::channels]
    return Sound(array("h", (round(32_767 * value) for value in one)) if coding == _FLOAT else one, rate)


def level(sound: Sound) -> float:
    """The root mean square: 0 is silence, a full tone is some 8,000."""
    if not sound.samples:
        return 0.0
    return math.sqrt(sum(value * value for value in sound.samples) / len(sound.samples))


def heard_frequency(sound: Sound | Path) -> float:
    """The strongest frequency of the last half second in Hz, to a fraction of a line; 0 for silence or too little."""
    if isinstance(sound, Path):
        sound = read_sound(sound)
    # A faster file is looked at for as long as a slow one.
    step = max(1, sound.rate // RATE)
    values = sound.samples[-_WINDOW * step :: step]
    rate = sound.rate / step
    if len(values) < _WINDOW or level(Sound(values, RATE)) < _QUIET:
        return 0.0
    # Hann's window keeps a strong line from spilling over the others.
    turned = [complex(value * (0.5 - 0.5 * math.cos(2 * math.pi * n / _WINDOW))) for n, value in enumerate(values)]
    strengths = [abs(line) for line in _transformed(turned)[: _WINDOW // 2]]
    best = max(range(2, len(strengths) - 1), key=strengths.__getitem__)
    left, middle, right = (math.log(max(strengths[best + side], 1e-9)) for side in (-1, 0, 1))
    bend = left - 2 * middle + right
    return (best + (0.5 * (left - right) / bend if bend else 0.0)) * rate / _WINDOW


def _transformed(values: list[complex]) -> list[complex]:
    """Cooley and Tukey's transform; the count is a power of two."""
    count = len(values)
    if count == 1:
        return values
    even, odd = _transformed(values[::2]), _transformed(values[1::2])
    turned = [cmath.exp(-2j * math.pi * n / count) * odd[n] for n in range(count // 2)]
    return [even[n] + turned[n] for n in range(count // 2)] + [even[n] - turned[n] for n in range(count // 2)]
