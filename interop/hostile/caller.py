"""A caller of the product: registers as a phone does, asks whether anybody is there, and reads what the system says of itself."""

from __future__ import annotations

import hashlib
import re
import socket
import time
import urllib.request
from itertools import count
from pathlib import Path

from product import Product

HANG_SECONDS = 1.0
"""Longer than this without an answer is a hang."""

_numbers = count(1)


def _quoted(name: str, text: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', text)
    assert found, f"no {name} in {text}"
    return found.group(1)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Caller:
    """One extension over UDP, from one address of the loopback network."""

    asked = 0
    """Requests of all callers."""

    def __init__(self, product: Product, extension: str, secret: str, address: str = "127.0.0.1") -> None:
        self.product = product
        self.extension = extension
        self.secret = secret
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._socket.connect(product.addresses["udp"])
        self._socket.settimeout(10 * HANG_SECONDS)
        self.slowest = 0.0

    def close(self) -> None:
        self._socket.close()

    def request(self, method: str, authorization: str = "") -> str:
        """Says it and hears the answer; keeps how long that took at most."""
        number = next(_numbers)
        Caller.asked += 1
        domain, (host, port) = self.product.domain, self._socket.getsockname()
        extra = f"Authorization: {authorization}\r\n" if authorization else ""
        call = f"good-{number}@caller"
        message = (
            f"{method} sip:{domain} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK-good-{number}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{self.extension}@{domain}>;tag=g{number}\r\nTo: <sip:{self.extension}@{domain}>\r\n"
            f"Call-ID: {call}\r\nCSeq: {number} {method}\r\nContact: <sip:{self.extension}@{host}:{port}>\r\nExpires: 600\r\n"
            f"User-Agent: a good phone, whose name is long enough\r\n{extra}Content-Length: 0\r\n\r\n"
        )
        began = time.monotonic()
        self._socket.send(message.encode())
        while True:
            answer = self._socket.recv(65_536).decode(errors="replace")
            if call in answer:
                self.slowest = max(self.slowest, time.monotonic() - began)
                return answer

    def throw(self, message: bytes) -> None:
        """Sends whatever it is, and listens to no answer."""
        self._socket.send(message)

    def nonce(self) -> str:
        """Out of a new challenge."""
        return _quoted("nonce", self.request("REGISTER"))

    def register(self) -> int:
        """The status of a whole registration."""
        challenge = self.request("REGISTER")
        nonce, realm = _quoted("nonce", challenge), _quoted("realm", challenge)
        uri, nc, cnonce = f"sip:{self.product.domain}", "00000001", "0a4f113b"
        ha1, ha2 = sha256(f"{self.extension}:{realm}:{self.secret}"), sha256(f"REGISTER:{uri}")
        response = sha256(f"{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}")
        answer = self.request(
            "REGISTER",
            f'Digest username="{self.extension}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", '
            f'algorithm=SHA-256, qop=auth, nc={nc}, cnonce="{cnonce}"',
        )
        return int(answer.split(" ", 2)[1])


def memory_bytes(product: Product) -> int:
    """Memory that the product's process has in use."""
    status = Path(f"/proc/{product.process_id}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024


def figure(product: Product, name: str) -> int:
    """One of the product's figures, as its metrics tell it."""
    host, port = product.metrics
    with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = re.search(rf"^hookswitch_{re.escape(name)} (\d+)$", text, re.MULTILINE)
    assert found, f"no {name} among the metrics"
    return int(found.group(1))
