"""What RFC 3261 says of requests and answers that cross, come twice, late, or in no order: each is played message by message."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from actor import SDP, Actor, Dialog, Message, answer, final, request
from conftest import PASSWORDS
from registrar import Registrar

UNKNOWN = "299"
_extensions = iter(PASSWORDS)

NewActor = Callable[[], Actor]


@pytest.fixture
def new_actor(shared_registrar: Registrar) -> Iterator[NewActor]:
    """Phones that are registered, each with an extension that no other test of this file has."""
    history: list[str] = []
    with ExitStack() as stack:

        def start(extension: str | None = None) -> Actor:
            number = extension or next(_extensions)
            actor = stack.enter_context(Actor(shared_registrar, number, PASSWORDS[number], history))
            assert actor.register().status == 200
            return actor

        yield start


@pytest.fixture
def caller(new_actor: NewActor) -> Actor:
    return new_actor()


@pytest.fixture
def callee(new_actor: NewActor) -> Actor:
    return new_actor()


def ring(caller: Actor, callee: Actor) -> tuple[Dialog, Message]:
    """A call that rings: the caller's side, and the INVITE as it arrived."""
    dialog = caller.invite(callee.extension)
    invited = callee.receive(request("INVITE"))
    callee.respond(invited, 180, "Ringing")
    caller.receive(answer("INVITE", 180))
    return dialog, invited


def establish(caller: Actor, callee: Actor) -> tuple[Dialog, Dialog]:
    """A call that is answered: both sides of it."""
    dialog, invited = ring(caller, callee)
    callee.respond(invited, 200, "OK", body=SDP)
    caller.acknowledge(dialog, caller.receive(answer("INVITE", 200)))
    callee.receive(request("ACK"))
    return dialog, callee.answering(invited)


def end(who: Actor, dialog: Dialog, other: Actor) -> None:
    who.bye(dialog)
    other.respond(other.receive(request("BYE")), 200, "OK")
    who.receive(answer("BYE", 200))


def test_a_call_from_its_invite_to_its_end(caller: Actor, callee: Actor) -> None:
    dialog, invited = ring(caller, callee)
    assert invited.uri == callee.contact, "RFC 3261, 16.5: the Request-URI is the contact that was registered"
    assert invited.headers("Proxy-Authorization") == [], "no credentials go further than to whom they are for"
    assert invited.header("Max-Forwards") == "69"
    assert invited.headers("Record-Route") != []
    assert len(invited.headers("Via")) == 2
    assert invited.body == SDP
    callee.respond(invited, 200, "OK", body=SDP)
    answered = caller.receive(answer("INVITE", 200))
    assert answered.body == SDP
    assert len(answered.headers("Via")) == 1
    assert answered.headers("Record-Route") == invited.headers("Record-Route")
    caller.acknowledge(dialog, answered)
    assert callee.receive(request("ACK")).uri == callee.contact
    theirs = callee.answering(invited)
    end(callee, theirs, caller)
    for actor in (caller, callee):
        actor.nothing(lambda message: not answer("INVITE", 100)(message))


def test_whoever_was_called_ends_the_call_and_the_caller_another(caller: Actor, callee: Actor) -> None:
    ours, _ = establish(caller, callee)
    end(caller, ours, callee)
    _, theirs = establish(callee, caller)
    end(caller, theirs, callee)


def test_requests_within_a_call_are_passed_without_a_challenge(caller: Actor, callee: Actor) -> None:
    ours, theirs = establish(caller, callee)
    for method in ("INFO", "UPDATE", "MESSAGE", "OPTIONS", "NOTIFY", "REFER"):
        for who, dialog, other in [(caller, ours, callee), (callee, theirs, caller)]:
            dialog.cseq += 1
            who.send(who.compose(dialog, method))
            asked = other.receive(request(method))
            assert asked.headers("Route") == []
            other.respond(asked, 200, "OK")
            assert who.receive(final(method)).status == 200
    end(caller, ours, callee)


