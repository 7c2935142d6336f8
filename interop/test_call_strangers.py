"""Who is not signed in reaches no phone, and who is signed in reaches none as somebody else.

A registered phone writes down whatever arrives: nothing may.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from actor import SDP, Actor, Dialog, Message, answer, final, request
from conftest import PASSWORDS
from registrar import Registrar

METHODS = ("INVITE", "MESSAGE", "SUBSCRIBE", "REFER", "PUBLISH", "UPDATE", "INFO", "NOTIFY", "PRACK", "OPTIONS", "BYE", "FOOBAR")
SIGNED_IN = ("INVITE", "MESSAGE", "SUBSCRIBE", "REFER", "PUBLISH", "INFO", "NOTIFY")
QUIET_SECONDS = 0.3
"""For as long it is waited whether anything arrives. The system itself answers OPTIONS, whoever is meant."""
_EXTRA = {
    "REFER": ["Refer-To: <sip:202@interop.test>"],
    "SUBSCRIBE": ["Event: presence", "Expires: 600"],
    "PUBLISH": ["Event: presence", "Expires: 600"],
    "NOTIFY": ["Event: presence", "Subscription-State: active"],
    "PRACK": ["RAck: 1 1 INVITE"],
}
_extensions = iter(PASSWORDS)

pytestmark = pytest.mark.product

NewActor = Callable[..., Actor]


@pytest.fixture
def new_actor(shared_registrar: Registrar) -> Iterator[NewActor]:
    """Phones, each with an extension that no other test of this file has; registered unless it is said otherwise."""
    history: list[str] = []
    with ExitStack() as stack:

        def start(*, registered: bool = True) -> Actor:
            number = next(_extensions)
            actor = stack.enter_context(Actor(shared_registrar, number, PASSWORDS[number], history))
            if registered:
                assert actor.register().status == 200
            return actor

        yield start


@pytest.fixture
def victim(new_actor: NewActor) -> Actor:
    return new_actor()


@pytest.fixture
def stranger(new_actor: NewActor) -> Actor:
    """Has sent nothing yet."""
    return new_actor(registered=False)


def any_request(message: Message) -> bool:
    return not message.is_answer


def refused(stranger: Actor, dialog: Dialog, method: str, *extra: str) -> int:
    """The status that this request gets without credentials."""
    stranger.send(stranger.compose(dialog, method, *_EXTRA.get(method, []), *extra, body=SDP if method == "INVITE" else ""))
    answered = stranger.receive(final(method))
    if method == "INVITE":
        stranger.acknowledge_refusal(dialog, answered)
    return answered.status


@pytest.mark.parametrize("method", METHODS)
def test_without_credentials_nothing_reaches_a_phone(victim: Actor, stranger: Actor, method: str) -> None:
    # Its number, and its address itself, as if the system were an open relay.
    for target in (victim.extension, victim.contact):
        status = refused(stranger, stranger.dialog(target), method)
        assert status >= 400 or method == "OPTIONS", "nothing is accepted on behalf of a phone"
        if method == "INVITE":
            assert status == 407
    victim.nothing(any_request, QUIET_SECONDS)


@pytest.mark.parametrize("method", METHODS)
def test_who_only_pretends_to_be_in_a_call_reaches_no_phone(victim: Actor, stranger: Actor, method: str) -> None:
    """A tag in To, and the route that requests within a call have: neither is a proof of anything."""
    host, port = stranger.server
    for target in (victim.address_of_record, victim.contact):
        for routes in ([], [f"<sip:{host}:{port};lr>"], [f"<sip:{host}:{port};lr>", f"<{victim.contact};lr>"]):
            dialog = stranger.dialog(victim.extension)
            dialog.remote += ";tag=guessed"
            dialog.target = target
            dialog.routes = routes
            assert refused(stranger, dialog, method) >= 400 or method == "OPTIONS", (target, routes)
    victim.nothing(any_request, QUIET_SECONDS)


@pytest.mark.parametrize("method", ["INVITE", "BYE", "MESSAGE", "INFO", "REFER"])
def test_the_route_of_a_call_leads_nowhere_else(victim: Actor, new_actor: NewActor, stranger: Actor, method: str) -> None:
    """Who has been in a call with somebody has seen its route; with it, a stranger reaches neither the same phone nor another."""
    caller, callee = new_actor(), new_actor()
    dialog = caller.invite(callee.extension)
    invited = callee.receive(request("INVITE"))
    callee.respond(invited, 200, "OK", body=SDP)
    answered = caller.receive(answer("INVITE", 200))
    caller.acknowledge(dialog, answered)
    callee.receive(request("ACK"))
    stolen = stranger.dialog(victim.extension)
    stolen.remote += ";tag=guessed"
    stolen.routes = dialog.routes
    stolen.target = victim.contact
    assert refused(stranger, stolen, method) >= 400
    victim.nothing(any_request, QUIET_SECONDS)


def test_an_ack_of_nothing_reaches_no_phone(victim: Actor, stranger: Actor) -> None:
    host, port = stranger.server
    for target in (victim.address_of_record, victim.contact):
        for routes in ([], [f"<sip:{host}:{port};lr>"]):
            dialog = stranger.dialog(victim.extension)
            dialog.remote += ";tag=guessed"
            dialog.target = target
            dialog.routes = routes
            stranger.send(stranger.compose(dialog, "ACK"))
    victim.nothing(any_request, QUIET_SECONDS)
    # No answer is given to an ACK.
    stranger.nothing(lambda message: message.is_answer, QUIET_SECONDS)


@pytest.mark.parametrize("method", ["INVITE", "MESSAGE", "SUBSCRIBE", "REFER", "PUBLISH"])
def test_with_a_wrong_password_nothing_reaches_a_phone(victim: Actor, new_actor: NewActor, method: str) -> None:
    caller = new_actor()
    dialog = caller.dialog(victim.extension)
    caller.send(caller.compose(dialog, method, *_EXTRA.get(method, [])))
    first = caller.receive(final(method))
    if method == "INVITE":
        caller.acknowledge_refusal(dialog, first)
    if first.status != 407:
        assert first.status >= 400, "not a method that it passes on"
        return
    dialog.cseq += 1
    authorization = caller.authorization(first, method, dialog.target, "wrong-201-Xq7")
    caller.send(caller.compose(dialog, method, *_EXTRA.get(method, []), authorization))
    answered = caller.receive(final(method))
    assert answered.status in (403, 407), answered.text
    victim.nothing(any_request, QUIET_SECONDS)


def _asked_with(caller: Actor, dialog: Dialog, change: Callable[[str], str], method: str = "INVITE") -> Message:
    """The final answer to an INVITE whose credentials were changed."""
    caller.send(caller.compose(dialog, method, body=SDP))
    challenged = caller.receive(answer(method, 407))
    caller.acknowledge_refusal(dialog, challenged)
    dialog.cseq += 1
    authorization = change(caller.authorization(challenged, method, dialog.target))
    caller.send(caller.compose(dialog, method, authorization, body=SDP))
    answered = caller.receive(final(method))
    caller.acknowledge_refusal(dialog, answered)
    return answered


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda said: re.sub(r'response="[^"]*"', 'response=""', said), id="no response"),
        pytest.param(lambda said: re.sub(r"(response=\"[0-9a-f]{8})[0-9a-f]*", r"\1", said), id="half a response"),
        pytest.param(lambda said: re.sub(r'nonce="[^"]*"', 'nonce="bm9uY2U"', said, count=1), id="a nonce of its own"),
        pytest.param(lambda said: re.sub(r'uri="[^"]*"', 'uri="sip:elsewhere.test"', said), id="for another address"),
        pytest.param(lambda said: re.sub(r'username="[^"]*"', 'username=""', said), id="of nobody"),
        pytest.param(lambda said: re.sub(r'realm="[^"]*"', 'realm="elsewhere.test"', said), id="for another realm"),
        pytest.param(lambda said: said.replace("Proxy-Authorization", "Authorization"), id="in the wrong header"),
        pytest.param(lambda said: "Proxy-Authorization: Basic MjAxOnJpZ2h0", id="of another scheme"),
    ],
)
def test_with_spoilt_credentials_nothing_reaches_a_phone(
    victim: Actor, new_actor: NewActor, change: Callable[[str], str]
) -> None:
    caller = new_actor()
    assert 400 <= _asked_with(caller, caller.dialog(victim.extension), change).status < 500
    victim.nothing(any_request, QUIET_SECONDS)


def test_who_is_signed_in_is_nobody_else(victim: Actor, new_actor: NewActor) -> None:
    """The From of another extension and of nobody's extension, with one's own right password."""
    caller, other = new_actor(), new_actor()
    for pretended in (other.address_of_record, f"sip:299@{caller.domain}"):
        for method in ("INVITE", "MESSAGE", "SUBSCRIBE"):
            dialog = caller.dialog(victim.extension)
            dialog.local = dialog.local.replace(caller.address_of_record, pretended)
            caller.send(caller.compose(dialog, method, *_EXTRA.get(method, [])))
            answered = caller.receive(final(method))
            if method == "INVITE":
                caller.acknowledge_refusal(dialog, answered)
            if answered.status == 407:
                dialog.cseq += 1
                authorization = caller.authorization(answered, method, dialog.target)
                caller.send(caller.compose(dialog, method, *_EXTRA.get(method, []), authorization))
                answered = caller.receive(final(method))
                if method == "INVITE":
                    caller.acknowledge_refusal(dialog, answered)
            assert 400 <= answered.status < 500, (pretended, answered.text)
    victim.nothing(any_request, QUIET_SECONDS)


def test_no_asserted_identity_comes_from_a_phone(victim: Actor, new_actor: NewActor) -> None:
    """RFC 3325, 9: such a header is taken out, because a phone is nobody who may assert anything."""
    caller = new_actor()
    dialog = caller.dialog(victim.extension)
    caller.start(dialog, "INVITE", "P-Asserted-Identity: <sip:299@interop.test>", body=SDP)
    invited = victim.receive(request("INVITE"))
    assert not any("299" in asserted for asserted in invited.headers("P-Asserted-Identity")), invited.text
    victim.respond(invited, 486, "Busy Here")
    assert caller.receive(final("INVITE")).status == 486


def test_credentials_that_were_seen_are_of_no_use(victim: Actor, new_actor: NewActor, stranger: Actor) -> None:
    caller = new_actor()
    dialog = caller.invite(victim.extension)
    invited = victim.receive(request("INVITE"))
    victim.respond(invited, 486, "Busy Here")
    victim.receive(request("ACK"))
    caller.acknowledge_refusal(dialog, caller.receive(final("INVITE")))
    [seen] = Message(dialog.sent).headers("Proxy-Authorization")
    again = stranger.dialog(victim.extension)
    again.local = again.local.replace(stranger.extension, caller.extension)
    assert refused(stranger, again, "INVITE", f"Proxy-Authorization: {seen}") >= 400
    victim.nothing(any_request, QUIET_SECONDS)


def test_the_system_is_no_relay_to_elsewhere(new_actor: NewActor, stranger: Actor) -> None:
    """Not even for who is signed in: neither by the address, nor by a route."""
    caller = new_actor()
    elsewhere = f"sip:anybody@{stranger.host}:{stranger.port}"
    for method in ("INVITE", "MESSAGE"):
        dialog = caller.dialog(elsewhere)
        caller.send(caller.compose(dialog, method))
        answered = caller.receive(final(method))
        if answered.status == 407:
            caller.acknowledge_refusal(dialog, answered)
            dialog.cseq += 1
            caller.send(caller.compose(dialog, method, caller.authorization(answered, method, dialog.target)))
            answered = caller.receive(final(method))
        assert 400 <= answered.status < 500
    dialog = caller.dialog("299")
    dialog.routes = [f"<sip:{caller.server[0]}:{caller.server[1]};lr>", f"<{elsewhere};lr>"]
    caller.start(dialog, "INVITE", body=SDP)
    assert 400 <= caller.receive(final("INVITE")).status < 500
    stranger.nothing(lambda _: True, QUIET_SECONDS)


def test_an_answer_that_nobody_waits_for_goes_nowhere(victim: Actor, stranger: Actor) -> None:
    """Else anybody could send anything to any address from here."""
    host, port = stranger.server
    for branch in ("z9hG4bK-made-up", victim.received[-1].branch):
        stranger.send(
            f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP {host}:{port};branch={branch}\r\n"
            f"Via: SIP/2.0/UDP {victim.host}:{victim.port};branch=z9hG4bK-victim\r\n"
            f"From: <{stranger.address_of_record}>;tag=a\r\nTo: <{victim.address_of_record}>;tag=b\r\n"
            f"Call-ID: made-up@actor\r\nCSeq: 1 INVITE\r\nContact: <{stranger.contact}>\r\nContent-Length: 0\r\n\r\n"
        )
    victim.nothing(lambda _: True, QUIET_SECONDS)


def test_who_has_left_is_not_called(victim: Actor, new_actor: NewActor) -> None:
    caller = new_actor()
    assert victim.register(expires=0).status == 200
    assert caller.ask(caller.dialog(victim.extension), "INVITE", body=SDP).status == 480
    victim.nothing(any_request, QUIET_SECONDS)


def test_whoever_is_signed_in_reaches_the_phone(victim: Actor, new_actor: NewActor) -> None:
    """What does not arrive in the other tests does not arrive because of who sends it."""
    caller = new_actor()
    dialog = caller.invite(victim.extension)
    victim.respond(victim.receive(request("INVITE")), 486, "Busy Here")
    assert caller.receive(final("INVITE")).status == 486
    assert dialog.cseq == 2
