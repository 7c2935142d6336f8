"""Thousands of malformed requests against the real program, over UDP and TCP: no crash, no panic, no hang, no growth, and a good
phone registers in between and at the end."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from conftest import PASSWORDS
from hostile.caller import HANG_SECONDS, Caller, figure, memory_bytes
from hostile.generator import Case, cases
from product import Product
from registrar import Registrar

CASES_MIN = 5_000
BATCH = 50
"""Cases between two questions whether the product still answers."""
ARRIVED_MIN = 0.9
"""Of all cases; over TCP some are no whole message, and so none."""
GROWTH_MAX = 64 << 20
UNREAD_MAX = 16 << 10
"""Bytes that are sent before it is waited until they are read: more may be lost, and what is lost shows nothing."""
GOOD, BAD = "201", "299"
STRANGER = "127.0.7.7"
"""The address that malformed requests come from: their failures must not lock the good phone's."""

pytestmark = pytest.mark.product


def _over_udp(product: Product, all_cases: list[Case]) -> Iterator[int]:
    stranger = Caller(product, BAD, "", STRANGER)
    unread = 0
    for place, case in enumerate(all_cases):
        # Longer than a datagram can be: what fits of it.
        stranger.throw(case.bytes[:65_000])
        unread += len(case.bytes)
        if unread > UNREAD_MAX:
            # Answered behind them, by the thread that reads them.
            stranger.request("OPTIONS")
            unread = 0
        yield place
    stranger.close()


def _over_tcp(product: Product, all_cases: list[Case]) -> Iterator[int]:
    for place, case in enumerate(all_cases):
        with socket.socket() as stranger:
            stranger.bind((STRANGER, 0))
            stranger.settimeout(10 * HANG_SECONDS)
            try:
                stranger.connect(product.addresses["tcp"])
                stranger.sendall(case.bytes)
                stranger.shutdown(socket.SHUT_WR)
                while stranger.recv(65_536):
                    pass
            except TimeoutError:
                raise AssertionError(f"{case.name}: the connection hangs") from None
            except OSError:
                # Closed before everything was sent, as it may be.
                pass
        yield place


@pytest.mark.parametrize(("transport", "send"), [("udp", _over_udp), ("tcp", _over_tcp)])
def test_malformed_requests(shared_registrar: Registrar, request: pytest.FixtureRequest, transport: str, send) -> None:
    product = shared_registrar
    seed = request.config.getoption("--seed")
    good = Caller(product, GOOD, PASSWORDS[GOOD])
    asker = Caller(product, BAD, "", STRANGER)
    all_cases = [
        case
        for round in range(request.config.getoption("--rounds"))
        for case in cases(seed + round, transport, BAD, product.domain, asker.nonce())
    ]
    assert len(all_cases) >= CASES_MIN
    # What was allocated once is no growth: the first hundred cases do that.
    before, registrations = 0, 0
    received_name = f'sip_received_total{{transport="{transport}"}}'
    received, asked = figure(product, received_name), Caller.asked
    for place in send(product, all_cases):
        if place % BATCH == BATCH - 1:
            around = f"before case {all_cases[place].name}"
            assert product.is_running, f"the product ended {around}"
            good.request("OPTIONS")
            if good.slowest > HANG_SECONDS:
                raise AssertionError(f"no answer for {good.slowest:.1f} s {around}")
            if place % (20 * BATCH) == BATCH - 1:
                assert good.register() == 200, f"a good phone is refused {around}"
                registrations += 1
            before = before or memory_bytes(product)
    assert good.register() == 200
    growth = memory_bytes(product) - before
    received = figure(product, received_name) - received
    if transport == "udp":
        received -= Caller.asked - asked
    panics = figure(product, "panics_total")
    for name, value in {
        "cases": len(all_cases),
        "seed": seed,
        "registrations": registrations + 1,
        "slowest_ms": round(good.slowest * 1000),
        "growth_mib": round(growth / (1 << 20), 1),
        "received": received,
        "panics": panics,
    }.items():
        print(f"malformed.{transport}.{name} {value}")
    good.close()
    asker.close()
    assert panics == 0
    # What was lost on the way has shown nothing.
    assert received >= ARRIVED_MIN * len(all_cases), f"only {received} arrived"
    assert growth <= GROWTH_MAX, f"{growth >> 20} MiB"
    assert "panic" not in product.log_file.read_text()
