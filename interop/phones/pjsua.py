"""PJSIP, the stack inside a great many desk phones and apps, by its own Python binding: MD5 and SHA-256.

The library is one global object per process, so each phone is a child process (`pjsua_child.py`) that reads one command
per line; the library's log of level 5 has the messages.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .phone import Phone, end


class Pjsua(Phone):
    """A PJSIP user agent without sound."""

    agent = "pjsip"

    def start(self) -> None:
        a = self.account
        settings = {
            "extension": a.extension,
            "password": a.password,
            "domain": a.domain,
            "server": a.server,
            "transport": a.transport,
            "expires": a.expires,
            "ca_file": str(a.ca_file) if a.ca_file else None,
        }
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("pjsua_child.py"))],
            stdin=subprocess.PIPE,
            stdout=self.log_file.open("ab"),
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._say(json.dumps(settings))

    def register(self) -> None:
        self._say("register")

    def unregister(self) -> None:
        self._say("unregister")

    def stop(self) -> None:
        end(self._process)

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