def test_a_cancel_ends_the_ringing(caller: Actor, callee: Actor) -> None:
    dialog, invited = ring(caller, callee)
    caller.cancel(dialog)
    assert caller.receive(final("CANCEL")).status == 200
    cancelled = callee.receive(request("CANCEL"))
    assert (cancelled.branch, cancelled.uri) == (invited.branch, invited.uri), "RFC 3261, 9.1"
    callee.respond(cancelled, 200, "OK")
    callee.respond(invited, 487, "Request Terminated")
    callee.receive(request("ACK"))
    ended = caller.receive(final("INVITE"))
    assert ended.status == 487
    caller.acknowledge_refusal(dialog, ended)
    caller.nothing(final("INVITE"))


def test_a_cancel_before_any_answer_waits_for_one(caller: Actor, callee: Actor) -> None:
    """RFC 3261, 9.1: it must not go on before a provisional answer has come."""
    dialog = caller.invite(callee.extension)
    invited = callee.receive(request("INVITE"))
    caller.cancel(dialog)
    assert caller.receive(final("CANCEL")).status == 200
    callee.nothing(request("CANCEL"), seconds=0.2)
    callee.respond(invited, 180, "Ringing")
    callee.respond(callee.receive(request("CANCEL")), 200, "OK")
    callee.respond(invited, 487, "Request Terminated")
    callee.receive(request("ACK"))
    assert caller.receive(final("INVITE")).status == 487


def test_a_cancel_that_comes_after_the_answer_changes_nothing(caller: Actor, callee: Actor) -> None:
    dialog, invited = ring(caller, callee)
    callee.respond(invited, 200, "OK", body=SDP)
    answered = caller.receive(answer("INVITE", 200))
    # As if it had not arrived yet.
    caller.cancel(dialog)
    assert caller.receive(final("CANCEL")).status in (200, 481)
    callee.nothing(request("CANCEL"))
    caller.acknowledge(dialog, answered)
    callee.receive(request("ACK"))
    end(caller, dialog, callee)
    caller.nothing(lambda message: answer("INVITE")(message) and message.status >= 300)


def test_an_answer_that_crosses_a_cancel_is_passed_on(caller: Actor, callee: Actor) -> None:
    dialog, invited = ring(caller, callee)
    caller.cancel(dialog)
    cancelled = callee.receive(request("CANCEL"))
    # As if it had answered before it read the CANCEL.
    callee.respond(invited, 200, "OK", body=SDP)
    callee.respond(cancelled, 200, "OK")
    assert caller.receive(final("CANCEL")).status == 200
    answered = caller.receive(final("INVITE"))
    assert answered.status == 200
    caller.acknowledge(dialog, answered)
    callee.receive(request("ACK"))
    end(caller, dialog, callee)


def test_a_cancel_of_nothing_is_answered_with_481(caller: Actor, callee: Actor) -> None:
    dialog = caller.dialog(callee.extension)
    caller.compose(dialog, "INVITE", body=SDP)
    caller.cancel(dialog)
    assert caller.receive(final("CANCEL")).status == 481
    callee.nothing(lambda message: not message.is_answer)


def test_a_cancel_with_another_branch_ends_nothing(caller: Actor, callee: Actor, new_actor: NewActor) -> None:
    """It is of another transaction, whoever sends it and whatever else it says."""
    dialog, invited = ring(caller, callee)
    stranger = new_actor()
    other = Dialog(dialog.call_id, dialog.local, dialog.remote, dialog.target, cseq=dialog.cseq)
    stranger.compose(other, "INVITE")
    stranger.cancel(other)
    assert stranger.receive(final("CANCEL")).status == 481
    callee.nothing(request("CANCEL"))
    callee.respond(invited, 486, "Busy Here")
    assert caller.receive(final("INVITE")).status == 486


