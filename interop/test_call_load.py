"""Calls by the thousand at a steady rate: none fails, and the memory that they needed is not kept."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from call_load import Callee, make_calls
from conftest import PASSWORDS
from hostile.caller import memory_bytes
from product import Product
from registrar import Registrar

RATE = 150
"""Calls a second."""
WARM_UP = 450
FORGOTTEN_SECONDS = 35
"""After this every transaction has ended (64*T1)."""
GROWTH_MAX = 12 << 20

NUMBERS = list(PASSWORDS)
CALLERS = {number: PASSWORDS[number] for number in NUMBERS[:20]}
CALLEES = {number: PASSWORDS[number] for number in NUMBERS[20:24]}


def test_no_call_of_thousands_fails(request: pytest.FixtureRequest, shared_registrar: Registrar, tmp_path: Path) -> None:
    calls = request.config.getoption("--calls")
    with Callee(tmp_path / "callee", shared_registrar, CALLEES) as callee:
        warmed = make_calls(tmp_path / "warm", shared_registrar, CALLERS, callee.extensions, WARM_UP, RATE)
        assert (warmed.successful, warmed.failed) == (WARM_UP, 0), warmed
        is_product = isinstance(shared_registrar, Product)
        if is_product:
            time.sleep(FORGOTTEN_SECONDS)
            before = memory_bytes(shared_registrar)
        made = make_calls(tmp_path / "calls", shared_registrar, CALLERS, callee.extensions, calls, RATE)
        assert (made.successful, made.failed) == (calls, 0), made
        print(f"calls.successful {made.successful}\ncalls.retransmissions {made.retransmissions}")
        if is_product:
            time.sleep(FORGOTTEN_SECONDS)
            growth = memory_bytes(shared_registrar) - before
            print(f"calls.growth {growth}")
            assert growth < GROWTH_MAX
