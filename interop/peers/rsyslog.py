"""rsyslog from Debian as a receiver of syslog: what it understood of each message goes into a file, one JSON a line."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path

from peers.certificates import Certificates
from phones.phone import end
from ports import free_port

SECONDS_MAX = 20.0

_CONFIGURATION = """\
global(workDirectory="{folder}" maxMessageSize="8k"{tls})
module(load="mmpstrucdata")
{input}
template(name="understood" type="list" option.jsonf="on") {{
  property(outname="priority" name="pri" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="id" name="msgid" format="jsonf")
  property(outname="raw" name="structured-data" format="jsonf")
  property(outname="data" name="$!rfc5424-sd" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
}}
ruleset(name="heard") {{
  action(type="mmpstrucdata" sd_name.lowercase="off")
  action(type="omfile" file="{heard}" template="understood" flushOnTXEnd="on" asyncWriting="off")
}}
"""

_TLS = """\
 defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="{authority}"
 defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}\""""

_INPUTS = {
    "udp": 'module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="{port}" ruleset="heard")',
    "tcp": 'module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="{port}" ruleset="heard")',
    "tls": 'module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")\n'
    'input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="heard")',
}


class Rsyslog:
    """One receiver; it may be stopped and started again at the same port."""

    def __init__(self, folder: Path, transport: str, certificates: Certificates) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._transport = transport
        self._folder = folder
        self._heard = folder / "heard.jsonl"
        tls = ""
        if transport == "tls":
            tls = _TLS.format(authority=certificates.authority, certificate=certificates.certificate, key=certificates.key)
        self._configuration = folder / "rsyslog.conf"
        self._configuration.write_text(
            _CONFIGURATION.format(
                folder=folder, heard=self._heard, tls=tls.replace("\n", ""), input=_INPUTS[transport].format(port=self.port)
            )
        )
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> Rsyslog:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Over TCP and TLS it listens when this returns; over UDP nobody says when it does."""
        log = (self._folder / "rsyslog.log").open("ab")
        self._process = subprocess.Popen(
            ["rsyslogd", "-n", "-f", str(self._configuration), "-i", str(self._folder / "pid")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        until = time.monotonic() + SECONDS_MAX
        while self._transport != "udp" and time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)

    def stop(self) -> None:
        if self._process:
            end(self._process)
            self._process = None

    def heard(self) -> list[dict]:
        """The messages it understood, in order."""
        if not self._heard.exists():
            return []
        messages = [json.loads(line) for line in self._heard.read_text().splitlines()]
        return [{**message, "data": json.loads(message["data"])} for message in messages]

    def wait_for(self, text: str) -> dict:
        """The first message with this in it, as soon as there is one."""
        until = time.monotonic() + SECONDS_MAX
        while time.monotonic() < until:
            for message in self.heard():
                if text in message["text"]:
                    return message
            time.sleep(0.1)
        log = (self._folder / "rsyslog.log").read_text()
        raise AssertionError(f"{text!r} was not heard of: {self.heard()}\n{log}")
