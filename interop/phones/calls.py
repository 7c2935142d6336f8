"""What the tests may ask of a phone that makes calls and is called, and what they read of it.

What a phone says of its calls (it rings, it is in a call, the call ended) is its own word; which statuses it was answered with
is read from the SIP messages in its log; and what it heard is read from the file in which it records that.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from tones import Sound, heard_frequency, level, read_sound, write_tone

from .phone import ANSWER_SECONDS_MAX, Account, Phone

MAILBOX_SECONDS_MAX = 40.0
"""How long it may take until a mailbox answers in the place of whoever was called."""
LISTEN_SECONDS = 1.0
"""How much must have been heard before it is said which tone it was."""
TOLERANCE = 0.02
SILENCE_SECONDS = 2.5
"""How long nothing must have been heard; some phones write down what they hear a second at a time."""
_SILENCE = 200.0
_POLL_SECONDS = 0.05

_ANSWER = re.compile(
    r"^.*?SIP/2\.0 (?P<status>\d{3})[^\r\n]*\r?\n(?P<head>(?:[A-Za-z][A-Za-z-]*\s*:[^\n]*\n|[ \t][^\n]*\n)+)", re.MULTILINE
)

_MESSAGE = re.compile(r"^(?:SIP/2\.0 \d{3}|[A-Z]+ sips?:[^\n]* SIP/2\.0).*\n(?:[A-Za-z][A-Za-z-]*\s*:[^\n]*\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Turn:
    """Something that happened to a call of this phone."""

    what: str
    """`called` (it rings), `ringing` (the other one does), `established`, `closed`, `transferred`."""
    call: str
    """Which call, in the phone's own words."""
    reason: str = ""
    """Why it ended, in the phone's own words."""


