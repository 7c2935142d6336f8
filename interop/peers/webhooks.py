"""A receiver of webhooks: Python's own HTTP server, and the library of Standard Webhooks to look at the signatures."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

from peers.certificates import Certificates

SECONDS_MAX = 30.0


class Receiver:
    """Takes what is posted, and holds it against the key. `answers` says what is answered to the n-th request (from 0)."""

    def __init__(
        self,
        key: str,
        port: int = 0,
        answers: Callable[[int], tuple[int, dict[str, str]]] = lambda _: (204, {}),
        slow_seconds: Callable[[int], float] = lambda _: 0.0,
        certificates: Certificates | None = None,
    ) -> None:
        self.requests: list[dict] = []
        self.forged: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                number = len(receiver.requests) + len(receiver.forged)
                try:
                    Webhook(key).verify(body, dict(self.headers.items()))
                except Exception as error:  # noqa: BLE001 (whatever it is, it is no signature)
                    receiver.forged.append(repr(error))
                else:
                    receiver.requests.append({"id": self.headers["webhook-id"], "path": self.path, **json.loads(body)})
                time.sleep(slow_seconds(number))
                status, headers = answers(number)
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass  # It did not wait.

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.certificate, certificates.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, wanted: Callable[[dict], bool]) -> dict:
        """The first message that is wanted, as soon as there is one."""
        until = time.monotonic() + SECONDS_MAX
        while time.monotonic() < until:
            for message in list(self.requests):
                if wanted(message):
                    return message
            time.sleep(0.05)
        raise AssertionError(f"it was not told: {self.requests}, forged: {self.forged}")
