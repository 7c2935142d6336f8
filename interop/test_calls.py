"""Real phones call each other through the real program, over UDP, TCP and TLS, and hear each other's tone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from conftest import PASSWORDS
from phones import Account, CallingBaresip, CallingLinphonec, CallingPhone
from registrar import Registrar

TONES = [440, 1000, 700, 1600]
"""One for each phone of a test; none is a multiple of another."""
UNKNOWN = "299"
TRANSPORTS = ("udp", "tcp", "tls")
QUIET_SECONDS = 2.0
"""For as long nothing may happen where nothing should."""

NewPhone = Callable[..., CallingPhone]
_extensions = iter(PASSWORDS)


def free_extension() -> str:
    """One that no other test of this file has: phones that ended without leaving are called still."""
    return next(_extensions)


@pytest.fixture
def new_phone(shared_registrar: Registrar, tmp_path: Path) -> Iterator[NewPhone]:
    """Starts phones that are registered, each with a tone of its own; they end with the test."""
    with ExitStack() as stack:
        tones = iter(TONES)

        def start(kind: type[CallingPhone], transport: str = "udp", extension: str | None = None) -> CallingPhone:
            number, tone = extension or free_extension(), next(tones)
            account = Account(
                extension=number,
                password=PASSWORDS[number],
                domain=shared_registrar.domain,
                registrar=shared_registrar.addresses[transport],
                transport=transport,
                expires=600,
                ca_file=shared_registrar.ca_file if transport == "tls" else None,
            )
            phone = stack.enter_context(kind(tmp_path / f"{number}-{tone}", account, tone))
            phone.register()
            phone.wait_registered()
            return phone

        yield start


def connect(caller: CallingPhone, callee: CallingPhone) -> None:
    """A call from one to the other is answered."""
    caller_calls, callee_calls = caller.count("established"), callee.count("established")
    rung = callee.count("called")
    caller.dial(callee.account.extension)
    callee.wait_turn("called", rung + 1)
    callee.accept()
    caller.wait_turn("established", caller_calls + 1)
    callee.wait_turn("established", callee_calls + 1)


def hear_each_other(one: CallingPhone, other: CallingPhone) -> None:
    """Each hears the other's tone, from now on."""
    already = one.heard().seconds, other.heard().seconds
    one.wait_heard(other.tone, since=already[0])
    other.wait_heard(one.tone, since=already[1])


def part(who: CallingPhone, other: CallingPhone) -> None:
    """One hangs up, and the other is told."""
    ended = who.count("closed"), other.count("closed")
    who.hang_up()
    who.wait_turn("closed", ended[0] + 1)
    other.wait_turn("closed", ended[1] + 1)


def refused(caller: CallingPhone, number: str) -> int:
    """The status that a call to this number is refused with."""
    ended = caller.count("closed")
    caller.dial(number)
    caller.wait_turn("closed", ended + 1)
    return caller.invite_answers()[-1]


@pytest.mark.parametrize(
    ("here", "there"), [pytest.param(*pair, id="-".join(pair)) for pair in combinations_with_replacement(TRANSPORTS, 2)]
)
def test_phones_call_each_other_and_hear_each_other(new_phone: NewPhone, here: str, there: str) -> None:
    desk, door, laptop = new_phone(CallingBaresip, here), new_phone(CallingBaresip, there), new_phone(CallingLinphonec, there)
    for caller, callee, first in [(desk, door, desk), (door, desk, desk), (desk, laptop, laptop), (laptop, desk, laptop)]:
        connect(caller, callee)
        hear_each_other(caller, callee)
        part(first, callee if first is caller else caller)
    assert {phone.account.extension: phone.refusals() for phone in (desk, door, laptop)} == {
        phone.account.extension: [] for phone in (desk, door, laptop)
    }


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_call_between_two_of_belle_sip(new_phone: NewPhone, transport: str) -> None:
    one, other = new_phone(CallingLinphonec, transport), new_phone(CallingLinphonec, "udp")
    connect(one, other)
    hear_each_other(one, other)
    part(other, one)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_is_held_hears_nothing_until_the_call_goes_on(new_phone: NewPhone, transport: str) -> None:
    """Who listens is linphonec: baresip records nothing more after an INVITE within a call."""
    one, other = new_phone(CallingBaresip, transport), new_phone(CallingLinphonec)
    connect(one, other)
    hear_each_other(one, other)
    one.hold()
    other.wait_silence()
    one.resume()
    other.wait_heard(one.tone)
    part(one, other)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_holds_hears_nothing_until_the_call_goes_on(new_phone: NewPhone, transport: str) -> None:
    """linphonec plays its file as music to who is held, who plays nothing to it meanwhile."""
    one, other = new_phone(CallingLinphonec, transport), new_phone(CallingBaresip)
    connect(other, one)
    hear_each_other(one, other)
    one.hold()
    one.wait_silence()
    one.resume()
    one.wait_heard(other.tone)
    part(one, other)


