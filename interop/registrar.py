"""A registrar under test: what a phone needs to know of it, whichever it is."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Registrar(Protocol):
    """Hookswitch (`product.py`) or the reference (`peers/kamailio.py`)."""

    domain: str
    """SIP domain and digest realm."""
    addresses: dict[str, tuple[str, int]]
    """Where it listens: `udp`, `tcp`, `tls`."""
    ca_file: Path
    """The certificate that phones are told to trust."""
    expires_min: int
    """The shortest registration it grants, in seconds."""
    offers_both: bool
    """It offers SHA-256 and MD5 to phones that can choose; else the one it was told."""
    statuses: dict[str, int]
    """Answers for which RFC 3261 leaves the status open, by the name that scenarios use for them."""

    def contacts(self, extension: str) -> list[str]:
        """The bindings of this extension now."""
        ...
