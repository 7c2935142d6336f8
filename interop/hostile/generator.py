"""Malformed requests in the manner of PROTOS c07-sip: every part of a good request, replaced by everything that has broken a parser.

The same seed gives the same cases. Each is one good request with one part spoilt, so that whatever comes before that part is read
as it would be in earnest.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

METHODS = ("REGISTER", "OPTIONS", "SUBSCRIBE", "INVITE")

ANOMALIES: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "tabs": b"\t" * 128,
    "128 letters": b"a" * 128,
    "1,025 letters": b"a" * 1025,
    "8,193 letters": b"a" * 8193,
    "60,000 letters": b"a" * 60_000,
    "a zero byte": b"\0",
    "zero bytes": b"a\0b" * 100,
    "bytes over 127": bytes(range(128, 256)),
    "half a UTF-8 sequence": b"\xc3",
    "overlong UTF-8": b"\xc0\xaf\xe0\x80\xaf",
    "control characters": bytes(range(1, 9)) + b"\x0b\x0c\x1b[31m\x7f",
    "a carriage return": b"a\rb",
    "a line feed": b"a\nb",
    "a header of its own": b"a\r\nX-Injected: yes\r\nTo: <sip:201@evil.test>",
    "the end of the headers": b"a\r\n\r\nINVITE sip:x SIP/2.0\r\n",
    "a folded line": b"a\r\n b\r\n\tc",
    "a thousand folds": b"a" + b"\r\n " * 1000,
    "a quotation mark": b'"',
    "an escape at the end of a quotation": b'"a\\',
    "a thousand quotation marks": b'"' * 1000,
    "an opening bracket": b"<",
    "a thousand brackets": b"<" * 500 + b">" * 500,
    "a thousand semicolons": b";" * 1000,
    "a thousand parameters": b";p=v" * 1000,
    "a thousand commas": b"," * 1000,
    "a thousand at signs": b"@" * 1000,
    "colons": b":" * 64,
    "nested comments": b"(" * 1000,
    "format strings": b"%s%n%x%d" * 32,
    "a percent sign": b"%",
    "an escape that is none": b"%zz%0",
    "an escaped zero": b"%00",
    "minus one": b"-1",
    "nought": b"0",
    "2 to the 31": b"2147483648",
    "2 to the 32": b"4294967296",
    "2 to the 64": b"18446744073709551616",
    "a thousand nines": b"9" * 1000,
    "a fraction": b"1e308.5",
    "hexadecimal": b"0x7fffffff",
    "a broken IPv6 address": b"[::::1]",
    "an IPv6 address that never ends": b"[2001:db8",
    "a path upwards": b"../" * 64,
    "a script": b"<script>alert(1)</script>",
    "SQL": b"' OR '1'='1' --",
    "a star": b"*",
}
"""What a part is replaced with."""

PARTS = (
    "method", "uri", "scheme", "host", "port", "version", "via_protocol", "via_host", "via_port", "branch", "via",
    "from_name", "from_uri", "from_tag", "to_uri", "call_id", "cseq_number", "cseq_method", "max_forwards", "contact",
    "contact_params", "expires", "agent", "path", "require", "username", "realm", "nonce", "digest_uri", "response",
    "algorithm", "qop", "nc", "cnonce", "authorization", "header_name", "length", "body",
)  # fmt: skip
"""What can be spoilt; each stands in the template once."""

_TEMPLATE = (
    "{method} {uri} {version}\r\n"
    "Via: {via}\r\n"
    "Max-Forwards: {max_forwards}\r\n"
    'From: "{from_name}" <{from_uri}>;tag={from_tag}\r\n'
    "To: <{to_uri}>\r\n"
    "Call-ID: {call_id}\r\n"
    "CSeq: {cseq_number} {cseq_method}\r\n"
    "Contact: <{contact}>{contact_params}\r\n"
    "Expires: {expires}\r\n"
    "User-Agent: {agent}\r\n"
    "Supported: path\r\n"
    "Path: {path}\r\n"
    "{require}"
    "Authorization: {authorization}\r\n"
    "{header_name}: value\r\n"
    "Content-Length: {length}\r\n"
    "\r\n"
    "{body}"
)


@dataclass(frozen=True)
class Case:
    """One request."""

    name: str
    bytes: bytes
    stranger: int
    """Which of the addresses it comes from: its nonce is good there alone."""
    pieces: tuple[bytes, ...]
    """The same as it may come over a stream."""


def _good(number: int, method: str, transport: str, extension: str, domain: str, nonce: str) -> dict[str, str]:
    uri = f"sip:{domain}"
    return {
        "method": method, "uri": uri, "scheme": "sip", "host": domain, "port": "5060", "version": "SIP/2.0",
        "via_protocol": f"SIP/2.0/{transport.upper()}", "via_host": "127.0.0.1", "via_port": "5060",
        "branch": f"z9hG4bK-{number}", "via": "", "from_name": "Eve", "from_uri": f"sip:{extension}@{domain}",
        "from_tag": f"t{number}", "to_uri": f"sip:{extension}@{domain}", "call_id": f"case-{number}@hostile",
        "cseq_number": "1", "cseq_method": method, "max_forwards": "70", "contact": f"sip:{extension}@127.0.0.1:5060",
        "contact_params": ";q=0.5", "expires": "600", "agent": "case", "path": "<sip:proxy.test;lr>", "require": "",
        "username": extension, "realm": domain, "nonce": nonce, "digest_uri": uri, "response": "0" * 64,
        "algorithm": "SHA-256", "qop": "auth", "nc": f"{number + 1:08x}", "cnonce": "0a4f113b", "authorization": "",
        "header_name": "X-Header", "length": "", "body": "",
    }  # fmt: skip


def _write(parts: dict[str, bytes]) -> bytes:
    """The request that these parts make; what is made of others is made here, unless it is spoilt itself."""

    def joined(name: str, *pieces: str | bytes) -> None:
        if not parts[name]:
            parts[name] = b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)

    spoilt = parts.pop("_spoilt", b"").decode()
    if spoilt in ("scheme", "host", "port"):
        parts["uri"] = parts["scheme"] + b":" + parts["host"] + b":" + parts["port"]
    if spoilt != "via":
        joined("via", parts["via_protocol"], " ", parts["via_host"], ":", parts["via_port"], ";rport;branch=", parts["branch"])
    if spoilt != "authorization":
        joined(
            "authorization",
            *('Digest username="', parts["username"], '", realm="', parts["realm"], '", nonce="', parts["nonce"]),
            *('", uri="', parts["digest_uri"], '", response="', parts["response"], '", algorithm=', parts["algorithm"]),
            *(", qop=", parts["qop"], ", nc=", parts["nc"], ', cnonce="', parts["cnonce"], '"'),
        )
    if spoilt == "require":
        parts["require"] = b"Require: " + parts["require"] + b"\r\n"
    if spoilt != "length":
        joined("length", str(len(parts["body"])))
    out = _TEMPLATE.encode()
    for name in PARTS:
        out = out.replace(b"{" + name.encode() + b"}", parts[name], 1)
    return out


def _cut(message: bytes, dice: random.Random) -> tuple[bytes, ...]:
    """In one piece, or in up to four: a stream has no edges."""
    places = sorted(dice.randrange(len(message) + 1) for _ in range(dice.randrange(4)))
    edges = [0, *places, len(message)]
    return tuple(message[start:end] for start, end in zip(edges, edges[1:]) if start < end)


def cases(seed: int, transport: str, domain: str, nonces: list[str]) -> Iterator[Case]:
    """Every part of every method with every anomaly, then as many with two parts spoilt that chance chooses; shuffled.

    From one address after the other, for another extension each: a lock would keep the answers from being looked at."""
    dice = random.Random(seed)
    wanted = [(method, ((part, anomaly),)) for method in METHODS for part in PARTS for anomaly in ANOMALIES]
    anomalies = list(ANOMALIES)
    wanted += [
        (dice.choice(METHODS), ((dice.choice(PARTS), dice.choice(anomalies)), (dice.choice(PARTS), dice.choice(anomalies))))
        for _ in range(500)
    ]
    dice.shuffle(wanted)
    for number, (method, spoils) in enumerate(wanted):
        stranger = number % len(nonces)
        extension = str(90_000 + number)
        good = _good(number, method, transport, extension, domain, nonces[stranger])
        parts = {name: value.encode() for name, value in good.items()}
        for part, anomaly in spoils:
            parts[part] = ANOMALIES[anomaly]
            parts["_spoilt"] = part.encode()
        name = f"{number} {method} " + " and ".join(f"{part}: {anomaly}" for part, anomaly in spoils)
        message = _write(parts)
        yield Case(name, message, stranger, _cut(message, dice))