@pytest.mark.parametrize("referred", [CallingBaresip, CallingLinphonec])
def test_a_call_is_transferred_without_asking(new_phone: NewPhone, referred: type[CallingPhone]) -> None:
    caller, office, third = new_phone(referred, "udp"), new_phone(CallingBaresip, "tcp"), new_phone(CallingLinphonec, "tls")
    connect(caller, office)
    hear_each_other(caller, office)
    office.transfer(third.account.extension)
    third.wait_turn("called")
    third.accept()
    third.wait_turn("established")
    hear_each_other(caller, third)
    office.wait_turn("closed")
    part(third, caller)


def test_a_call_is_transferred_after_asking(new_phone: NewPhone) -> None:
    """With Replaces, which of these phones linphonec alone knows."""
    caller, office, third = (new_phone(CallingLinphonec, transport) for transport in ("udp", "tcp", "tls"))
    connect(caller, office)
    office.hold()
    office.wait_silence()
    connect(office, third)
    hear_each_other(office, third)
    office.join(1, 2)
    office.wait_turn("closed", 2)
    hear_each_other(caller, third)
    part(caller, third)


@pytest.mark.parametrize("kind", [CallingBaresip, CallingLinphonec])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_caller_gives_up_and_the_phone_stops_ringing(new_phone: NewPhone, kind: type[CallingPhone], transport: str) -> None:
    caller, callee = new_phone(kind, transport), new_phone(CallingBaresip)
    caller.dial(callee.account.extension)
    callee.wait_turn("called")
    caller.wait_turn("ringing")
    caller.hang_up()
    callee.wait_turn("closed")
    caller.wait_turn("closed")
    assert caller.wait_invite_answer() == 487
    assert callee.count("established") == 0


def test_who_is_busy_says_so(new_phone: NewPhone) -> None:
    caller, callee = new_phone(CallingBaresip), new_phone(CallingBaresip, "tcp")
    caller.dial(callee.account.extension)
    callee.wait_turn("called")
    callee.hang_up()
    assert caller.wait_turn("closed").reason.startswith("486")
    assert caller.wait_invite_answer() == 486


def test_who_declines_says_so(new_phone: NewPhone) -> None:
    caller, callee = new_phone(CallingBaresip), new_phone(CallingLinphonec, "tcp")
    caller.dial(callee.account.extension)
    callee.wait_turn("called")
    callee.hang_up()
    caller.wait_turn("closed")
    assert caller.wait_invite_answer() == 603


@pytest.mark.parametrize("kinds", [(CallingBaresip, CallingBaresip), (CallingBaresip, CallingLinphonec)])
def test_all_phones_of_a_user_ring_until_one_is_answered(new_phone: NewPhone, kinds: tuple[type[CallingPhone], ...]) -> None:
    number = free_extension()
    caller = new_phone(CallingBaresip)
    desk, laptop = new_phone(kinds[0], "udp", number), new_phone(kinds[1], "tcp", number)
    for answering, other in [(desk, laptop), (laptop, desk)]:
        rung = desk.count("called"), laptop.count("called")
        ended = other.count("closed")
        established = caller.count("established")
        caller.dial(number)
        desk.wait_turn("called", rung[0] + 1)
        laptop.wait_turn("called", rung[1] + 1)
        answering.accept()
        caller.wait_turn("established", established + 1)
        other.wait_turn("closed", ended + 1)
        hear_each_other(caller, answering)
        part(caller, answering)
    assert (desk.count("established"), laptop.count("established")) == (1, 1)


def test_a_caller_who_gives_up_ends_the_ringing_of_all_phones(new_phone: NewPhone) -> None:
    number = free_extension()
    caller = new_phone(CallingBaresip)
    desk, laptop = new_phone(CallingBaresip, "udp", number), new_phone(CallingLinphonec, "tls", number)
    caller.dial(number)
    desk.wait_turn("called")
    laptop.wait_turn("called")
    caller.hang_up()
    desk.wait_turn("closed")
    laptop.wait_turn("closed")
    assert caller.wait_invite_answer() == 487


def test_one_phone_of_a_user_that_is_busy_leaves_the_other_ringing(new_phone: NewPhone) -> None:
    number = free_extension()
    caller = new_phone(CallingBaresip)
    desk, laptop = new_phone(CallingBaresip, "udp", number), new_phone(CallingBaresip, "tcp", number)
    caller.dial(number)
    desk.wait_turn("called")
    laptop.wait_turn("called")
    desk.hang_up()
    desk.wait_turn("closed")
    assert caller.count("closed") == 0
    laptop.accept()
    caller.wait_turn("established")
    hear_each_other(caller, laptop)
    part(laptop, caller)


@pytest.mark.parametrize("kind", [CallingBaresip, CallingLinphonec])
def test_who_is_unknown_or_has_no_phone_cannot_be_called(new_phone: NewPhone, kind: type[CallingPhone]) -> None:
    caller = new_phone(kind)
    assert refused(caller, UNKNOWN) == 404
    assert refused(caller, free_extension()) == 480


def test_who_has_left_cannot_be_called(new_phone: NewPhone) -> None:
    caller, callee = new_phone(CallingBaresip), new_phone(CallingBaresip, "tls")
    callee.unregister()
    callee.wait_unregistered()
    assert refused(caller, callee.account.extension) == 480
