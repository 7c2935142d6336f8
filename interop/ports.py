"""Free ports, for programs that cannot be told to take any and say which."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port of 127.0.0.1 that was free for TCP and UDP a moment ago."""
    while True:
        with socket.socket() as tcp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            with socket.socket(type=socket.SOCK_DGRAM) as udp:
                try:
                    udp.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port
