"""Alarms and rows of the audit at receivers that nobody here wrote: rsyslog over UDP, TCP and TLS, and webhooks whose
signatures are looked at by the library of Standard Webhooks. Receivers go away, are slow, refuse, and come back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from manager import Manager, words
from peers import certificates
from peers.certificates import Certificates
from peers.rsyslog import Rsyslog
from peers.webhooks import Receiver
from ports import free_port
from product import Product

pytestmark = pytest.mark.product

PAGE = "/manager/settings/notifications"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    with Product(request.config.getoption("--binary").resolve(), tmp_path / "product", {}) as running:
        yield running


def _receiver_of_syslog(port: int, transport: str, **more: str) -> dict[str, str]:
    return {
        "name": "Log host", "on": "yes", "host": "127.0.0.1", "port": str(port), "transport": transport, "roots": "",
        "facility": "10", "accepted": "6", "refused": "4", "warning": "3", "critical": "2", "changes": "yes", "alarms": "yes",
        **more,
    }  # fmt: skip


def _webhook(url: str, **more: str) -> dict[str, str]:
    key = {"secret_how": "type", "secret": KEY, "secret_again": KEY}
    return {"name": "Hook", "on": "yes", "url": url, "roots": "", "changes": "yes", "alarms": "yes", **key, **more}


def _saved(page: str) -> None:
    assert "In force from now on." in page, words(page)


def _add_user(product: Product, name: str) -> None:
    product.run("user", "add", name)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_rsyslog_understands_every_message_and_hears_of_what_happened_while_it_was_away(
    transport: str, product: Product, tmp_path: Path, made: Certificates
) -> None:
    roots = made.authority.read_text() if transport == "tls" else ""
    with Rsyslog(tmp_path / "rsyslog", transport, made) as rsyslog:
        manager = Manager(product.addresses_of("https"))
        target = _receiver_of_syslog(rsyslog.port, transport, roots=roots)
        _saved(manager.fill(f"{PAGE}/syslog/new", target))
        for _ in range(100):
            answer = words(manager.fill(f"{PAGE}/targets/1/test", {}, page=PAGE))
            if "The test was taken" in answer:
                break
            time.sleep(0.1)
        if transport != "udp":
            assert "The test was taken" in answer, answer
        odd = 'Ann "quoted" back\\slash ]bracket'
        # Over UDP nobody says when rsyslog has begun to listen.
        for number in range(1 if transport != "udp" else 20):
            _add_user(product, f"first{number}")
            time.sleep(1.5 if transport == "udp" else 0)
            if any("first" in message["text"] for message in rsyslog.heard()):
                break
        message = rsyslog.wait_for("Account created: first")
        assert message["priority"] == str(10 * 8 + 6)
        assert (message["app"], message["id"]) == ("hookswitch", "account-created")
        data = message["data"]["hookswitch@32473"]
        assert (data["action"], data["outcome"], data["actor"]) == ("account-created", "accepted", "console")
        product.run("user", "edit", data["subject"], "--full-name", odd)
        message = rsyslog.wait_for("Account changed: first")
        assert message["data"]["hookswitch@32473"]["change"] == f"full name:  → {odd}", message
        assert 'change="full name:  → Ann \\"quoted\\" back\\\\slash \\]bracket"' in message["raw"], message["raw"]
        rsyslog.stop()
        for name in ("while-away-1", "while-away-2", "while-away-3"):
            _add_user(product, name)
        time.sleep(3)
        rsyslog.start()
        if transport == "udp":
            time.sleep(3)
            _add_user(product, "while-away-4")
            rsyslog.wait_for("Account created: while-away-4")
            return
        rsyslog.wait_for("Account created: while-away-3")
        told = [message["text"] for message in rsyslog.heard() if "while-away" in message["text"]]
        assert [text.split()[2] for text in told] == [f"while-away-{number}" for number in (1, 2, 3)]
        # An alarm, by a name that nobody has.
        for number in range(3):
            Manager(product.addresses_of("https"), "mallory", f"wrong wrong wrong {number}")
        alarm = rsyslog.wait_for("Alarm raised: Account locked: mallory")
        assert (alarm["priority"], alarm["id"]) == (str(10 * 8 + 3), "alarm-raised")
        assert alarm["data"]["hookswitch@32473"]["alarm"] == "account-locked"


def test_over_tls_nobody_is_told_but_who_has_the_right_certificate(
    product: Product, tmp_path: Path, made: Certificates
) -> None:
    with Rsyslog(tmp_path / "rsyslog", "tls", made) as rsyslog:
        manager = Manager(product.addresses_of("https"))
        _saved(manager.fill(f"{PAGE}/syslog/new", _receiver_of_syslog(rsyslog.port, "tls")))
        answer = words(manager.fill(f"{PAGE}/targets/1/test", {}, page=PAGE))
        assert "The test was not taken" in answer and "UnknownIssuer" in answer, answer
        other = _receiver_of_syslog(rsyslog.port, "tls", host="127.0.0.2", roots=made.authority.read_text())
        refused = words(manager.fill(f"{PAGE}/syslog/1", {**other, "roots": "no certificate"}))
        assert "They are of no use" in refused or "Certificates in PEM" in refused, refused
        assert rsyslog.heard() == []


def test_a_webhook_is_signed_and_tells_in_order_what_happened_while_its_receiver_was_away(product: Product) -> None:
    port = free_port()
    manager = Manager(product.addresses_of("https"))
    page = manager.fill(f"{PAGE}/webhooks/new", _webhook(f"http://127.0.0.1:{port}/hooks?a=b"))
    _saved(page)
    assert "is not encrypted" in words(page)
    assert KEY not in page
    _add_user(product, "early-1")
    _add_user(product, "early-2")
    time.sleep(3)
    assert "Fails" in words(manager.get(PAGE))
    with Receiver(KEY, port) as receiver:
        receiver.wait_for(lambda message: message.get("data", {}).get("event", {}).get("subject") == "early-2")
        subjects = [m["data"]["event"]["subject"] for m in receiver.requests if m["type"] == "audit"]
        assert subjects[-2:] == ["early-1", "early-2"]
        assert receiver.requests[0]["path"] == "/hooks?a=b"
        answer = words(manager.fill(f"{PAGE}/targets/1/test", {}, page=PAGE))
        assert "The test was taken" in answer and "204" in answer, answer
        for number in range(3):
            Manager(product.addresses_of("https"), "mallory", f"wrong wrong wrong {number}")
        alarm = receiver.wait_for(lambda message: message["type"] == "alarm.raised")
        assert (alarm["data"]["kind"], alarm["data"]["subject"]) == ("account-locked", "mallory")
        product.reset_locks()
        over = receiver.wait_for(lambda message: message["type"] == "alarm.cleared")
        assert over["data"]["id"] == alarm["data"]["id"]
        assert receiver.forged == []


def test_a_receiver_that_is_slow_or_refuses_is_asked_again_with_the_same_id(product: Product) -> None:
    def answers(number: int) -> tuple[int, dict[str, str]]:
        return [(204, {}), (503, {}), (302, {"Location": "http://127.0.0.1:1/elsewhere"})][number] if number < 3 else (200, {})

    with Receiver(KEY, answers=answers, slow_seconds=lambda number: 12.0 if number == 0 else 0.0) as receiver:
        manager = Manager(product.addresses_of("https"))
        _saved(manager.fill(f"{PAGE}/webhooks/new", _webhook(f"http://127.0.0.1:{receiver.port}/")))
        before = time.monotonic()
        _add_user(product, "patience")
        product.run("status")
        assert time.monotonic() - before < 5, "nobody waits for a receiver"
        until = time.monotonic() + 60
        while len(receiver.requests) < 4 and time.monotonic() < until:
            time.sleep(0.2)
        assert len({message["id"] for message in receiver.requests[:4]}) == 1, receiver.requests
        _add_user(product, "next")
        receiver.wait_for(lambda message: message.get("data", {}).get("event", {}).get("subject") == "next")
        assert receiver.forged == []


def test_a_webhook_over_tls_holds_the_certificate_against_its_own(product: Product, made: Certificates) -> None:
    with Receiver(KEY, certificates=made) as receiver:
        manager = Manager(product.addresses_of("https"))
        url = f"https://localhost:{receiver.port}/"
        _saved(manager.fill(f"{PAGE}/webhooks/new", _webhook(url)))
        answer = words(manager.fill(f"{PAGE}/targets/1/test", {}, page=PAGE))
        assert "The test was not taken" in answer and "UnknownIssuer" in answer, answer
        _saved(manager.fill(f"{PAGE}/webhooks/1", _webhook(url, roots=made.authority.read_text())))
        answer = words(manager.fill(f"{PAGE}/targets/1/test", {}, page=PAGE))
        assert "The test was taken" in answer, answer
        assert receiver.forged == []
