"""Real phones leave messages, and hear them: what was said is what is heard, from the phone that is trusted without a code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from conftest import PASSWORDS
from phones import Account, CallingBaresip, CallingLinphonec, CallingPhone
from product import Product

pytestmark = pytest.mark.product

CALLER, OWNER, STRANGER = "201", "202", "203"
MESSAGE_SECONDS = 4
"""How long somebody speaks."""
ANSWER_SECONDS = 30
"""How long a phone rings in vain, and more."""

NewPhone = Callable[[type[CallingPhone], str, int], CallingPhone]


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    binary = request.config.getoption("--binary")
    assert binary, "--binary names the hookswitch program to test"
    with Product(binary.resolve(), tmp_path / "registrar", PASSWORDS, mailboxes=True) as product:
        yield product


@pytest.fixture
def new_phone(office: Product, tmp_path: Path) -> Iterator[NewPhone]:
    with ExitStack() as stack:

        def start(kind: type[CallingPhone], number: str, tone: int) -> CallingPhone:
            account = Account(
                extension=number,
                password=PASSWORDS[number],
                domain=office.domain,
                registrar=office.addresses["udp"],
                transport="udp",
                expires=600,
                ca_file=None,
            )
            phone = stack.enter_context(kind(tmp_path / f"{number}-{tone}", account, tone))
            phone.register()
            phone.wait_registered()
            return phone

        yield start


@pytest.mark.parametrize("kind", [CallingBaresip, CallingLinphonec])
def test_a_message_that_a_phone_leaves_is_heard_as_it_was_said(new_phone: NewPhone, kind: type[CallingPhone]) -> None:
    caller = new_phone(kind, CALLER, 1000)
    caller.leave_message(OWNER)
    owner = new_phone(CallingBaresip, OWNER, 440)
    owner.dial("*17")
    owner.wait_turn("established")
    owner.press("1")
    # The one who left it has hung up long ago: this is the recording.
    owner.wait_tone(caller.tone, ANSWER_SECONDS)
    owner.hang_up()


def test_who_is_busy_or_does_not_answer_has_a_mailbox_that_does(new_phone: NewPhone) -> None:
    caller, busy = new_phone(CallingBaresip, CALLER, 1000), new_phone(CallingBaresip, OWNER, 440)
    caller.dial(OWNER)
    busy.wait_turn("called")
    busy.hang_up()
    caller.wait_turn("established")
    caller.hang_up()
    caller.wait_turn("closed")
    caller.dial(OWNER)
    busy.wait_turn("called", 2)
    caller.wait_turn("established", 2, ANSWER_SECONDS)
    busy.wait_turn("closed", 2)
    caller.hang_up()


def test_from_another_phone_a_mailbox_without_a_code_stays_closed(new_phone: NewPhone) -> None:
    caller = new_phone(CallingBaresip, CALLER, 1000)
    caller.leave_message(OWNER)
    stranger = new_phone(CallingBaresip, STRANGER, 440)
    stranger.dial(OWNER)
    stranger.wait_turn("established")
    for key in "*1234#":
        stranger.press(key)
    stranger.wait_turn("closed", seconds=ANSWER_SECONDS)
    assert not stranger.has_heard(caller.tone)
