"""Real phones register, stay registered, leave, and are refused and locked out with a wrong password."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from conftest import PASSWORDS
from phones import Account, Baresip, Linphonec, Phone, Pjsua
from product import Product
from registrar import Registrar

EXTENSION = "201"
FAILURES_MAX = 5
"""Wrong answers that lock an extension: the product's default."""

LINES = [
    (Baresip, "udp", "MD5"),
    (Baresip, "tcp", "MD5"),
    (Linphonec, "udp", "SHA-256"),
    (Linphonec, "tls", "SHA-256"),
    (Pjsua, "udp", "MD5"),
    (Pjsua, "tcp", "SHA-256"),
    (Pjsua, "tls", "SHA-256"),
]
PHONES = [
    pytest.param(phone, transport, algorithm, id=f"{phone.__name__}-{transport}-{algorithm}")
    for phone, transport, algorithm in LINES
]
ONE_OF_EACH = [pytest.param(phone, transport, id=phone.__name__) for phone, transport, _ in LINES if transport == "udp"]


def account(
    registrar: Registrar, transport: str, password: str, extension: str = EXTENSION, expires: int | None = None
) -> Account:
    """The line of the phone under test."""
    return Account(
        extension=extension,
        password=password,
        domain=registrar.domain,
        registrar=registrar.addresses[transport],
        transport=transport,
        expires=expires or max(4, registrar.expires_min),
        ca_file=registrar.ca_file if transport == "tls" else None,
    )


@pytest.mark.parametrize(("phone", "transport", "algorithm"), PHONES)
def test_a_phone_registers_and_leaves(
    start_registrar: Callable[[str], Registrar], tmp_path: Path, phone: type[Phone], transport: str, algorithm: str
) -> None:
    registrar = start_registrar(algorithm)
    with phone(tmp_path / "phone", account(registrar, transport, PASSWORDS[EXTENSION])) as it:
        it.register()
        entered = it.wait_registered()
        assert entered.algorithm == (phone.best if registrar.offers_both else algorithm)
        assert len(registrar.contacts(EXTENSION)) == 1

        it.unregister()
        it.wait_unregistered()
        assert registrar.contacts(EXTENSION) == []
        assert it.refusals() == []


def test_phones_stay_registered(start_registrar: Callable[[str], Registrar], tmp_path: Path) -> None:
    """All at once, because the product lets nobody register for less than a minute, and one minute is enough to wait."""
    with ExitStack() as stack:
        # The reference asks all of them for MD5, which all know.
        registrar = start_registrar("MD5")
        lines: list[tuple[str, Phone]] = []
        for number, (phone, transport, _) in enumerate(LINES, start=int(EXTENSION)):
            extension = str(number)
            folder = tmp_path / f"{phone.__name__}-{transport}"
            lines.append((extension, stack.enter_context(phone(folder, account(registrar, transport, PASSWORDS[extension], extension)))))
        for _, phone in lines:
            phone.register()
        for _, phone in lines:
            phone.wait_registered()
        for extension, phone in lines:
            phone.wait_registered(times=2, seconds=registrar.expires_min + 15)
            assert len(registrar.contacts(extension)) == 1, "a refresh is no second binding"
            assert phone.refusals() == []


@pytest.mark.parametrize(("phone", "transport", "algorithm"), PHONES)
def test_a_phone_with_a_wrong_password_is_refused(
    start_registrar: Callable[[str], Registrar], tmp_path: Path, phone: type[Phone], transport: str, algorithm: str
) -> None:
    registrar = start_registrar(algorithm)
    with phone(tmp_path / "phone", account(registrar, transport, "wrong-201-Xq7")) as it:
        it.register()
        it.wait_refused()
        assert it.registrations() == []
        assert registrar.contacts(EXTENSION) == []


@pytest.mark.product
@pytest.mark.parametrize(("phone", "transport"), ONE_OF_EACH)
def test_five_wrong_answers_lock_the_right_one_out_until_it_is_reset(
    start_registrar: Callable[[str], Product], tmp_path: Path, phone: type[Phone], transport: str
) -> None:
    product = start_registrar("MD5")
    for attempt in range(1, FAILURES_MAX + 1):
        with phone(tmp_path / f"wrong-{attempt}", account(product, transport, "wrong-201-Xq7")) as it:
            it.register()
            # The last one has just begun the lock, and is told of it.
            assert it.wait_refused().status == (403 if attempt < FAILURES_MAX else 503)
        # One wrong password is one attempt, however often the phone would like to try.
        assert len(product.failures(EXTENSION)) == attempt

    with phone(tmp_path / "locked", account(product, transport, PASSWORDS[EXTENSION])) as it:
        it.register()
        refused = it.wait_refused()
        assert refused.status == 503
        assert refused.retry_after > 0
        assert product.contacts(EXTENSION) == []
    assert [lock["failures"] for lock in product.locks()] == [FAILURES_MAX]

    product.reset_locks()
    assert product.locks() == []
    with phone(tmp_path / "reset", account(product, transport, PASSWORDS[EXTENSION])) as it:
        it.register()
        it.wait_registered()
        [seen] = product.phones(EXTENSION)
        assert seen["transport"].lower() == transport
        assert phone.agent in seen["agent"].lower()