def test_invites_that_cross_within_a_call_are_both_refused_with_491(caller: Actor, callee: Actor) -> None:
    ours, theirs = establish(caller, callee)
    both = [(caller, ours), (callee, theirs)]
    for who, dialog in both:
        dialog.cseq += 1
        who.send(who.compose(dialog, "INVITE", body=SDP))
    for who, _ in both:
        who.respond(who.receive(request("INVITE")), 491, "Request Pending")
    for who, dialog in both:
        refused = who.receive(final("INVITE"))
        assert refused.status == 491
        who.acknowledge_refusal(dialog, refused)
    for who, _ in both:
        who.receive(request("ACK"))
    # One asks again, and is answered.
    ours.cseq += 1
    caller.send(caller.compose(ours, "INVITE", body=SDP))
    callee.respond(callee.receive(request("INVITE")), 200, "OK", body=SDP)
    answered = caller.receive(answer("INVITE", 200))
    # The routes stay as they were (12.2.1.2).
    caller.send(caller.compose(ours, "ACK", cseq=answered.cseq))
    callee.receive(request("ACK"))
    end(callee, theirs, caller)


def test_an_invite_that_comes_again_is_one_invite(caller: Actor, callee: Actor) -> None:
    dialog = caller.invite(callee.extension)
    for _ in range(5):
        caller.send(dialog.sent)
    invited = callee.receive(request("INVITE"))
    callee.respond(invited, 180, "Ringing")
    again = callee.receive_all(request("INVITE"), 1.5)
    assert {message.branch for message in again} <= {invited.branch}
    assert again == [], "it is answered, and not sent again"
    callee.respond(invited, 486, "Busy Here")
    callee.receive(request("ACK"))
    refused = caller.receive(final("INVITE"))
    # It is not acknowledged yet, so it comes again (timer G), and so it does when it is asked for.
    caller.send(dialog.sent)
    more = [refused, *caller.receive_all(final("INVITE"), 1.2)]
    assert len(more) >= 2
    assert len({message.text for message in more}) == 1, "one final answer"
    caller.acknowledge_refusal(dialog, refused)
    caller.receive_all(final("INVITE"), 0.1)
    caller.nothing(final("INVITE"), 2.5)
    callee.nothing(request("INVITE"), 0.1)


def test_an_invite_that_is_not_answered_is_sent_again(caller: Actor, callee: Actor) -> None:
    """Timer A: after half a second, and then after one."""
    caller.invite(callee.extension)
    caller.receive(answer("INVITE", 100))
    invites = callee.receive_all(request("INVITE"), 1.8)
    assert len(invites) == 3
    assert len({message.text for message in invites}) == 1
    callee.respond(invites[0], 486, "Busy Here")
    assert caller.receive(final("INVITE")).status == 486


def test_a_refusal_that_comes_again_is_acknowledged_again(caller: Actor, callee: Actor) -> None:
    dialog, invited = ring(caller, callee)
    said = callee.respond(invited, 486, "Busy Here")
    acknowledged = callee.receive(request("ACK"))
    caller.acknowledge_refusal(dialog, caller.receive(final("INVITE")))
    callee.send(said)
    assert callee.receive(request("ACK")).branch == acknowledged.branch == invited.branch
    caller.nothing(final("INVITE"))


def test_an_answer_that_comes_again_is_passed_and_acknowledged_again(caller: Actor, callee: Actor) -> None:
    dialog, invited = ring(caller, callee)
    said = callee.respond(invited, 200, "OK", body=SDP)
    answered = caller.receive(answer("INVITE", 200))
    for _ in range(2):
        callee.send(said)
        assert caller.receive(answer("INVITE", 200)).text == answered.text
    caller.acknowledge(dialog, answered)
    callee.receive(request("ACK"))
    # The ACK was lost.
    callee.send(said)
    caller.receive(answer("INVITE", 200))
    caller.send(dialog.sent)
    callee.receive(request("ACK"))
    end(caller, dialog, callee)


def test_a_late_ack_arrives(caller: Actor, callee: Actor) -> None:
    dialog, invited = ring(caller, callee)
    callee.respond(invited, 200, "OK", body=SDP)
    answered = caller.receive(answer("INVITE", 200))
    time.sleep(6)
    caller.acknowledge(dialog, answered)
    callee.receive(request("ACK"))
    end(caller, dialog, callee)


def test_a_bye_before_the_ack_arrives(caller: Actor, callee: Actor) -> None:
    dialog, invited = ring(caller, callee)
    callee.respond(invited, 200, "OK", body=SDP)
    answered = caller.receive(answer("INVITE", 200))
    dialog.established(answered)
    end(caller, dialog, callee)
    caller.send(caller.compose(dialog, "ACK", cseq=answered.cseq))
    callee.receive(request("ACK"))


