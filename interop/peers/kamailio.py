"""Kamailio from Debian as the reference registrar."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from pathlib import Path

from ports import free_port

READY_SECONDS_MAX = 15.0


class Kamailio:
    """A Kamailio process that knows the given extensions and their passwords. Use as a context manager."""

    expires_min = 1
    offers_both = False
    statuses = {"foreign-domain": 404, "older-request": 400}

    def __init__(
        self,
        folder: Path,
        passwords: dict[str, str],
        domain: str = "interop.test",
        algorithm: str = "MD5",
        offer_both: bool = False,
    ) -> None:
        self.folder = folder
        self.domain = domain
        self._passwords = passwords
        self._algorithm = algorithm
        self._offer_both = offer_both
        self.addresses: dict[str, tuple[str, int]] = {}
        self.ca_file = folder / "certificate.pem"
        self.log_file = folder / "kamailio.log"

    def __enter__(self) -> Kamailio:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_certificate()
        self.addresses = {transport: ("127.0.0.1", free_port()) for transport in ("udp", "tcp", "tls")}
        configuration = self.folder / "kamailio.cfg"
        configuration.write_text(self._configuration())
        self._process = subprocess.Popen(
            ["kamailio", "-f", str(configuration), "-DD", "-E", "-Y", str(self.folder), "-P", str(self.folder / "pid")],
            stdin=subprocess.DEVNULL,
            stdout=self.log_file.open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait_ready()
        return self

    def __exit__(self, *_: object) -> None:
        # Its main process ends the children.
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait()

    def contacts(self, extension: str) -> list[str]:
        answer = self._ask("ul.lookup", "location", extension)
        if "error" in answer:
            return []
        return [contact["Contact"]["Address"] for contact in answer["result"]["Contacts"]]

    def _configuration(self) -> str:
        text = Path(__file__).with_name("registrar.cfg").read_text()
        fields = {
            "DEFINES": "#!define OFFER_BOTH" if self._offer_both else "",
            "UDP_PORT": str(self.addresses["udp"][1]),
            "TCP_PORT": str(self.addresses["tcp"][1]),
            "TLS_PORT": str(self.addresses["tls"][1]),
            "FOLDER": str(self.folder),
            "CERTIFICATE": str(self.ca_file),
            "KEY": str(self.folder / "key.pem"),
            "ALGORITHM": self._algorithm,
            "REALM": self.domain,
            "USERS": "\n    ".join(f'$sht(users=>{name}) = "{secret}";' for name, secret in self._passwords.items()),
        }
        for name, value in fields.items():
            text = text.replace(f"@{name}@", value)
        return text

    def _make_certificate(self) -> None:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
            + ["-subj", "/CN=127.0.0.1", "-addext", f"subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:{self.domain}"]
            + ["-keyout", str(self.folder / "key.pem"), "-out", str(self.ca_file)],
            check=True,
            capture_output=True,
        )

    def _wait_ready(self) -> None:
        until = time.monotonic() + READY_SECONDS_MAX
        while True:
            try:
                self._ask("core.version")
                with socket.create_connection(self.addresses["tls"], timeout=1):
                    return
            except OSError as problem:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise AssertionError(f"Kamailio does not start ({problem}):\n{self.log_file.read_text()[-3000:]}") from None
                time.sleep(0.05)

    def _ask(self, method: str, *params: str) -> dict:
        """One JSON-RPC call over its datagram socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ask:
            mine = self.folder / f"ask.{os.getpid()}.{time.monotonic_ns()}"
            ask.bind(str(mine))
            ask.settimeout(5)
            try:
                request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
                ask.sendto(json.dumps(request).encode(), str(self.folder / "rpc.socket"))
                return json.loads(ask.recv(65536))
            finally:
                mine.unlink()
