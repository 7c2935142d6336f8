"""Calls by the thousand: SIPp calls SIPp through the system, at a steady rate (`calls/`)."""

from __future__ import annotations

import csv
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from actor import Actor
from phones.phone import end
from registrar import Registrar
from sipp import AGENT

CALLS = Path(__file__).with_name("calls")
TALK_MILLISECONDS = 200
SPARE_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """What the calling SIPp counted."""

    successful: int
    failed: int
    retransmissions: int
    log: str
    """Where it writes down what was not as the scenario has it."""


def registered_port(registrar: Registrar, lines: dict[str, str]) -> int:
    """A UDP port from which these extensions (with their passwords) have registered, and which SIPp can take over now.

    Where a phone registered from is where it is called, and where it may call from.
    """
    [first, *others] = lines.items()
    with Actor(registrar, *first) as actor:
        assert actor.register().status == 200
        for actor.extension, actor.password in others:
            assert actor.register().status == 200
        return actor.port


class Callee:
    """A SIPp that is registered with some extensions and answers whoever calls them. Use as a context manager."""

    def __init__(self, folder: Path, registrar: Registrar, lines: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.extensions = list(lines)
        port = registered_port(registrar, lines)
        self._process = subprocess.Popen(
            [
                "sipp",
                "{}:{}".format(*registrar.addresses["udp"]),
                *("-sf", str(CALLS / "callee.xml"), "-i", "127.0.0.1", "-p", str(port), "-nostdin"),
                *("-trace_err", "-error_file", str(folder / "errors")),
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)


def make_calls(folder: Path, registrar: Registrar, lines: dict[str, str], callees: list[str], calls: int, rate: int) -> Outcome:
    """So many calls in all, so many a second, from these extensions (with their passwords) to those, in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "calls.csv"
    pairs = [
        f"{extension};[authentication username={extension} password={password}];{callees[place % len(callees)]};"
        for place, (extension, password) in enumerate(lines.items())
    ]
    table.write_text("\n".join(["SEQUENTIAL", *pairs]) + "\n")
    port = str(registered_port(registrar, lines))
    statistics, errors = folder / "statistics.csv", folder / "errors"
    command = [
        "sipp",
        "{}:{}".format(*registrar.addresses["udp"]),
        *("-sf", str(CALLS / "caller.xml"), "-inf", str(table), "-i", "127.0.0.1", "-p", port, "-nostdin"),
        *("-m", str(calls), "-r", str(rate), "-l", str(30 * rate)),
        *("-key", "domain", registrar.domain, "-key", "agent", AGENT, "-d", str(TALK_MILLISECONDS)),
        *("-auth_uri", registrar.domain, "-recv_timeout", "20000", "-timeout", f"{calls // rate + SPARE_SECONDS}s"),
        *("-trace_stat", "-stf", str(statistics), "-fd", "1", "-trace_err", "-error_file", str(errors)),
    ]
    seconds_max = calls // rate + 2 * SPARE_SECONDS
    played = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=seconds_max, check=False
    )
    assert statistics.exists(), f"SIPp ended with {played.returncode}:\n{played.stderr[-4000:]}"
    with statistics.open() as file:
        last = list(csv.DictReader(file, delimiter=";"))[-1]
    return Outcome(
        successful=int(last["SuccessfulCall(C)"]),
        failed=int(last["FailedCall(C)"]),
        retransmissions=int(last["Retransmissions(C)"]),
        log=errors.read_text(errors="replace")[-4000:] if errors.exists() else "",
    )
