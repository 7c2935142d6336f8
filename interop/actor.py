"""A phone over UDP of which the test writes every message: for what no real phone does on purpose, such as two requests that cross.

It registers and answers challenges like any phone; nothing else happens by itself. It retransmits nothing, and acknowledges what
it is told to.
"""

from __future__ import annotations

import hashlib
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Self

from registrar import Registrar

ANSWER_SECONDS_MAX = 5.0
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
)
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type"}
_numbers = count(1)


@dataclass(frozen=True)
class Message:
    """A SIP message as it arrived."""

    text: str

    @property
    def first(self) -> str:
        return self.text.partition("\r\n")[0]

    @property
    def is_answer(self) -> bool:
        return self.first.startswith("SIP/2.0 ")

    @property
    def status(self) -> int:
        """0 for a request."""
        return int(self.first.split(" ")[1]) if self.is_answer else 0

    @property
    def method(self) -> str:
        """Of a request, or of the request that is answered."""
        return self.header("CSeq").split()[1] if self.is_answer else self.first.split(" ")[0]

    @property
    def uri(self) -> str:
        return self.first.split(" ")[1]

    @property
    def cseq(self) -> int:
        return int(self.header("CSeq").split()[0])

    @property
    def body(self) -> str:
        return self.text.partition("\r\n\r\n")[2]

    @property
    def branch(self) -> str:
        """Of the topmost Via."""
        return re.search(r"branch=([^;,\s]+)", self.header("Via"))[1]

    def headers(self, name: str) -> list[str]:
        """The values of all headers of this name; those of route headers one by one."""
        values = []
        for line in re.sub(r"\r\n[ \t]+", " ", self.text.partition("\r\n\r\n")[0]).split("\r\n")[1:]:
            said, _, value = line.partition(":")
            said = said.strip().lower()
            if _COMPACT.get(said, said) == name.lower():
                routes = name.lower() in ("route", "record-route")
                values += [one.strip() for one in value.split(",")] if routes else [value.strip()]
        return values

    def header(self, name: str) -> str:
        """The first of this name."""
        values = self.headers(name)
        assert values, f"no {name} in\n{self.text}"
        return values[0]

    def tag(self, name: str) -> str:
        found = re.search(r";tag=([^;\s]+)", self.header(name))
        return found[1] if found else ""

    @property
    def target(self) -> str:
        """The address in Contact."""
        contact = self.header("Contact")
        found = re.search(r"<([^>]+)>", contact)
        return found[1] if found else contact.partition(";")[0]


Wanted = Callable[[Message], bool]


def request(method: str) -> Wanted:
    return lambda message: not message.is_answer and message.method == method


def answer(method: str, *statuses: int) -> Wanted:
    """Any answer to this method, or those with one of these statuses."""
    return lambda message: message.is_answer and message.method == method and (not statuses or message.status in statuses)


def final(method: str) -> Wanted:
    return lambda message: message.is_answer and message.method == method and message.status >= 200


@dataclass
class Dialog:
    """One side of a call, as its requests need it."""

    call_id: str
    local: str
    """The From of its requests, tag included."""
    remote: str
    """The To of its requests; with a tag as soon as there is one."""
    target: str
    routes: list[str] = field(default_factory=list)
    cseq: int = 1
    sent: str = ""
    """The request that it sent last, whole."""
    branch: str = ""
    """Of that request."""

    def established(self, answered: Message) -> None:
        """Takes the far end's tag, contact and the route set from a 2xx."""
        self.remote = answered.header("To")
        self.target = answered.target
        self.routes = list(reversed(answered.headers("Record-Route")))


