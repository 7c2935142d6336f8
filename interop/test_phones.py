"""Real phones register, stay registered, leave, and are refused with a wrong password."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import PASSWORDS
from phones import Account, Baresip, Linphonec, Phone, Pjsua
from registrar import Registrar

EXTENSION = "201"

PHONES = [
    pytest.param(phone, transport, algorithm, id=f"{phone.__name__}-{transport}-{algorithm}")
    for phone, transport, algorithm in [
        (Baresip, "udp", "MD5"),
        (Baresip, "tcp", "MD5"),
        (Linphonec, "udp", "SHA-256"),
        (Linphonec, "tls", "SHA-256"),
        (Pjsua, "udp", "MD5"),
        (Pjsua, "tcp", "SHA-256"),
        (Pjsua, "tls", "SHA-256"),
    ]
]


def account(registrar: Registrar, transport: str, password: str) -> Account:
    """The line of the phone under test."""
    return Account(
        extension=EXTENSION,
        password=password,
        domain=registrar.domain,
        registrar=registrar.addresses[transport],
        transport=transport,
        # Short, so that a refresh is seen while one waits.
        expires=max(4, registrar.expires_min),
        ca_file=registrar.ca_file if transport == "tls" else None,
    )


@pytest.mark.parametrize(("phone", "transport", "algorithm"), PHONES)
def test_a_phone_registers_refreshes_and_leaves(
    start_registrar: Callable[[str], Registrar], tmp_path: Path, phone: type[Phone], transport: str, algorithm: str
) -> None:
    registrar = start_registrar(algorithm)
    with phone(tmp_path / "phone", account(registrar, transport, PASSWORDS[EXTENSION])) as it:
        it.register()
        entered = it.wait_registered()
        assert entered.algorithm == algorithm
        assert len(registrar.contacts(EXTENSION)) == 1

        it.wait_registered(times=2)
        assert len(registrar.contacts(EXTENSION)) == 1, "a refresh is no second binding"

        it.unregister()
        it.wait_unregistered()
        assert registrar.contacts(EXTENSION) == []
        assert it.refusals() == []


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