class CallingPhone(Phone):
    """A phone that plays a tone into each call and records what it hears. Use as a context manager."""

    def __init__(self, folder: Path, account: Account, tone: int) -> None:
        super().__init__(folder, account)
        self.tone = tone
        self.tone_file = folder / f"tone-{tone}.wav"
        write_tone(self.tone_file, tone)

    def leave_message(self, number: str, seconds: float = 3.0) -> None:
        """Calls somebody who is not there, and speaks until the mailbox has had enough."""
        established = self.count("established")
        self.dial(number)
        self.wait_turn("established", established + 1, MAILBOX_SECONDS_MAX)
        # The greeting and the tone are over by then.
        self.wait_heard_seconds(6 + seconds)
        self.hang_up()
        self.wait_turn("closed")

    # What each phone does in its own way.

    def dial(self, number: str) -> None:
        """Calls a number of its own domain, or an address."""
        raise NotImplementedError

    def accept(self) -> None:
        """Answers the call that rings."""
        raise NotImplementedError

    def hang_up(self) -> None:
        """Ends the current call, or gives it up, or rejects the one that rings."""
        raise NotImplementedError

    def hold(self) -> None:
        raise NotImplementedError

    def resume(self) -> None:
        raise NotImplementedError

    def transfer(self, number: str) -> None:
        """Sends the other one of the current call to this number (REFER), without asking there."""
        raise NotImplementedError

    def press(self, key: str) -> None:
        """Presses a key of its keypad, in the current call."""
        raise NotImplementedError

    def turns(self) -> list[Turn]:
        """What happened to its calls so far, oldest first."""
        raise NotImplementedError

    def recordings(self) -> list[Path]:
        """The files with what it heard so far, oldest first."""
        raise NotImplementedError

    # What is the same for all.

    def count(self, what: str) -> int:
        return sum(turn.what == what for turn in self.turns())

    def wait_turn(self, what: str, times: int = 1, seconds: float = ANSWER_SECONDS_MAX) -> Turn:
        """Waits until this has happened so many times to its calls."""
        until = time.monotonic() + seconds
        while True:
            seen = [turn for turn in self.turns() if turn.what == what]
            if len(seen) >= times:
                return seen[times - 1]
            if time.monotonic() > until:
                raise AssertionError(
                    f"{self} did not become {what} {times} time(s) within {seconds:.0f} s; {self.turns()}; "
                    f"answers to INVITE: {self.invite_answers()}; log: {self.log_file}\n{self.dialogue()[-6000:]}"
                )
            self._turn(_POLL_SECONDS)

    def invite_answers(self) -> list[int]:
        """Final answers to INVITE that it sent or received, oldest first, each once; challenges are none."""
        seen: dict[tuple[str, int, str, str], int] = {}
        for answer in _ANSWER.finditer(self.log.replace("\r", "")):
            head, status = answer["head"], int(answer["status"])
            cseq = re.search(r"^CSeq:\s*(\d+)\s+INVITE", head, re.MULTILINE | re.IGNORECASE)
            call_id = re.search(r"^(?:Call-ID|i)\s*:\s*(\S+)", head, re.MULTILINE | re.IGNORECASE)
            if cseq is None or call_id is None or status < 200 or status in (401, 407):
                continue
            seen.setdefault((call_id[1], int(cseq[1]), "INVITE", answer["status"]), status)
        return list(seen.values())

    def wait_invite_answer(self, seconds: float = ANSWER_SECONDS_MAX) -> int:
        """The status of the first final answer to an INVITE; a phone that gives up has ended the call before it comes."""
        until = time.monotonic() + seconds
        while not (answers := self.invite_answers()):
            assert time.monotonic() < until, f"{self} got no final answer; {self.turns()}\n{self.dialogue()[-6000:]}"
            self._turn(_POLL_SECONDS)
        return answers[0]

    def heard(self) -> Sound:
        """All that it heard so far."""
        sounds = [read_sound(file) for file in self.recordings()]
        whole = Sound(sounds[0].samples[:], sounds[0].rate) if sounds else Sound(read_sound(self.tone_file).samples[:0], 8000)
        for sound in sounds[1:]:
            whole.samples.extend(sound.samples)
        return whole

    def wait_heard(self, frequency: int, since: float | None = None, seconds: float = ANSWER_SECONDS_MAX) -> float:
        """Waits until it hears this tone, in what comes after so many seconds of sound (else from now on); what it measured."""
        began, until = self.heard().seconds if since is None else since, time.monotonic() + seconds
        measured = 0.0
        while time.monotonic() < until:
            new = self.heard().since(began)
            if new.seconds >= LISTEN_SECONDS:
                measured = heard_frequency(new)
                if abs(measured - frequency) <= frequency * TOLERANCE:
                    return measured
            self._turn(2 * _POLL_SECONDS)
        raise AssertionError(
            f"{self} does not hear {frequency} Hz, but {measured:.0f} Hz, in {new.seconds:.1f} s of sound; {self.turns()}; "
            f"files: {[(file.name, file.stat().st_size) for file in self.recordings()]}; log: {self.log_file}"
        )

    def wait_heard_seconds(self, seconds: float, patience: float = 60.0) -> None:
        """Waits until it has heard so much, whatever it was."""
        until = time.monotonic() + patience
        while self.heard().seconds < seconds:
            assert time.monotonic() < until, f"{self} heard {self.heard().seconds:.1f} s alone; log: {self.log_file}"
            self._turn(2 * _POLL_SECONDS)

    def has_heard(self, frequency: int) -> bool:
        """Whether this tone is anywhere in what it heard."""
        whole, at = self.heard(), 0.0
        while (rest := whole.since(at)).seconds >= LISTEN_SECONDS:
            piece = Sound(rest.samples[: int(rest.rate * LISTEN_SECONDS)], rest.rate)
            if level(piece) >= _SILENCE and abs(heard_frequency(piece) - frequency) <= frequency * TOLERANCE:
                return True
            at += LISTEN_SECONDS / 2
        return False

    def wait_tone(self, frequency: int, seconds: float = ANSWER_SECONDS_MAX) -> None:
        """Waits until this tone is anywhere in what it heard."""
        until = time.monotonic() + seconds
        while not self.has_heard(frequency):
            assert time.monotonic() < until, f"{self} never heard {frequency} Hz; {self.turns()}; log: {self.log_file}"
            self._turn(0.5)

    def wait_silence(self, seconds: float = ANSWER_SECONDS_MAX) -> None:
        """Waits until it hears nothing for a while: nothing arrives, or silence."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = self.heard().seconds
            self._turn(SILENCE_SECONDS)
            new = self.heard().since(began)
            if new.seconds < LISTEN_SECONDS / 10 or level(new) < _SILENCE:
                return
        raise AssertionError(f"{self} still hears {heard_frequency(new):.0f} Hz; {self.turns()}; log: {self.log_file}")

    def dialogue(self) -> str:
        """The SIP messages of its calls in its log, without the bodies."""
        messages = (found.group(0) for found in _MESSAGE.finditer(self.log.replace("\r", "")))
        return "\n\n".join(message for message in messages if " REGISTER\n" not in message)

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.account.extension} over {self.account.transport}"
