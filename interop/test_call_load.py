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
FORGOTTEN_SECONDS = 35
"""After this every transaction has ended (64*T1)."""
GROWTH_MAX = 8 << 20
"""By as many calls as were made before: what the most calls at once needed, a process may keep."""

NUMBERS = list(PASSWORDS)
CALLERS = {number: PASSWORDS[number] for number in NUMBERS[:20]}
CALLEES = {number: PASSWORDS[number] for number in NUMBERS[20:24]}


def test_no_call_of_thousands_fails(request: pytest.FixtureRequest, shared_registrar: Registrar, tmp_path: Path) -> None:
    calls = request.config.getoption("--calls")
    with Callee(tmp_path / "callee", shared_registrar, CALLEES) as callee:
        is_product = isinstance(shared_registrar, Product)
        memory = []
        for turn in ("first", "again"):
            made = make_calls(tmp_path / turn, shared_registrar, CALLERS, callee.extensions, calls, RATE)
            assert (made.successful, made.failed) == (calls, 0), made
            print(f"calls.{turn}.successful {made.successful}\ncalls.{turn}.retransmissions {made.retransmissions}")
            if is_product:
                time.sleep(FORGOTTEN_SECONDS)
                memory.append(memory_bytes(shared_registrar))
        if is_product:
            print(f"calls.memory {memory[0]}\ncalls.growth {memory[1] - memory[0]}")
            assert memory[1] - memory[0] < GROWTH_MAX
