"""Mail at a server that nobody here wrote: what a phone says into a mailbox arrives as a file, and what keeps mail from going
out is said in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import PASSWORDS
from manager import Manager, words
from peers import certificates
from peers.certificates import Certificates
from peers.mail import NOBODY, PASSWORD, USER, MailServer
from phones import Account, CallingBaresip
from ports import free_port
from product import Product
from test_mailboxes import CALLER, OWNER
from tones import heard_frequency, read_sound

pytestmark = pytest.mark.product

PAGE = "/manager/settings/mail"
ANN = "ann@example.com"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    binary = request.config.getoption("--binary")
    with Product(binary.resolve(), tmp_path / "registrar", PASSWORDS, mailboxes=True) as product:
        yield product


def _server(port: int, security: str, **more: str) -> dict[str, str]:
    return {"sender": "pbx@example.com", "server": "127.0.0.1", "port": str(port), "security": security, "roots": "", **more}


def _signed_in(port: int, made: Certificates, **more: str) -> dict[str, str]:
    roots = made.authority.read_text()
    return _server(port, "starttls", **{"user": USER, "password": PASSWORD, "roots": roots, **more})


def _tested(manager: Manager, to: str = ANN) -> str:
    return words(manager.fill(f"{PAGE}/test", {"to": to}, page=PAGE))


def _saved(page: str) -> None:
    assert "In force from now on." in page, words(page)


def test_a_message_that_a_phone_leaves_arrives_as_it_was_said(office: Product, tmp_path: Path, made: Certificates) -> None:
    manager = Manager(office.addresses_of("https"))
    with MailServer(made) as server:
        _saved(manager.fill(PAGE, _signed_in(server.port, made)))
        users = manager.get(f"/manager/users?q={OWNER}")
        user = re.search(r'href="(/manager/users/\d+)"', users)
        assert user, words(users)
        calls = f"{user.group(1)}/calls"
        fields = {"voicemail": "yes", "trusts_own": "yes", "trusted": "", "mail_to": ANN}
        assert "Saved" in words(manager.fill(f"{calls}/mailbox", fields, page=calls))
        account = Account(
            extension=CALLER,
            password=PASSWORDS[CALLER],
            domain=office.domain,
            registrar=office.addresses["udp"],
            transport="udp",
            expires=600,
            ca_file=None,
        )
        with CallingBaresip(tmp_path / "caller", account, 1000) as caller:
            caller.register()
            caller.wait_registered()
            caller.leave_message(OWNER)
            mail = server.wait()
        assert server.sign_ins == [True]
        assert server.envelopes == [("pbx@example.com", [ANN])]
        assert (mail["To"], mail["From"]) == (ANN, "Interop <pbx@example.com>")
        assert re.fullmatch(rf"Voice message from {CALLER} \(.+\), 0:\d\d", mail["Subject"]), mail["Subject"]
        assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"] and mail["Message-ID"].endswith("@example.com>")
        assert not mail.defects
        text, sound = mail.iter_parts()
        assert f"mailbox of {OWNER}" in text.get_content() and "*17" in text.get_content()
        assert (sound.get_content_type(), sound.get_content_disposition()) == ("audio/wav", "attachment")
        file = tmp_path / sound.get_filename()
        assert file.suffix == ".wav"
        file.write_bytes(sound.get_content())
        heard = read_sound(file)
        assert heard.rate == 8000 and heard.seconds > 2
        assert abs(heard_frequency(heard) - caller.tone) <= caller.tone * 0.02
    page = words(manager.get(PAGE))
    assert "Works" in page and "250 2.0.0 taken" in page and PASSWORD not in page, page


def test_what_keeps_a_mail_from_going_out_is_said_in_words(office: Product, made: Certificates) -> None:
    manager = Manager(office.addresses_of("https"))
    _saved(manager.fill(PAGE, _server(free_port(), "none")))
    assert "Connection refused" in _tested(manager)
    with MailServer() as plain:
        _saved(manager.fill(PAGE, _server(plain.port, "none")))
        told = _tested(manager)
        assert "The test was taken" in told and "250 2.0.0 taken" in told, told
        assert plain.wait()["Subject"] == "A test from Hookswitch"
        told = _tested(manager, NOBODY)
        assert "it refused the recipient: 550 5.1.1 there is no such person here" in told, told
        _saved(manager.fill(PAGE, _signed_in(plain.port, made)))
        told = _tested(manager)
        assert "it offers no STARTTLS, and nothing is sent in the clear" in told, told
    with MailServer(made) as server:
        _saved(manager.fill(PAGE, _server(server.port, "none")))
        assert "it refused the sender: 530" in _tested(manager)
        _saved(manager.fill(PAGE, _signed_in(server.port, made, roots="")))
        told = _tested(manager)
        assert "no TLS" in told and "UnknownIssuer" in told, told
        assert server.sign_ins == []
        _saved(manager.fill(PAGE, _signed_in(server.port, made, password="another one")))
        told = _tested(manager)
        assert "it refused user and password: 535" in told and "another one" not in told, told
        assert server.sign_ins == [False]
        again = words(manager.fill(PAGE, _signed_in(server.port, made, server="localhost", password="")))
        assert "Type it again" in again, again
        _saved(manager.fill(PAGE, _signed_in(server.port, made)))
        assert "The test was taken" in _tested(manager)
        assert server.mails[-1]["To"] == ANN
