"""Chapter 10 of RFC 3261, played message by message (see `scenarios/`)."""

from __future__ import annotations

from pathlib import Path

import pytest

import sipp
from conftest import PASSWORDS
from registrar import Registrar

# An extension for each, so that none finds another's bindings.
PLAYED = [
    pytest.param(scenario, transport, extension, id=f"{sipp.title(scenario)}-{transport}")
    for (scenario, transport), extension in zip(
        [(scenario, transport) for scenario in sipp.scenarios() for transport in ("udp", "tcp")], PASSWORDS, strict=False
    )
]


def test_every_scenario_has_an_extension() -> None:
    assert len(PLAYED) == 2 * len(sipp.scenarios())


@pytest.mark.parametrize(("scenario", "transport", "extension"), PLAYED)
def test_scenario(shared_registrar: Registrar, tmp_path: Path, scenario: Path, transport: str, extension: str) -> None:
    sipp.play(scenario, tmp_path, shared_registrar, transport, extension, PASSWORDS[extension])