class Actor:
    """One extension at one UDP port of the loopback network. Use as a context manager."""

    def __init__(self, registrar: Registrar, extension: str, password: str, history: list[str] | None = None) -> None:
        self.extension = extension
        self.password = password
        self.domain = registrar.domain
        self.server = registrar.addresses["udp"]
        self.received: list[Message] = []
        """All that arrived, taken or not."""
        self.history = [] if history is None else history
        """All that was sent or arrived, for who looks at a failure; several phones may share it."""
        self._inbox: list[Message] = []
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.host, self.port = self._socket.getsockname()
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def contact(self) -> str:
        return f"sip:{self.extension}@{self.host}:{self.port}"

    @property
    def address_of_record(self) -> str:
        return f"sip:{self.extension}@{self.domain}"

    # Sending and receiving.

    def send(self, text: str) -> None:
        self.history.append(f"{self.extension} at {self.port} >>>\n{text}")
        self._socket.sendto(text.encode(), self.server)

    def receive(self, wanted: Wanted, seconds: float = ANSWER_SECONDS_MAX) -> Message:
        """The first message of this kind that was not taken yet; waits for it."""
        until = time.monotonic() + seconds
        while True:
            for message in self._inbox:
                if wanted(message):
                    self._inbox.remove(message)
                    return message
            left = until - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{self.extension} did not get what it waits for:\n" + "\n".join(self.history))
            self._read(left)

    def receive_all(self, wanted: Wanted, seconds: float) -> list[Message]:
        """All of this kind that were not taken yet or arrive in this time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._read(left)
        taken = [message for message in self._inbox if wanted(message)]
        self._inbox = [message for message in self._inbox if not wanted(message)]
        return taken

    def nothing(self, wanted: Wanted, seconds: float = 0.5) -> None:
        """Nothing of this kind arrives in this time, and none is left."""
        arrived = self.receive_all(wanted, seconds)
        assert arrived == [], "\n".join(self.history)

    def _read(self, seconds: float) -> None:
        self._socket.settimeout(max(0.001, seconds))
        try:
            text = self._socket.recv(65_536).decode(errors="replace")
        except TimeoutError:
            return
        if not text.strip():
            return
        self.history.append(f"{self.extension} at {self.port} <<<\n{text}")
        message = Message(text)
        self.received.append(message)
        self._inbox.append(message)

    # Requests.

    def dialog(self, number: str) -> Dialog:
        """A new call, or any other request outside one, to a number of the same domain."""
        mark = f"{self.port}-{next(_numbers)}"
        to = f"sip:{number}@{self.domain}" if "@" not in number else number
        return Dialog(f"call-{mark}@actor", f"<{self.address_of_record}>;tag=from-{mark}", f"<{to}>", to)

    def compose(
        self,
        dialog: Dialog,
        method: str,
        *extra: str,
        body: str = "",
        branch: str | None = None,
        cseq: int | None = None,
        max_forwards: int = 70,
    ) -> str:
        """A request of this call; `extra` are whole header lines."""
        dialog.branch = branch or f"z9hG4bK-actor-{self.port}-{next(_numbers)}"
        lines = [
            f"{method} {dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.host}:{self.port};branch={dialog.branch};rport",
            f"Max-Forwards: {max_forwards}",
            *(f"Route: {route}" for route in dialog.routes),
            f"From: {dialog.local}",
            f"To: {dialog.remote}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {dialog.cseq if cseq is None else cseq} {method}",
            *([] if method in ("ACK", "BYE", "CANCEL") else [f"Contact: <{self.contact}>"]),
            *extra,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        dialog.sent = "\r\n".join(lines) + "\r\n\r\n" + body
        return dialog.sent

    def authorization(self, challenged: Message, method: str, uri: str, password: str | None = None) -> str:
        """The header line that answers the first challenge that it knows."""
        name = "WWW" if challenged.status == 401 else "Proxy"
        for challenge in challenged.headers(f"{name}-Authenticate"):
            said = {key.lower(): value.strip('"') for key, value in re.findall(r'(\w+)=("[^"]*"|[^\s,]+)', challenge)}
            algorithm = said.get("algorithm", "MD5").upper()
            if algorithm in _HASHES:
                break
        else:
            raise AssertionError(f"no challenge that it knows in\n{challenged.text}")

        def digest(text: str) -> str:
            return _HASHES[algorithm](text.encode()).hexdigest()

        self._count += 1
        nc, cnonce = "00000001", f"c{self.port}{self._count}"
        first = digest(f"{self.extension}:{said['realm']}:{self.password if password is None else password}")
        response = digest(f"{first}:{said['nonce']}:{nc}:{cnonce}:auth:{digest(f'{method}:{uri}')}")
        header = "Authorization" if challenged.status == 401 else "Proxy-Authorization"
        return (
            f'{header}: Digest username="{self.extension}", realm="{said["realm"]}", nonce="{said["nonce"]}", uri="{uri}", '
            f'response="{response}", algorithm={algorithm}, qop=auth, nc={nc}, cnonce="{cnonce}"'
        )

    def ask(self, dialog: Dialog, method: str, *extra: str, body: str = "", password: str | None = None) -> Message:
        """Sends a request outside a call, answers the challenge; its final answer, acknowledged if it is a refused INVITE."""
        self.start(dialog, method, *extra, body=body, password=password)
        answered = self.receive(final(method))
        if method == "INVITE" and answered.status >= 300:
            self.acknowledge_refusal(dialog, answered)
        return answered

    def start(self, dialog: Dialog, method: str, *extra: str, body: str = "", password: str | None = None) -> None:
        """Sends a request outside a call, and again with credentials when it is challenged; waits for no answer to that."""
        self.send(self.compose(dialog, method, *extra, body=body))
        challenged = self.receive(answer(method, 401, 407))
        if method == "INVITE":
            self.acknowledge_refusal(dialog, challenged)
        dialog.cseq += 1
        self.send(
            self.compose(dialog, method, *extra, self.authorization(challenged, method, dialog.target, password), body=body)
        )

    def register(self, contact: str | None = None, expires: int = 600) -> Message:
        """Registers this port, or another contact; the final answer."""
        dialog = self.dialog(self.extension)
        dialog.target = f"sip:{self.domain}"
        lines = [f"Contact: <{contact}>"] if contact else []
        # A Contact of its own comes from `compose`.
        text = self.compose(dialog, "REGISTER", *lines, f"Expires: {expires}")
        self.send(self._other_contact(text, contact))
        challenged = self.receive(answer("REGISTER", 401))
        dialog.cseq += 1
        authorization = self.authorization(challenged, "REGISTER", dialog.target)
        text = self.compose(dialog, "REGISTER", *lines, f"Expires: {expires}", authorization)
        self.send(self._other_contact(text, contact))
        return self.receive(final("REGISTER"))

    def _other_contact(self, text: str, contact: str | None) -> str:
        return text.replace(f"Contact: <{self.contact}>\r\n", "") if contact else text

    def invite(self, number: str) -> Dialog:
        """Calls a number; the challenge is behind it, and nothing else has been taken."""
        dialog = self.dialog(number)
        self.start(dialog, "INVITE", body=SDP)
        return dialog

    def acknowledge(self, dialog: Dialog, answered: Message) -> None:
        """ACK of a 2xx: a transaction of its own, end to end."""
        dialog.established(answered)
        self.send(self.compose(dialog, "ACK", cseq=answered.cseq))

    def acknowledge_refusal(self, dialog: Dialog, answered: Message) -> None:
        """ACK of a refused INVITE: of the same transaction, hop by hop."""
        refused = Message(dialog.sent)
        routes = [f"Route: {route}" for route in refused.headers("Route")]
        self.send(
            f"ACK {refused.uri} SIP/2.0\r\nVia: {refused.header('Via')}\r\nMax-Forwards: 70\r\n"
            + "".join(f"{route}\r\n" for route in routes)
            + f"From: {refused.header('From')}\r\nTo: {answered.header('To')}\r\nCall-ID: {dialog.call_id}\r\n"
            f"CSeq: {answered.cseq} ACK\r\nContent-Length: 0\r\n\r\n"
        )

    def cancel(self, dialog: Dialog) -> None:
        """CANCEL of the INVITE that was sent last."""
        cancelled = Message(dialog.sent)
        assert cancelled.method == "INVITE"
        self.send(
            f"CANCEL {cancelled.uri} SIP/2.0\r\nVia: {cancelled.header('Via')}\r\nMax-Forwards: 70\r\n"
            f"From: {cancelled.header('From')}\r\nTo: {cancelled.header('To')}\r\nCall-ID: {dialog.call_id}\r\n"
            f"CSeq: {cancelled.cseq} CANCEL\r\nContent-Length: 0\r\n\r\n"
        )

    def bye(self, dialog: Dialog) -> None:
        dialog.cseq += 1
        self.send(self.compose(dialog, "BYE"))

    # Answers.

    def respond(self, asked: Message, status: int, reason: str = "Whatever", *extra: str, body: str = "") -> str:
        """Answers a request; the whole answer, so that it can be sent again."""
        to = asked.header("To")
        if status > 100 and ";tag=" not in to:
            to += f";tag=to-{self.port}"
        record = [f"Record-Route: {route}" for route in asked.headers("Record-Route")]
        contact = [f"Contact: <{self.contact}>"] if asked.method in ("INVITE", "SUBSCRIBE", "UPDATE") and status < 300 else []
        lines = [
            f"SIP/2.0 {status} {reason}",
            *(f"Via: {via}" for via in asked.headers("Via")),
            *record,
            f"From: {asked.header('From')}",
            f"To: {to}",
            f"Call-ID: {asked.header('Call-ID')}",
            f"CSeq: {asked.header('CSeq')}",
            *contact,
            *extra,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        text = "\r\n".join(lines) + "\r\n\r\n" + body
        self.send(text)
        return text

    def answering(self, invited: Message) -> Dialog:
        """The side of the call that this phone has as the one that was called."""
        to = invited.header("To")
        return Dialog(
            call_id=invited.header("Call-ID"),
            local=to if ";tag=" in to else f"{to};tag=to-{self.port}",
            remote=invited.header("From"),
            target=invited.target,
            routes=invited.headers("Record-Route"),
            cseq=100,
        )
