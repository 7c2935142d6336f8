"""baresip (own SIP stack, libre): MD5 only in Debian 12, over UDP, TCP and TLS.

It is driven through its `ctrl_tcp` module: JSON commands and events in netstrings. Its console module wants a terminal, so it is
not loaded. An account is added only on `register()` (`uanew`) and removed on `unregister()` (`uadel`): this version has no
command that unregisters and keeps the account.

A phone for calls plays a file instead of a microphone (`aufile`), and its `sndfile` filter writes down what it heard.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path

from ports import free_port

from .calls import CallingPhone, Turn
from .phone import Phone, end

_MODULES = "/usr/lib/baresip/modules"

_TURNS = {
    "CALL_INCOMING": "called",
    "CALL_RINGING": "ringing",
    "CALL_ESTABLISHED": "established",
    "CALL_CLOSED": "closed",
    "CALL_TRANSFER": "transferred",
}


class Baresip(Phone):
    """A baresip process without sound."""

    agent = "baresip"
    best = "MD5"

    def start(self) -> None:
        self._unread = b""
        port = free_port()
        config = [
            "poll_method epoll",
            "sip_listen 127.0.0.1:0",
            "audio_player aubridge,nil",
            "audio_alert aubridge,nil",
            f"module_path {_MODULES}",
            "module g711.so",
            "module aubridge.so",
            "module_app account.so",
            "module_app menu.so",
            "module_app ctrl_tcp.so",
            # Else its log is full of it.
            "statmode_default off",
            f"ctrl_tcp_listen 127.0.0.1:{port}",
            *self._sound(),
        ]
        if self.account.ca_file is not None:
            config.append(f"sip_cafile {self.account.ca_file}")
        (self.folder / "config").write_text("\n".join(config) + "\n")
        (self.folder / "accounts").write_text("")
        (self.folder / "contacts").write_text("")
        self._process = subprocess.Popen(
            # A loopback address alone, so that the contact is a loopback address; -s logs every SIP message.
            ["baresip", "-4", "-s", "-n", "127.0.0.1", "-f", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=self.log_file.open("ab"),
            stderr=subprocess.STDOUT,
        )
        self._control = self._connect(port)

    def register(self) -> None:
        a = self.account
        self._say(
            "uanew",
            f"<sip:{a.extension}@{a.domain};transport={a.transport}>;auth_user={a.extension};auth_pass={a.password}"
            f';outbound="sip:{a.server};transport={a.transport}";regint={a.expires}',
        )

    def unregister(self) -> None:
        self._say("uadel", f"sip:{self.account.extension}@{self.account.domain}")

    def stop(self) -> None:
        control = getattr(self, "_control", None)
        if control is not None:
            control.close()
        end(self._process)

    def _sound(self) -> list[str]:
        """What its configuration says of what it plays."""
        return ["audio_source aubridge,nil"]

    def _connect(self, port: int) -> socket.socket:
        until = time.monotonic() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=5)
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    end(self._process)
                    raise AssertionError(f"baresip does not start:\n{self.log[-2000:]}") from None
                time.sleep(0.05)

    def _say(self, command: str, params: str = "") -> None:
        text = json.dumps({"command": command, "params": params}).encode()
        self._control.sendall(b"%d:%s," % (len(text), text))

    def _said(self) -> list[dict]:
        """What it has told since it was asked last."""
        self._control.setblocking(False)
        try:
            while read := self._control.recv(65_536):
                self._unread += read
        except BlockingIOError:
            pass
        finally:
            self._control.settimeout(5)
        said = []
        while b":" in self._unread:
            length, _, rest = self._unread.partition(b":")
            if len(rest) <= int(length):
                break
            said.append(json.loads(rest[: int(length)]))
            self._unread = rest[int(length) + 1 :]
        return said


class CallingBaresip(CallingPhone, Baresip):
    """A baresip that makes calls."""

    def start(self) -> None:
        self._turns: list[Turn] = []
        super().start()

    def dial(self, number: str) -> None:
        self._say("dial", number)

    def accept(self) -> None:
        self._say("accept")

    def hang_up(self) -> None:
        self._say("hangup")

    def hold(self) -> None:
        self._say("hold")

    def resume(self) -> None:
        self._say("resume")

    def transfer(self, number: str) -> None:
        self._say("transfer", number if "@" in number else f"sip:{number}@{self.account.domain}")

    def press(self, key: str) -> None:
        self._say("sndcode", key)

    def turns(self) -> list[Turn]:
        for event in self._said():
            if event.get("event") and (what := _TURNS.get(event["type"])):
                self._turns.append(Turn(what, event.get("id", ""), event.get("param", "")))
        return self._turns

    def recordings(self) -> list[Path]:
        return sorted(self.folder.glob("dump-*-dec.wav"), key=lambda file: file.stat().st_mtime)

    def _sound(self) -> list[str]:
        return [
            f"audio_source aufile,{self.tone_file}",
            "module aufile.so",
            "module sndfile.so",
            f"snd_path {self.folder}",
            "audio_channels 1",
        ]
