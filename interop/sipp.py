"""SIPp, a scenario player: each file in `scenarios/` is one dialogue with the registrar, checked step by step."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ports import free_port
from registrar import Registrar

SCENARIOS = Path(__file__).with_name("scenarios")
SECONDS_MAX = 15

AGENT = "baresip v1.0 (played by SIPp)"
"""SIPp of Debian 12 knows MD5 alone and gives up at SHA-256, as this phone does; the product offers MD5 alone to it."""

_TRANSPORTS = {"udp": "u1", "tcp": "t1"}


def scenarios() -> list[Path]:
    """All of them, by heading of RFC 3261."""
    return sorted(SCENARIOS.glob("*/*.xml"))


def title(scenario: Path) -> str:
    """`heading/name`, as the report shows it."""
    return f"{scenario.parent.name}/{scenario.stem}"


def play(scenario: Path, folder: Path, registrar: Registrar, transport: str, extension: str, password: str) -> None:
    """Plays one scenario once. Raises with the messages that were exchanged if a step was not as written."""
    server = registrar.addresses[transport]
    text = scenario.read_text()
    for name, status in registrar.statuses.items():
        text = text.replace(f"@{name}@", str(status))
    played_file = folder / scenario.name
    played_file.write_text(text)
    messages = folder / "messages"
    errors = folder / "errors"
    command = [
        "sipp",
        f"{server[0]}:{server[1]}",
        *("-sf", str(played_file), "-t", _TRANSPORTS[transport], "-i", "127.0.0.1", "-p", str(free_port()), "-m", "1", "-nostdin"),
        *("-s", extension, "-au", extension, "-ap", password, "-auth_uri", registrar.domain, "-key", "domain", registrar.domain),
        *("-key", "agent", AGENT),
        *("-timeout", f"{SECONDS_MAX - 5}s", "-timeout_error", "-recv_timeout", "4000"),
        *("-trace_msg", "-message_file", str(messages), "-trace_err", "-error_file", str(errors)),
    ]
    played = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX, stdin=subprocess.DEVNULL)
    if played.returncode != 0:
        said = "\n".join(file.read_text(errors="replace") for file in (errors, messages) if file.exists())
        raise AssertionError(f"{title(scenario)}: SIPp ended with {played.returncode}\n{said}\n{played.stderr}")