def test_a_bye_that_comes_again_is_one_bye(caller: Actor, callee: Actor) -> None:
    dialog, _ = establish(caller, callee)
    caller.bye(dialog)
    caller.send(dialog.sent)
    parted = callee.receive(request("BYE"))
    callee.respond(parted, 200, "OK")
    caller.receive(answer("BYE", 200))
    caller.send(dialog.sent)
    caller.receive(answer("BYE", 200))
    assert {message.branch for message in callee.receive_all(request("BYE"), 1.0)} <= {parted.branch}
    callee.nothing(request("BYE"), 0.6)


def test_a_request_that_is_answered_with_481_is_told_so(caller: Actor, callee: Actor) -> None:
    """The phone has forgotten the call; the proxy knows nothing of that."""
    dialog, _ = establish(caller, callee)
    caller.bye(dialog)
    callee.respond(callee.receive(request("BYE")), 481, "Call/Transaction Does Not Exist")
    assert caller.receive(final("BYE")).status == 481


def test_of_two_phones_the_one_that_is_not_answered_is_cancelled(caller: Actor, new_actor: NewActor) -> None:
    desk = new_actor()
    laptop = new_actor(desk.extension)
    dialog = caller.invite(desk.extension)
    at_desk, at_laptop = desk.receive(request("INVITE")), laptop.receive(request("INVITE"))
    assert at_desk.branch != at_laptop.branch
    desk.respond(at_desk, 180, "Ringing")
    laptop.respond(at_laptop, 180, "Ringing")
    desk.respond(at_desk, 200, "OK", body=SDP)
    answered = caller.receive(final("INVITE"))
    laptop.respond(laptop.receive(request("CANCEL")), 200, "OK")
    laptop.respond(at_laptop, 487, "Request Terminated")
    laptop.receive(request("ACK"))
    caller.acknowledge(dialog, answered)
    desk.receive(request("ACK"))
    caller.nothing(final("INVITE"))
    end(caller, dialog, desk)


def test_two_phones_answer_at_once_and_both_are_heard_of(caller: Actor, new_actor: NewActor) -> None:
    """RFC 3261, 16.7: every 2xx is passed on. The caller ends what it does not want."""
    desk = new_actor()
    laptop = new_actor(desk.extension)
    dialog = caller.invite(desk.extension)
    phones = [(phone, phone.receive(request("INVITE"))) for phone in (desk, laptop)]
    for phone, invited in phones:
        phone.respond(invited, 180, "Ringing")
    for phone, invited in phones:
        phone.respond(invited, 200, "OK", body=SDP)
    both = [caller.receive(answer("INVITE", 200)) for _ in phones]
    # Without what a proxy may have added to it.
    answers = {message.target.partition(";")[0]: message for message in both}
    assert set(answers) == {desk.contact, laptop.contact}
    for phone, _ in phones:
        one = Dialog(dialog.call_id, dialog.local, dialog.remote, dialog.target, cseq=dialog.cseq)
        caller.acknowledge(one, answers[phone.contact])
        phone.receive(request("ACK"))
        end(caller, one, phone)


@pytest.mark.parametrize(
    ("statuses", "told"), [((486, 603), 603), ((480, 486), None), ((404, 404), 404), ((503, 503), 500), ((401, 486), None)]
)
def test_of_two_refusals_the_better_is_told(
    caller: Actor, new_actor: NewActor, statuses: tuple[int, int], told: int | None
) -> None:
    """RFC 3261, 16.7, step 6: a 6xx wins; else one of the lowest class; a 503 becomes a 500 or is told as it is."""
    desk = new_actor()
    laptop = new_actor(desk.extension)
    dialog = caller.invite(desk.extension)
    phones = [(phone, phone.receive(request("INVITE"))) for phone in (desk, laptop)]
    for phone, invited in phones:
        phone.respond(invited, 180, "Ringing")
    for (phone, invited), status in zip(phones, statuses, strict=True):
        phone.respond(invited, status, "No")
        phone.receive(request("ACK"))
    refused = caller.receive(final("INVITE"))
    caller.acknowledge_refusal(dialog, refused)
    allowed = {told} if told else set(statuses)
    # Step 6 says "should" here.
    allowed |= {503} if told == 500 else set()
    assert refused.status in allowed


