"""Hookswitch itself, started as an administrator would: the one place that knows its commands and files."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from phones.phone import end

READY_SECONDS_MAX = 20.0
ADMINISTRATOR_PASSWORD = "interop Administrator 1"
BUSINESS_PARTNER_PASSWORD = "interop BusinessPartner 1"

_CONFIGURATION = """\
data_folder = "{data}"

[http]
listen = ["127.0.0.1:0"]

[https]
listen = ["127.0.0.1:0"]

[sip]
udp = ["127.0.0.1:0"]
tcp = ["127.0.0.1:0"]
tls = ["127.0.0.1:0"]

[metrics]
listen = ["127.0.0.1:0"]
"""

_ANSWERS = """\
administrator_password = "{administrator}"
business_partner_password = "{business_partner}"
"""


class Product:
    """A Hookswitch process with the given extensions and phone passwords. Use as a context manager."""

    expires_min = 10

    def __init__(
        self, binary: Path, folder: Path, passwords: dict[str, str], algorithm: str, domain: str = "interop.test"
    ) -> None:
        self.binary = binary
        self.folder = folder
        self.domain = domain
        self.data = folder / "data"
        self.configuration = folder / "hookswitch.toml"
        self.log_file = folder / "hookswitch.log"
        self.addresses: dict[str, tuple[str, int]] = {}
        self._passwords = passwords
        self._algorithm = algorithm

    @property
    def ca_file(self) -> Path:
        """The certificate that it made for itself."""
        return self.data / "certificate.pem"

    def __enter__(self) -> Product:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.configuration.write_text(_CONFIGURATION.format(data=self.data))
        self._ignite()
        self._import_phones()
        self._process = subprocess.Popen(
            [str(self.binary), "serve", "--config", str(self.configuration)],
            stdin=subprocess.DEVNULL,
            stdout=self.log_file.open("ab"),
            stderr=subprocess.STDOUT,
        )
        self._wait_ready()
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process, seconds=10)

    def contacts(self, extension: str) -> list[str]:
        """The bindings of this extension now."""
        return json.loads(self.run("binding", "list", "--extension", extension, "--json"))

    def run(self, *command: str) -> str:
        """One `hookswitch` command; its standard output."""
        done = subprocess.run(
            [str(self.binary), *command, "--config", str(self.configuration)], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"hookswitch {' '.join(command)} ended with {done.returncode}:\n{done.stderr}"
        return done.stdout

    def _ignite(self) -> None:
        answers = self.folder / "answers.toml"
        answers.write_text(
            _ANSWERS.format(administrator=ADMINISTRATOR_PASSWORD, business_partner=BUSINESS_PARTNER_PASSWORD)
        )
        self.run("ignite", "--file", str(answers))

    def _import_phones(self) -> None:
        table = self.folder / "users.csv"
        rows = [f"{number},{number},{secret}" for number, secret in self._passwords.items()]
        table.write_text("\n".join(["name,extension,phone_password", *rows]) + "\n")
        self.run("import", str(table))

    def _wait_ready(self) -> None:
        published = self.data / "addresses.json"
        until = time.monotonic() + READY_SECONDS_MAX
        while not published.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                end(self._process)
                raise AssertionError(f"Hookswitch does not start:\n{self.log_file.read_text()[-4000:]}")
            time.sleep(0.02)
        for name, address in json.loads(published.read_text()).items():
            host, _, port = address.rpartition(":")
            self.addresses[name.removeprefix("sip_")] = (host, int(port))
