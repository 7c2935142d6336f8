"""Chapter 10 of RFC 3261, played message by message (see `scenarios/`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import sipp
from conftest import PASSWORDS
from registrar import Registrar


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("scenario", sipp.scenarios(), ids=sipp.title)
def test_scenario(start_registrar: Callable[[str], Registrar], tmp_path: Path, scenario: Path, transport: str) -> None:
    # SIPp of Debian 12 answers MD5 challenges only.
    registrar = start_registrar("MD5")
    sipp.play(scenario, tmp_path, registrar.addresses[transport], transport, registrar.domain, "202", PASSWORDS["202"])