def test_a_decline_ends_the_ringing_of_the_other_phone(caller: Actor, new_actor: NewActor) -> None:
    """RFC 3261, 16.7, step 5: a 6xx is forwarded when the others have been cancelled."""
    desk = new_actor()
    laptop = new_actor(desk.extension)
    dialog = caller.invite(desk.extension)
    at_desk, at_laptop = desk.receive(request("INVITE")), laptop.receive(request("INVITE"))
    for phone, invited in [(desk, at_desk), (laptop, at_laptop)]:
        phone.respond(invited, 180, "Ringing")
    desk.respond(at_desk, 603, "Decline")
    laptop.respond(laptop.receive(request("CANCEL")), 200, "OK")
    laptop.respond(at_laptop, 487, "Request Terminated")
    laptop.receive(request("ACK"))
    refused = caller.receive(final("INVITE"))
    assert refused.status == 603
    caller.acknowledge_refusal(dialog, refused)


def test_a_request_that_may_go_no_further_is_refused_with_483(caller: Actor, callee: Actor) -> None:
    """RFC 3261, 16.3, step 3: before anything is asked for."""
    for method in ("INVITE", "MESSAGE"):
        dialog = caller.dialog(callee.extension)
        caller.send(caller.compose(dialog, method, max_forwards=0))
        refused = caller.receive(final(method))
        assert refused.status == 483, method
        if method == "INVITE":
            caller.acknowledge_refusal(dialog, refused)
    callee.nothing(lambda message: not message.is_answer)


def test_a_request_within_a_call_that_may_go_no_further_is_refused_with_483(caller: Actor, callee: Actor) -> None:
    """The ACK of the refused INVITE may go on, taken for that of a 2xx: it has the same tags, and no phone waits for it."""
    ours, _ = establish(caller, callee)
    for method in ("INFO", "INVITE", "BYE"):
        ours.cseq += 1
        caller.send(caller.compose(ours, method, max_forwards=0))
        refused = caller.receive(final(method))
        assert refused.status == 483, method
        if method == "INVITE":
            caller.acknowledge_refusal(ours, refused)
    callee.nothing(lambda message: not message.is_answer and message.method != "ACK")


def test_a_request_that_demands_the_unknown_is_refused_with_420(caller: Actor, callee: Actor) -> None:
    dialog = caller.dialog(callee.extension)
    caller.send(caller.compose(dialog, "INVITE", "Proxy-Require: telepathy", body=SDP))
    refused = caller.receive(final("INVITE"))
    caller.acknowledge_refusal(dialog, refused)
    assert refused.status == 420
    assert refused.header("Unsupported") == "telepathy"
    callee.nothing(lambda message: not message.is_answer)


def test_who_is_unknown_is_not_found_and_who_is_away_is_unavailable(caller: Actor) -> None:
    for number, status in [(UNKNOWN, 404), (next(_extensions), 480)]:
        assert caller.ask(caller.dialog(number), "INVITE", body=SDP).status == status


@pytest.mark.product
def test_a_phone_that_names_the_system_as_its_address_makes_no_loop(caller: Actor, callee: Actor) -> None:
    """Refused at once, or the call is refused (482 or 483), or it is found where it registered from; never more than a few."""
    host, port = callee.server
    if callee.register(f"sip:{callee.extension}@{host}:{port}").status != 200:
        return
    dialog = caller.dialog(callee.extension)
    caller.start(dialog, "INVITE", body=SDP)
    invites = callee.receive_all(request("INVITE"), 0.3)
    assert len({message.branch for message in invites}) <= 2
    if invites:
        for branch in {message.branch for message in invites}:
            callee.respond(next(message for message in invites if message.branch == branch), 486, "Busy Here")
        assert caller.receive(final("INVITE"), 10).status in (482, 483, 486)
    else:
        assert caller.receive(final("INVITE"), 10).status in (482, 483)
