"""Hookswitch itself, started as an administrator would: the one place that knows its commands and files."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from phones.phone import end

READY_SECONDS_MAX = 20.0
ADMINISTRATOR_PASSWORD = "seven quiet herons 1"
BUSINESS_PARTNER_PASSWORD = "nine loud lanterns 2"

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
media_ports = [0, 0]
mailboxes = {mailboxes}

[metrics]
listen = ["127.0.0.1:0"]
"""

_ANSWERS = """\
system-name = "Interop"
administrator-password = "{administrator}"
business-partner-password = "{business_partner}"
realm = "{domain}"
hosts = ["{domain}"]
"""


class Product:
    """A Hookswitch process with the given extensions and phone passwords. Use as a context manager.

    It asks each phone as it always does: SHA-256 first and MD5 second, and phones that give up at that for MD5 alone.
    """

    expires_min = 60
    offers_both = True
    statuses = {"foreign-domain": 401, "older-request": 500}

    def __init__(
        self, binary: Path, folder: Path, passwords: dict[str, str], domain: str = "interop.test", mailboxes: bool = False
    ) -> None:
        """Without mailboxes, unless they are asked for: what phones say is the answer, as with any other registrar."""
        self.binary = binary
        self._mailboxes = mailboxes
        self.folder = folder
        self.domain = domain
        self.data = folder / "data"
        self.configuration = folder / "hookswitch.toml"
        self.log_file = folder / "hookswitch.log"
        self.addresses: dict[str, tuple[str, int]] = {}
        self.metrics: tuple[str, int] = ("", 0)
        self.https: tuple[str, int] = ("", 0)
        self._published: dict[str, list[str]] = {}
        self._passwords = passwords

    @property
    def ca_file(self) -> Path:
        """The certificate that it made for itself."""
        return self.data / "certificate.pem"

    def __enter__(self) -> Product:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.configuration.write_text(_CONFIGURATION.format(data=self.data, mailboxes=str(self._mailboxes).lower()))
        self._ignite()
        self._import_phones()
        self._process = subprocess.Popen(
            [str(self.binary), "--config", str(self.configuration), "serve"],
            stdin=subprocess.DEVNULL,
            stdout=self.log_file.open("ab"),
            stderr=subprocess.STDOUT,
        )
        self._wait_ready()
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process, seconds=10)

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def addresses_of(self, listener: str) -> tuple[str, int]:
        """Where it listens, by the listener's name."""
        host, _, port = self._published[listener][0].rpartition(":")
        return host, int(port)

    def contacts(self, extension: str) -> list[str]:
        return [phone["contact"] for phone in self.phones(extension)]

    def phones(self, extension: str) -> list[dict]:
        """The registered phones of an extension, as an operator sees them."""
        return self._list("extension", "phones", extension)

    def failures(self, extension: str) -> list[dict]:
        """The audit's rows of refused registrations of this extension, the newest first; repeats under a lock are one row."""
        rows = self._list("audit", "tail", "--lines", "500")
        events = [row["event"] for row in rows]
        return [event for event in events if event["outcome"] == "refused" and event["subject"] == extension]

    def locks(self) -> list[dict]:
        """The locks in force."""
        return self._list("lockout", "list")

    def reset_locks(self) -> None:
        """Ends every lock."""
        self.run("lockout", "reset", "--all")

    def run(self, *command: str) -> str:
        """One `hookswitch` command; its standard output."""
        done = subprocess.run(
            [str(self.binary), "--config", str(self.configuration), *command], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"hookswitch {' '.join(command)} ended with {done.returncode}:\n{done.stderr}"
        return done.stdout

    def _list(self, *command: str) -> list[dict]:
        return [json.loads(line) for line in self.run(*command, "--json").splitlines()]

    def _ignite(self) -> None:
        answers = self.folder / "answers.toml"
        answers.touch(mode=0o600)
        answers.write_text(
            _ANSWERS.format(
                administrator=ADMINISTRATOR_PASSWORD, business_partner=BUSINESS_PARTNER_PASSWORD, domain=self.domain
            )
        )
        self.run("ignite", "--file", str(answers))

    def _import_phones(self) -> None:
        table = self.folder / "users.csv"
        rows = [f"user{number},{number},{secret}" for number, secret in self._passwords.items()]
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
        self._published = json.loads(published.read_text())
        for name, addresses in self._published.items():
            host, _, port = addresses[0].rpartition(":")
            if name.startswith("sip-"):
                self.addresses[name.removeprefix("sip-")] = (host, int(port))
            elif name == "metrics":
                self.metrics = (host, int(port))
            elif name == "https":
                self.https = (host, int(port))
