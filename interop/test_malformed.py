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
SIGN_INS = 'sign_ins_total{{interface="sip-registration",verdict="{}"}}'
UNREAD_MAX = 16 << 10
"""Bytes that are sent before it is waited until they are read: more may be lost, and what is lost shows nothing."""
GOOD, NOBODY = "201", "299"
STRANGERS = [f"127.0.7.{last}" for last in range(1, 241)]
"""Where malformed requests come from: not from the good phone's address, and from so many that no lock turns them away unseen."""
LOOKED_AT_MIN = 400
"""Answers to challenges that were read to their end, looked at and found wrong; one in four requests is a REGISTER, and most break
before that."""

pytestmark = pytest.mark.product


def _over_udp(strangers: list[Caller], all_cases: list[Case]) -> Iterator[int]:
    unread = 0
    for place, case in enumerate(all_cases):
        stranger = strangers[case.stranger]
        # Longer than a datagram can be: what fits of it.
        stranger.throw(case.bytes[:65_000])
        unread += len(case.bytes)
        if unread > UNREAD_MAX:
            # Answered behind them, by the thread that reads them.
            stranger.request("OPTIONS")
            unread = 0
        yield place


def _over_tcp(strangers: list[Caller], all_cases: list[Case]) -> Iterator[int]:
    for place, case in enumerate(all_cases):
        with socket.socket() as stranger:
            stranger.bind((STRANGERS[case.stranger], 0))
            stranger.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stranger.settimeout(10 * HANG_SECONDS)
            try:
                stranger.connect(strangers[case.stranger].product.addresses["tcp"])
                for piece in case.pieces:
                    stranger.sendall(piece)
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
    strangers = [Caller(product, NOBODY, "", address) for address in STRANGERS]
    all_cases = [
        case
        for round in range(request.config.getoption("--rounds"))
        for case in cases(seed + round, transport, product.domain, [stranger.nonce() for stranger in strangers])
    ]
    assert len(all_cases) >= CASES_MIN
    # What was allocated once is no growth: the first hundred cases do that.
    before, registrations = 0, 0
    received_name = f'sip_received_total{{transport="{transport}"}}'
    received, asked = figure(product, received_name), Caller.asked
    looked_at, locked = (figure(product, SIGN_INS.format(verdict)) for verdict in ("reject", "wait"))
    for place in send(strangers, all_cases):
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
    looked_at = figure(product, SIGN_INS.format("reject")) - looked_at
    locked = figure(product, SIGN_INS.format("wait")) - locked
    panics = figure(product, "panics_total")
    for name, value in {
        "cases": len(all_cases),
        "seed": seed,
        "registrations": registrations + 1,
        "slowest_ms": round(good.slowest * 1000),
        "growth_mib": round(growth / (1 << 20), 1),
        "received": received,
        "looked_at": looked_at,
        "locked": locked,
        "panics": panics,
    }.items():
        print(f"malformed.{transport}.{name} {value}")
    good.close()
    for stranger in strangers:
        stranger.close()
    assert panics == 0
    # What was lost on the way has shown nothing.
    assert received >= ARRIVED_MIN * len(all_cases), f"only {received} arrived"
    assert looked_at >= LOOKED_AT_MIN, f"only {looked_at} were looked at"
    assert growth <= GROWTH_MAX, f"{growth >> 20} MiB"
    assert "panic" not in product.log_file.read_text()
