"""What the tests may ask of any phone, and how they read its log.

A phone never says "registered" in the same words as another, but each can log the SIP messages it sends and receives.
So the truth is read from those messages: one parser for all phones, and no phone's own opinion of itself.
"""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ANSWER_SECONDS_MAX = 20.0
_POLL_SECONDS = 0.05

_MESSAGE = re.compile(
    r"^.*?(?P<first>SIP/2\.0 \d{3}[^\r\n]*|REGISTER sips?:[^\r\n]* SIP/2\.0)\r?\n(?P<head>(?:[A-Za-z][A-Za-z-]*\s*:[^\n]*\n|[ \t][^\n]*\n)+)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Account:
    """One line of one phone: what its user would type into it."""

    extension: str
    password: str
    domain: str
    registrar: tuple[str, int]
    transport: str
    """`udp`, `tcp` or `tls`."""
    expires: int = 60
    """Seconds that are asked for."""
    ca_file: Path | None = None
    """Whom to trust over TLS."""

    @property
    def server(self) -> str:
        """`host:port` of the registrar."""
        return f"{self.registrar[0]}:{self.registrar[1]}"


@dataclass(frozen=True)
class Answer:
    """The registrar's final answer to one REGISTER, as the phone logged it."""

    status: int
    cseq: int
    asked_to_leave: bool
    """The REGISTER it answers removed the binding (expires 0)."""
    authorization: str
    """The Authorization header of that REGISTER, or nothing."""
    challenges: tuple[str, ...]
    retry_after: int
    """Seconds that Retry-After names, or 0."""

    @property
    def stale(self) -> bool:
        """The registrar asks for the same credentials with a newer nonce."""
        return any(re.search(r'stale="?true', challenge, re.IGNORECASE) for challenge in self.challenges)

    @property
    def algorithm(self) -> str:
        """The digest algorithm of that Authorization; one that names none means MD5."""
        named = re.search(r'algorithm="?([A-Za-z0-9-]+)', self.authorization)
        return named[1].upper() if named else "MD5"


class Phone:
    """One phone program in a private folder. Use as a context manager: leaving it ends the program."""

    agent: str
    """What its User-Agent has in it, in small letters."""
    best = "SHA-256"
    """The strongest digest algorithm it knows."""

    def __init__(self, folder: Path, account: Account) -> None:
        self.folder = folder
        self.account = account
        folder.mkdir(parents=True, exist_ok=True)
        self.log_file = folder / "log"
        self.log_file.touch()

    # What each phone does in its own way.

    def start(self) -> None:
        """Starts the program; it must not register before it is asked to."""
        raise NotImplementedError

    def register(self) -> None:
        """Asks the phone to register, and to stay registered."""
        raise NotImplementedError

    def unregister(self) -> None:
        """Asks the phone to leave."""
        raise NotImplementedError

    def stop(self) -> None:
        """Ends the program."""
        raise NotImplementedError

    # What is the same for all.

    def __enter__(self) -> Phone:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """All that the phone has said so far."""
        return self.log_file.read_text(errors="replace")

    def answers(self) -> list[Answer]:
        """Answers to REGISTER so far, oldest first; a message that was logged twice counts once."""
        requests: dict[tuple[str, int], str] = {}
        answers: dict[tuple[str, int, int], Answer] = {}
        for message in _MESSAGE.finditer(self.log.replace("\r", "")):
            head = message["head"]
            cseq = re.search(r"^CSeq:\s*(\d+)\s+(\w+)", head, re.MULTILINE | re.IGNORECASE)
            call_id = re.search(r"^(?:Call-ID|i)\s*:\s*(\S+)", head, re.MULTILINE | re.IGNORECASE)
            if cseq is None or call_id is None or cseq[2] != "REGISTER":
                continue
            key = (call_id[1], int(cseq[1]))
            if message["first"].startswith("REGISTER"):
                requests[key] = head
                continue
            status = int(message["first"].split()[1])
            if status < 200:
                continue
            request = requests.get(key, "")
            retry_after = re.search(r"^Retry-After:\s*(\d+)", head, re.MULTILINE | re.IGNORECASE)
            authorization = re.search(r"^Authorization:\s*(.*)$", request, re.MULTILINE | re.IGNORECASE)
            answers.setdefault(
                (*key, status),
                Answer(
                    status=status,
                    cseq=key[1],
                    asked_to_leave=bool(re.search(r"^Expires:\s*0\s*$|;expires=0\b", request, re.MULTILINE | re.IGNORECASE)),
                    authorization=authorization[1] if authorization else "",
                    challenges=tuple(re.findall(r"^WWW-Authenticate:\s*(.*)$", head, re.MULTILINE | re.IGNORECASE)),
                    retry_after=int(retry_after[1]) if retry_after else 0,
                ),
            )
        return list(answers.values())

    def registrations(self) -> list[Answer]:
        """Each time the phone was let in, first and refreshed."""
        return [a for a in self.answers() if a.status == 200 and not a.asked_to_leave]

    def refusals(self) -> list[Answer]:
        """Each time credentials were refused; an outdated nonce is none of their fault."""
        return [a for a in self.answers() if a.status >= 400 and a.authorization and not a.stale]

    def departures(self) -> list[Answer]:
        """Each time the phone left and was told so."""
        return [a for a in self.answers() if a.status == 200 and a.asked_to_leave]

    def wait_registered(self, times: int = 1, seconds: float = ANSWER_SECONDS_MAX) -> Answer:
        """Waits until the phone has been let in this many times (the second and later ones are refreshes)."""
        return self._wait("be registered", lambda: self.registrations(), times, seconds)

    def wait_refused(self, times: int = 1, seconds: float = ANSWER_SECONDS_MAX) -> Answer:
        """Waits until credentials of this phone have been refused this many times."""
        return self._wait("be refused", lambda: self.refusals(), times, seconds)

    def wait_unregistered(self, seconds: float = ANSWER_SECONDS_MAX) -> Answer:
        """Waits until the phone has left."""
        return self._wait("leave", lambda: self.departures(), 1, seconds)

    def _wait(self, what: str, read, times: int, seconds: float) -> Answer:
        until = time.monotonic() + seconds
        while True:
            seen = read()
            if len(seen) >= times:
                return seen[-1]
            if time.monotonic() > until:
                raise AssertionError(
                    f"{type(self).__name__} did not {what} {times} time(s) within {seconds:.0f} s, but {len(seen)}; "
                    f"answers: {[a.status for a in self.answers()]}; end of {self.log_file}:\n{self.log[-4000:]}"
                )
            self._turn(_POLL_SECONDS)

    def _turn(self, seconds: float) -> None:
        """Lets time pass; a phone that lives in this process does its work here."""
        time.sleep(seconds)


def end(process: subprocess.Popen, seconds: float = 5.0) -> None:
    """Ends a program politely, then firmly."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
